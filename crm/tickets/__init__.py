"""Tickets: one matter each, from first contact to archive."""
