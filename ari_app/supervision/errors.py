"""Refusals of supervision."""

from foundation.problems import NotFound


class NoSuchAgent(NotFound):
    """No active agent with this id."""

    slug = "no-such-agent"
    title = "There is no such agent"
