"""Calls back that wait in the caller's place in a queue."""
