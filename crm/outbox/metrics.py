"""What the outbox counts. Labels are names of ours, never what came from outside (S29)."""

from prometheus_client import Counter, Gauge

DELIVERED = Counter("hotline_outbox_attempts", "Attempts to tell an entry, by outcome", ["outcome"])
WAITING = Gauge("hotline_outbox_waiting", "Entries that are still to be told")
DEAD = Gauge("hotline_outbox_dead", "Entries that were given up and nobody has dealt with")
OLDEST = Gauge("hotline_outbox_oldest_seconds", "How long the oldest entry that is still to be told has waited")
