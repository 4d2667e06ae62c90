"""Alerts of queues: thresholds that supervisors set, and what broke them."""
