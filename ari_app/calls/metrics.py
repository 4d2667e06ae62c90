"""What monitoring is told of calls that outlived a process or a connection."""

from prometheus_client import Counter

RECONCILED = Counter(
    "hotline_reconciled_total",
    "What was found and set right after a connection to Asterisk",
    ["what"],
)
