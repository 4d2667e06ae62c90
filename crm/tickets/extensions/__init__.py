"""More time, asked for before the deadline and decided by a supervisor."""
