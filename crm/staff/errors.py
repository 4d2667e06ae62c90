"""What can be refused about staff."""

from foundation.problems import Conflict, Invalid, NotFound


class StaffNotFound(NotFound):
    """There is no such account."""


class NumberTaken(Conflict):
    """Somebody else has this staff number."""

    slug = "staff-number-taken"
    title = "This staff number is taken"


class OwnAccount(Conflict):
    """Nobody closes their own account or gives away their own role: the last administrator could."""

    slug = "own-account"
    title = "Another administrator has to do this"


class UnknownQueue(Invalid):
    """A queue that does not exist."""

    slug = "unknown-queue"


class UnknownDepartment(Invalid):
    """A department that does not exist, or none for somebody who acts for one."""

    slug = "unknown-department"
