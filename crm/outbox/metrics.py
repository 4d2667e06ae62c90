"""Metrics of the outbox. Labels are our own names, never input (S29)."""

from prometheus_client import Counter, Gauge

DELIVERED = Counter("hotline_outbox_attempts", "Attempts to tell an entry, by outcome", ["outcome"])
WAITING = Gauge("hotline_outbox_waiting", "Entries that wait for delivery")
DEAD = Gauge("hotline_outbox_dead", "Dead letters: entries that were given up")
OLDEST = Gauge("hotline_outbox_oldest_seconds", "Age of the oldest entry that waits for delivery")
