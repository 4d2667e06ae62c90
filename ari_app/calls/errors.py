"""What can be refused about calls."""

from foundation.problems import Invalid


class NumberRefused(Invalid):
    """A number that is not to be dialled (S15, S21)."""

    slug = "number-refused"
    title = "This number cannot be called"


class LeftApplication(Exception):
    """The dialplan has the caller now: the service was away for too long, and the fallback serves him."""
