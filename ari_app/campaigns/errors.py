"""Refusals of campaigns."""

from foundation.problems import Conflict, NotFound


class WrongState(Conflict):
    """The contact's state does not allow the step."""

    slug = "contact-state"


class HeldByAnother(Conflict):
    """Another agent calls this customer."""

    slug = "contact-held"


class NoSuchContact(NotFound):
    """Unknown contact."""
