"""What the desk counts. Labels are names of ours, never what came from outside (S29)."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "hotline_http_request_seconds",
    "Requests by route and status",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SOCKETS = Gauge("hotline_desk_sockets", "Open desks by role", ["role"])
SOCKETS_DROPPED = Counter("hotline_desk_sockets_dropped", "Desks hung up on, by reason", ["reason"])
POPS = Counter("hotline_desk_pops", "Pops by whether a desk took them", ["shown"])
SIGN_INS = Counter("hotline_sign_ins", "Attempts to sign in by outcome", ["outcome"])
