"""Refusals about staff accounts."""

from foundation.problems import Conflict, Invalid, NotFound


class StaffNotFound(NotFound):
    """There is no such account."""


class NumberTaken(Conflict):
    """Another account has this staff number."""

    slug = "staff-number-taken"
    title = "This staff number is taken"


class OwnAccount(Conflict):
    """Own account: another administrator has to close it or change its role."""

    slug = "own-account"
    title = "Another administrator has to do this"


class WrongPassword(Invalid):
    """The present password is wrong, or the new one is the same."""

    slug = "wrong-password"


class NoPhone(Conflict):
    """An account without a phone: only active agents have one."""

    slug = "no-phone"
    title = "This account has no phone"


class UnknownQueue(Invalid):
    """A queue that does not exist."""

    slug = "unknown-queue"


class UnknownDepartment(Invalid):
    """A department that does not exist, or is missing for its role."""

    slug = "unknown-department"
