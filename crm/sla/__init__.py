"""Service levels: deadlines of tickets, warnings, breaches, escalation (H18)."""
