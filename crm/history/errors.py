"""What can be refused about history."""

from foundation.problems import NotFound


class CallNotFound(NotFound):
    """There is no record of such a call."""
