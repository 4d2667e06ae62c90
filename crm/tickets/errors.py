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


class NotTheirChannel(Invalid):
    """The channel is one on which no member of staff takes part."""

    slug = "channel"


class KeyReused(Invalid):
    """An idempotency key stands for one request: under it another one would be lost."""

    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was sent with another request"


class AlreadyOverruled(Conflict):
    """The department refused before and was told that the ticket is its own."""

    slug = "refusal-overruled"
    title = "This refusal was overruled before"


class SameDepartment(Invalid):
    """An upheld refusal cannot send the ticket back to who refused it."""

    slug = "same-department"


class TooLate(Conflict):
    """More time is asked for before the deadline, not after."""

    slug = "deadline-passed"
    title = "The deadline has passed"


class ExtensionPending(Conflict):
    """A request for more time waits to be decided."""

    slug = "extension-pending"
    title = "An extension waits to be decided"


class ExtensionRefused(Invalid):
    """What is asked for is no extension."""

    slug = "no-extension"


class NoExtension(Conflict):
    """There is no request to decide."""

    slug = "no-extension-asked"
    title = "Nobody asked for more time"


class NotAComplaint(Conflict):
    """Only a complaint is valid or invalid."""

    slug = "not-a-complaint"
    title = "Only a complaint is judged"


class NoFinding(Conflict):
    """There is no finding to disagree with."""

    slug = "not-judged"
    title = "The complaint was not judged yet"


class AlreadyContested(Conflict):
    """Somebody disagreed with the finding before, and what was said stands until a supervisor judges again."""

    slug = "already-contested"
    title = "The finding was contested before"


class FormNotFilled(Invalid):
    """The answers are not what the kind's form asks."""

    slug = "form"


class NoSuchForm(NotFound):
    """There is no such form."""


class FormChangedMeanwhile(Conflict):
    """Somebody else replaced the form first."""

    slug = "form-changed"
    title = "Somebody else changed this form first"


class NotAnApplication(Conflict):
    """Only an after-sales application is assessed."""

    slug = "not-an-application"
    title = "Only an after-sales application is assessed"


class AlreadyAssessed(Conflict):
    """It was assessed before."""

    slug = "assessed"
    title = "The application was assessed before"


class NotAssessed(Conflict):
    """Nobody works on an application that was not accepted."""

    slug = "not-assessed"
    title = "The application was not assessed yet"


class CannotHelp(Invalid):
    """The department cannot be asked to help, or be released."""

    slug = "co-handler"


class NotYourTurn(Conflict):
    """The co-handler's part is not where this would be done."""

    slug = "co-handler-state"
    title = "Your part of the ticket does not allow this"


class CoHandlersPending(Conflict):
    """Departments that were asked to help have not replied."""

    slug = "co-handlers-pending"
    title = "Co-handling departments have not replied"


class NoHigherTier(Conflict):
    """There is no department above."""

    slug = "no-higher-tier"
    title = "There is no department above"
