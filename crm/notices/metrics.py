"""Metrics of notices. Labels are our own names, never input (S29)."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter("hotline_notice_attempts", "Attempts to send, by channel and outcome", ["channel", "outcome"])
SECONDS = Histogram(
    "hotline_notice_attempt_seconds",
    "How long an attempt took, by channel",
    ["channel"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
UNSETTLED = Gauge("hotline_notices", "Messages that wait or were given up, by channel", ["channel", "state"])
