"""Events that leave their package: frozen types with a format version.

The outbox stores them. Codes such as `status` are strings: an event may come from a release that knows more of them.
`FORMAT` grows when a field means something else, not when one is added: unknown fields are ignored, and missing ones
have their default, so that entries stored before formats were numbered are read as well.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self, TypeVar

import msgspec

FORMAT_FIELD = "format"


class UnreadableEvent(ValueError):
    """This release cannot read a stored event."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Event that other packages handle."""

    FORMAT: ClassVar[int] = 1
    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    """Fields with words of people, or that name a person."""

    @property
    def kind(self) -> str:
        """The kind it is stored and subscribed under, such as `ticket.dispatch`."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """The id within which events are delivered in order."""
        raise NotImplementedError

    def anonymous(self) -> Self:
        """Return the event without personal data; codes, ids and times stay."""
        defaults = {
            field.name: field.default for field in msgspec.structs.fields(type(self)) if field.name in self.PERSONAL
        }
        return msgspec.structs.replace(self, **defaults)


class EventReporter(msgspec.Struct, frozen=True):
    """Person who reported a ticket."""

    customer_id: str | None = None
    number: str | None = None
    name: str = ""


class TicketEvent(Event, frozen=True, kw_only=True):
    """Facts about a ticket that several events have."""

    ticket_id: str
    number: str = ""
    ticket_kind: str = msgspec.field(default="", name="kind")
    status: str = ""
    urgency: str = ""
    subject: str = ""
    area: str = ""
    customer_id: str | None = None
    department_id: str | None = None
    person_id: str | None = None
    """The employee it is dispatched to."""

    @property
    def key(self) -> str:
        """The ticket's id."""
        return self.ticket_id


class TicketChanged(TicketEvent, frozen=True, kw_only=True):
    """Action on a ticket, and the ticket after it."""

    PERSONAL = frozenset({"subject", "customer_id", "reporters", "reason", "instruction", "grounds"})

    action: str
    version: int = 0
    """Of the ticket, after the action."""
    at: datetime | None = None
    from_status: str | None = None
    category_id: str | None = None
    co_department_ids: tuple[str, ...] = ()
    below_department_ids: tuple[str, ...] = ()
    """Departments that passed it up and wait for the answer."""
    left_department_ids: tuple[str, ...] = ()
    """Departments that had a part in it before this action, and have none after it."""
    redo_count: int = 0
    reporters: tuple[EventReporter, ...] = ()
    call_id: str | None = None
    recording_id: str | None = None
    reason: str | None = None
    instruction: str | None = None
    grounds: str | None = None
    until: datetime | None = None
    """The deadline that an extension asks for or grants."""
    from_department: str | None = None
    asked_departments: tuple[str, ...] = ()
    """Departments that this action asks to help."""
    corrected: tuple[str, ...] = ()
    """Names of the fields that a correction changed."""
    withdrawn_extension: datetime | None = None
    respond_by: datetime | None = None
    due_at: datetime | None = None
    visit_from: datetime | None = None
    visit_until: datetime | None = None
    freed_visit_from: datetime | None = None
    """The start of a visit that this action cancelled."""

    @property
    def kind(self) -> str:
        """`ticket.` and the action."""
        return f"ticket.{self.action}"

    @staticmethod
    def kinds_of(*actions: str) -> frozenset[str]:
        """Return the kinds of the events of some actions."""
        return frozenset(f"ticket.{action}" for action in actions)


class DeadlineAlert(TicketEvent, frozen=True, kw_only=True):
    """Step of a deadline: warning, breach, or step of the escalation ladder."""

    PERSONAL = frozenset({"subject", "customer_id"})

    step_kind: str
    held_by: str | None = None
    """The department that holds the ticket; `department_id` is the one that the ladder names, where it names one."""
    role: str | None = None
    """The role that the ladder names."""
    role_department_id: str | None = None
    clock: str = ""
    """Which deadline: `respond` or `resolve`."""
    due_at: datetime | None = None
    step: int | None = None
    """Which step of the ladder, counted from 1."""

    @property
    def kind(self) -> str:
        """`clock.` and the kind of the step."""
        return f"clock.{self.step_kind}"


