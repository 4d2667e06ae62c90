"""Refusals about the audit log."""

from foundation.problems import NotFound


class EntryNotFound(NotFound):
    """No such entry."""
