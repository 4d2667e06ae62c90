"""What can be refused about the outbox."""

from foundation.problems import NotFound


class NoDeadLetter(NotFound):
    """Nothing was given up under this number."""