class SurveyFinished(Event, frozen=True, kw_only=True):
    """End of a survey contact: answered, or not called any more."""

    KIND: ClassVar[str] = "survey.over"

    ticket_id: str
    round: int = 0
    """The ticket's redo count when the survey was planned."""

    @property
    def kind(self) -> str:
        """`survey.over`."""
        return self.KIND

    @property
    def key(self) -> str:
        """The ticket's id."""
        return self.ticket_id


class SuggestionMade(Event, frozen=True, kw_only=True):
    """Suggestion of a customer to an agent in a survey (H10)."""

    KIND: ClassVar[str] = "survey.suggestion"
    PERSONAL = frozenset({"customer_id", "number", "text"})

    contact_id: str = msgspec.field(name="key")
    """The contact of the survey: a contact makes one suggestion."""
    ticket_id: str
    """The ticket that the survey was about."""
    customer_id: str | None = None
    number: str | None = None
    call_id: str | None = None
    text: str = ""

    @property
    def kind(self) -> str:
        """`survey.suggestion`."""
        return self.KIND

    @property
    def key(self) -> str:
        """The ticket's id."""
        return self.ticket_id


class QueueAlerted(Event, frozen=True, kw_only=True):
    """A queue broke a threshold that a supervisor set."""

    KIND: ClassVar[str] = "queue.alert"

    alert_id: str
    queue: str = ""
    """The queue's title."""
    figure: str = ""
    bound: str = ""
    value: str = ""

    @property
    def kind(self) -> str:
        """`queue.alert`."""
        return self.KIND

    @property
    def key(self) -> str:
        """The alert's id."""
        return self.alert_id


Stored = Mapping[str, object]
"""An event as JSON values."""
EventType = TypeVar("EventType", bound=Event)


def encode(event: Event) -> dict[str, object]:
    """Return an event for storing: JSON values without nulls, and the format."""
    fields: dict[str, object] = msgspec.to_builtins(event)
    return {FORMAT_FIELD: event.FORMAT, **{name: value for name, value in fields.items() if value is not None}}


def decode(kind: str, key: str, stored: Stored) -> Event:
    """Return the event of a stored entry.

    Raises:
        UnreadableEvent: an unknown kind, a newer format, or a wrong field.
    """
    family, _, action = kind.partition(".")
    if family == "ticket":
        return _converted(TicketChanged, stored, {"ticket_id": key, "action": action})
    if family == "clock":
        return _converted(DeadlineAlert, stored, {"ticket_id": key, "step_kind": action})
    if kind == SurveyFinished.KIND:
        return _converted(SurveyFinished, stored, {"ticket_id": key})
    if kind == SuggestionMade.KIND:
        return _converted(SuggestionMade, stored, {"ticket_id": key})
    if kind == QueueAlerted.KIND:
        return _converted(QueueAlerted, stored, {"alert_id": key})
    raise UnreadableEvent(f"this release knows no events of kind {kind}")


def _converted(event_type: type[EventType], stored: Stored, known: Stored) -> EventType:
    """Read a stored event; `known` follows from its kind and key.

    A null stands for a value that was erased, no format for a release without formats.
    """
    stored_format = stored.get(FORMAT_FIELD, 0)
    if not isinstance(stored_format, int) or stored_format > event_type.FORMAT:
        raise UnreadableEvent(f"format {stored_format} of {event_type.__name__} is newer than {event_type.FORMAT}")
    fields = {name: value for name, value in stored.items() if value is not None}
    try:
        return msgspec.convert({**known, **fields}, event_type)
    except msgspec.ValidationError as error:
        raise UnreadableEvent(f"{event_type.__name__}: {error}") from error
