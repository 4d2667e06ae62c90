"""Errors of calls."""

from foundation.problems import Invalid


class NumberRefused(Invalid):
    """A number that is not to be dialled (S15, S21)."""

    slug = "number-refused"
    title = "This number cannot be called"


class NumberClassClosed(NumberRefused):
    """A number of a cost class that is closed."""

    status = 403
    slug = "number-class-closed"
    title = "Numbers of this kind are not called from here"


class LeftApplication(Exception):
    """The fallback serves the caller: the service was away too long."""
