"""Fallback: service of callers by Asterisk alone (F5, F6)."""
