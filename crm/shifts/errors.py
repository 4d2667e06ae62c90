"""Refusals about shifts."""

from foundation.problems import Invalid


class ShiftsInvalid(Invalid):
    """A shift names no agent, or overlaps another of the same agent."""
