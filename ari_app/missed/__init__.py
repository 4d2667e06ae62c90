"""Callers who did not reach an agent, to be called back."""
