"""Supervision: what supervisors do about calls, waiting callers and agents."""
