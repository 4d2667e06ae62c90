"""Metrics of desks; labels are never values of a request (S29)."""

from prometheus_client import Counter, Gauge

SOCKETS = Gauge("hotline_desk_sockets", "Open desks by role", ["role"])
SOCKETS_DROPPED = Counter("hotline_desk_sockets_dropped", "Desks that were disconnected, by reason", ["reason"])
POPS = Counter("hotline_desk_pops", "Screen pops by whether a desk took them", ["shown"])
