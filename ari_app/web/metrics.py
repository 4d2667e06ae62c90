"""Metrics of the HTTP server; labels hold no values (S29)."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "hotline_http_request_seconds",
    "Requests by route and status",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
CONNECTIONS = Gauge("hotline_http_connections", "Open connections to the HTTP server")
CONNECTIONS_CLOSED = Counter("hotline_http_connections_closed", "Connections that the limits closed", ["reason"])
SIGN_INS = Counter("hotline_sign_ins", "Attempts to sign in by outcome", ["outcome"])
