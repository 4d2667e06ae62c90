"""What can be refused about staff."""

from foundation.problems import Conflict, Invalid


class NumberTaken(Conflict):
    """Somebody else has this staff number."""

    slug = "staff-number-taken"
    title = "This staff number is taken"


class UnknownQueue(Invalid):
    """A queue that does not exist."""

    slug = "unknown-queue"
