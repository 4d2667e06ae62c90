"""Refusals of the outbox."""

from foundation.problems import NotFound


class NoDeadLetter(NotFound):
    """No entry with this sequence was given up."""
