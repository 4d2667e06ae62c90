"""Refusals about tickets and their parts."""

from foundation.problems import Conflict, Invalid, NotFound


class TicketNotFound(NotFound):
    """No such ticket."""


class NotYours(NotFound):
    """The ticket is with another department, and hidden from this one (S7)."""


class NotAllowedNow(Conflict):
    """The ticket's state does not allow the action."""

    slug = "ticket-state"
    title = "The ticket's state does not allow this"


class ChangedMeanwhile(Conflict):
    """The ticket was changed by another request first."""

    slug = "ticket-changed"
    title = "The ticket was changed by another request first"


class UnknownReference(Invalid):
    """No such customer, category, department or person."""

    slug = "unknown-reference"


class CauseDoesNotFit(Invalid):
    """The cause is one of other kinds of tickets."""

    slug = "cause-does-not-fit"
    title = "The cause does not fit the kind of the ticket"


class NotTheirChannel(Invalid):
    """The channel is one on which no member of staff takes part."""

    slug = "channel"


class KeyReused(Invalid):
    """The idempotency key belongs to another request."""

    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was sent with another request"


class AlreadyOverruled(Conflict):
    """A refusal of the department was overruled before."""

    slug = "refusal-overruled"
    title = "This refusal was overruled before"


class SameDepartment(Invalid):
    """An upheld refusal cannot send the ticket back to the same department."""

    slug = "same-department"


class TooLate(Conflict):
    """An extension must be asked for before the deadline."""

    slug = "deadline-passed"
    title = "The deadline has passed"


class ExtensionPending(Conflict):
    """Another extension waits for a decision."""

    slug = "extension-pending"
    title = "Another extension waits for a decision"


class ExtensionRefused(Invalid):
    """The wanted deadline is not later."""

    slug = "no-extension"


class NoExtension(Conflict):
    """No extension waits for a decision."""

    slug = "no-extension-asked"
    title = "No extension waits for a decision"


class NotAComplaint(Conflict):
    """Only a complaint is judged."""

    slug = "not-a-complaint"
    title = "Only a complaint is judged"


class NoFinding(Conflict):
    """The complaint has no finding."""

    slug = "not-judged"
    title = "The complaint was not judged yet"


class AlreadyContested(Conflict):
    """The finding was contested before, and a supervisor has not judged again."""

    slug = "already-contested"
    title = "The finding was contested before"


class FormNotFilled(Invalid):
    """The answers break the rules of the kind's form."""

    slug = "form"


class NoSuchForm(NotFound):
    """No such form."""


class FormChangedMeanwhile(Conflict):
    """The form was replaced by another request first."""

    slug = "form-changed"
    title = "The form was replaced by another request first"


class NotAnApplication(Conflict):
    """Only an after-sales application is assessed."""

    slug = "not-an-application"
    title = "Only an after-sales application is assessed"


class AlreadyAssessed(Conflict):
    """The application was assessed before."""

    slug = "assessed"
    title = "The application was assessed before"


class NotAssessed(Conflict):
    """An application must be accepted before it is dispatched."""

    slug = "not-assessed"
    title = "The application was not assessed yet"


class CannotHelp(Invalid):
    """The department cannot be asked to help, or released."""

    slug = "co-handler"


class NotYourTurn(Conflict):
    """The state of the co-handler's part does not allow the action."""

    slug = "co-handler-state"
    title = "The state of your part does not allow this"


class CoHandlersPending(Conflict):
    """Co-handlers have not replied."""

    slug = "co-handlers-pending"
    title = "Co-handling departments have not replied"


class NoHigherTier(Conflict):
    """The department has none above it."""

    slug = "no-higher-tier"
    title = "There is no department above"


class SameMatterOpen(Conflict):
    """Another open ticket is about the corrected matter."""

    slug = "same-matter"
    title = "Another open ticket is about the same matter"


class NothingCorrected(Invalid):
    """Every given field has that value already."""

    slug = "nothing-corrected"


class SameMatterAlready(Conflict):
    """The tickets are merged already."""

    slug = "merged-already"
    title = "These tickets are merged already"


class StandsForOthers(Conflict):
    """Tickets were merged into this one: a merge cannot follow a merge."""

    slug = "stands-for-others"
    title = "Other tickets were merged into this one"


class NotMerged(Conflict):
    """The ticket is not merged into another one."""

    slug = "not-merged"
    title = "The ticket is not merged"
