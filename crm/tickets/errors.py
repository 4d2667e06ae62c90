"""What can be refused about tickets."""

from foundation.problems import Conflict, Invalid, NotFound


class TicketNotFound(NotFound):
    """There is no such ticket."""


class NotYours(NotFound):
    """It lies with another department: to this one it does not exist (S7)."""


class NotAllowedNow(Conflict):
    """The ticket's state does not allow the action."""

    slug = "ticket-state"
    title = "The ticket's state does not allow this"


class ChangedMeanwhile(Conflict):
    """Somebody else changed the ticket first."""

    slug = "ticket-changed"
    title = "Somebody else changed this ticket first"


class UnknownReference(Invalid):
    """A customer, category, department or person that does not exist."""

    slug = "unknown-reference"
