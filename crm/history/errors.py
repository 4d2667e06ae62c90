"""Refusals about history."""

from foundation.problems import NotFound


class CallNotFound(NotFound):
    """No record of such a call."""
