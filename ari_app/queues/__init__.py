"""Queues, agents' presence and the atomic match; all state is in Redis."""
