"""Tickets, their log, their reporters, and what is shown and entered of them."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, JsonValue, ValidationInfo, model_validator
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm.customers.model import PhoneNumber
from crm.moments import Moment
from crm.personal_data.fields import CallersName, Personal, PersonalAddress, PersonalName, PersonalText
from crm.personal_data.holdings import erase_rows_of, personal
from crm.text import Id, Lines, OneLine
from crm.tickets.cohandling.model import CoHandlerView
from crm.tickets.extensions.model import ExtensionView
from crm.tickets.findings.model import FindingView, Validity
from crm.tickets.refusals.model import RefusalView
from crm.tickets.tiers.model import PassView
from foundation.append_only import append_only
from foundation.clock import utc_now
from foundation.database import UtcDateTime, text_enum
from foundation.routes import Principal, Role


class TicketKind(StrEnum):
    """工单类型 (H1–H3)."""

    CONSULTATION = "consultation"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    FAULT = "fault"
    AFTER_SALES = "after_sales"
    """An application for a repair, an exchange, money back (H12)."""


VISITED = frozenset({TicketKind.FAULT, TicketKind.AFTER_SALES})
"""Somebody comes: they have a visit window (H3)."""
VISIT_AHEAD_DAYS = 60
"""How far ahead a visit can be wished for, and booked."""


class TicketStatus(StrEnum):
    """Where a ticket is. What may follow what stands in `transitions.py`."""

    REGISTERED = "registered"
    """New, in nobody's hands."""
    DISPATCHED = "dispatched"
    REFUSED = "refused"
    """A department declined it: in nobody's hands again, until a supervisor rules (H6)."""
    SIGNED = "signed"
    PARKED = "parked"
    """Waits for the customer; goes on where it was."""
    REPLIED = "replied"
    """The department says it is done."""
    SURVEY = "survey"
    """The customer is being asked (H8)."""
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    MERGED = "merged"
    """Another ticket is about the same matter and stands for this one (并单), until they are taken apart again."""


CLOSED = frozenset({TicketStatus.ARCHIVED, TicketStatus.CANCELLED, TicketStatus.MERGED})
"""Nobody works on these any more; on a merged one, somebody works on the ticket it was merged into."""
UNDISPATCHED = frozenset({TicketStatus.REGISTERED, TicketStatus.REFUSED})
"""In nobody's hands: somebody has to answer or dispatch them."""


class Urgency(StrEnum):
    """一般/紧急/特急."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Channel(StrEnum):
    """How a matter reached us (H12, H13, H21)."""

    PHONE = "phone"
    IVR = "ivr"
    WEB = "web"
    COUNTER = "counter"
    LETTER = "letter"
    EMAIL = "email"
    SURVEY = "survey"
    """Said in a callback."""


OF_MACHINES = frozenset({Channel.IVR, Channel.SURVEY})
"""Channels on which no member of staff takes part."""


class Assessment(StrEnum):
    """What was decided about an after-sales application (H12)."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class ActorKind(StrEnum):
    """Who did something to a ticket."""

    STAFF = "staff"
    CALLER = "caller"
    SYSTEM = "system"


class Actor(BaseModel, frozen=True):
    """Who acts, for the log and for what may be done."""

    kind: ActorKind
    id: str | None = None
    name: str = ""
    role: Role | None = None
    department_id: str | None = None

    @classmethod
    def of(cls, principal: Principal) -> "Actor":
        """Somebody signed in."""
        return cls(
            kind=ActorKind.STAFF,
            id=principal.staff_id,
            name=f"{principal.name} ({principal.staff_number})",
            role=principal.role,
            department_id=principal.department_id,
        )


SYSTEM = Actor(kind=ActorKind.SYSTEM, name="hotline")


_OPEN = text("closed_at IS NULL")


class Ticket(SQLModel, table=True):
    """One matter."""

    __tablename__ = "ticket"
    __table_args__ = (
        # The 30 days before "hello" (H4): newest first, by reading the index backwards.
        Index("ix_ticket_customer_id_registered_at", "customer_id", "registered_at"),
        # Lists, newest first, page by page.
        Index("ix_ticket_registered_at", "registered_at", "id"),
        Index("ix_ticket_status_registered_at", "status", "registered_at", "id"),
        Index("ix_ticket_department_id_registered_at", "department_id", "registered_at", "id"),
        # What may be the same matter: the newest open ones of a customer, a place, an area, a cause. Open ones stay few
        # however many were ever filed.
        *(
            Index(f"ix_ticket_open_{'_'.join(by)}", *by, "registered_at", postgresql_where=_OPEN, sqlite_where=_OPEN)
            for by in (["customer_id"], ["address_key"], ["area"], ["area", "category_id"], ["category_id"])
        ),
    )

    id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    """Digits, so that it can be said and keyed on a telephone: yymmdd and a sequence."""
    kind: TicketKind = Field(sa_type=text_enum(TicketKind))
    channel: Channel = Field(default=Channel.PHONE, sa_type=text_enum(Channel))
    status: TicketStatus = Field(default=TicketStatus.REGISTERED, sa_type=text_enum(TicketStatus))
    customer_id: str | None = Field(default=None, foreign_key="customer.id")
    category_id: str | None = Field(default=None, foreign_key="category.id")
    department_id: str | None = Field(default=None, foreign_key="department.id")
    person_id: str | None = Field(default=None, foreign_key="staff.id")
    subject: str
    description: str = ""
    address: str = ""
    address_key: str = ""
    """The address as it is compared: however it was written."""
    area: str = ""
    urgency: Urgency = Field(default=Urgency.NORMAL, sa_type=text_enum(Urgency))
    form: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """The answers to the kind's form."""
    form_version: int = 0
    visit_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visit_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visit_booked: bool = False
    """The department has a place for it; else the window is what the customer wished for."""
    urge_count: int = 0
    redo_count: int = 0
    shared: bool = False
    """Departments beside the lead have, or had, something to do with it."""
    parked_from: TicketStatus | None = Field(default=None, sa_type=text_enum(TicketStatus))
    escalated: bool = False
    """A supervisor has to look at it, and has not yet."""
    validity: Validity | None = Field(default=None, sa_type=text_enum(Validity))
    """Of a complaint, once judged (H2)."""
    assessment: Assessment | None = Field(default=None, sa_type=text_enum(Assessment))
    """Of an after-sales application, once assessed (H12)."""
    added_to: bool = False
    """Something was added since somebody signed for it (H4): they sign again, and see it."""
    reply: str = ""
    closing_reason: str = ""
    """Why it was closed: the customer's confirmation, or the recorded reason for doing without (H19)."""
    open_matter: str | None = Field(default=None, unique=True)
    """The matter's key while the ticket is open: at most one open ticket has it, whoever files at the same moment."""
    registered_at: datetime = Field(sa_type=UtcDateTime)
    dispatched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
    """Grows with every change; who changes an older one gets a conflict."""


personal(Ticket, "subject", "description", "address", "address_key", "form", "reply", "closing_reason")


class TicketLog(SQLModel, table=True):
    """One action on a ticket: who, when, from what, to what, why. Only ever added to (H6)."""

    __tablename__ = "ticket_log"
    __table_args__ = (UniqueConstraint("ticket_id", "version"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    version: int
    """The ticket's version that this action made."""
    at: datetime = Field(sa_type=UtcDateTime)
    action: str
    from_status: str | None = None
    to_status: str
    actor_kind: ActorKind = Field(sa_type=text_enum(ActorKind))
    actor_id: str | None = None
    actor_name: str = ""
    detail: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))


ERASED: dict[str, Any] = {"erased": True}
"""What stands in place of a log entry's detail once the law had it erased; that something was done stays."""
append_only(SQLModel.metadata.tables[TicketLog.__tablename__], {"detail": json.dumps(ERASED), "actor_name": ""})
personal(TicketLog, detail=ERASED)


class TicketReporter(SQLModel, table=True):
    """Somebody who reported the matter and wants to hear how it ended."""

    __tablename__ = "ticket_reporter"
    __table_args__ = (
        # A switchboard reports much: its newest reports are read without the others.
        Index("ix_ticket_reporter_number", "number", "id"),
        # What a customer joined as a further reporter is part of the 30 days before "hello" too (H4).
        Index("ix_ticket_reporter_customer_id_at", "customer_id", "at"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    customer_id: str | None = Field(default=None, foreign_key="customer.id")
    number: str | None = None
    name: str = ""
    call_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


personal(TicketReporter, "number", "name")


class TicketAttachment(SQLModel, table=True):
    """A recording that belongs to a ticket."""

    __tablename__ = "ticket_attachment"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    recording_id: str = Field(index=True)
    note: str = ""
    at: datetime = Field(sa_type=UtcDateTime)


personal(TicketAttachment, "note")


class TicketRequest(SQLModel, table=True):
    """A request that created something, by its idempotency key: repeated, it answers the same."""

    __tablename__ = "ticket_request"

    key: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    at: datetime = Field(sa_type=UtcDateTime)
    fingerprint: str = ""
    """Of what was asked for by people, so that another request under the same key is noticed; else empty."""


# The key of a web form begins with the telephone number.
erase_rows_of(TicketRequest)


class TicketCounter(SQLModel, table=True):
    """The last number given on a day."""

    __tablename__ = "ticket_counter"

    day: str = Field(primary_key=True)
    last: int


class Reporter(BaseModel, extra="forbid"):
    """Who reports."""

    customer_id: Id | None = None
    number: PhoneNumber | None = None
    name: OneLine = InputField(default="", max_length=100)


class FileTicket(BaseModel, extra="forbid"):
    """A new ticket as an agent enters it."""

    kind: TicketKind
    channel: Channel = Channel.PHONE
    subject: OneLine = InputField(min_length=1, max_length=200)
    description: Lines = InputField(default="", max_length=4000)
    category_id: Id | None = None
    address: OneLine = InputField(default="", max_length=200)
    area: OneLine = InputField(default="", max_length=60)
    urgency: Urgency = Urgency.NORMAL
    form: dict[str, JsonValue] = InputField(default={}, max_length=40)
    """The answers to the kind's form, by the names of its fields."""
    visit_from: Moment | None = None
    visit_until: Moment | None = None
    reporter: Reporter = Reporter()
    call_id: Id | None = None

    @model_validator(mode="after")
    def _window(self, info: ValidationInfo) -> "FileTicket":
        if (self.visit_from is None) != (self.visit_until is None):
            missing, given = ("visit_from", "visit_until") if self.visit_from is None else ("visit_until", "visit_from")
            raise ValueError(f"{missing} must be given with {given}")
        if self.visit_from is not None and self.visit_until is not None:
            if self.kind not in VISITED:
                raise ValueError("visit_from: only a fault report or an after-sales application has a visit window")
            if self.visit_until <= self.visit_from:
                raise ValueError("visit_until must be after visit_from")
            now = (info.context or {}).get("asked_at") or utc_now()
            if self.visit_from <= now:
                raise ValueError("visit_from must be ahead")
            if self.visit_until > now + timedelta(days=VISIT_AHEAD_DAYS):
                raise ValueError(f"visit_until must be {VISIT_AHEAD_DAYS} days ahead at most")
        return self


class AppendToTicket(BaseModel, extra="forbid"):
    """More about an open matter; whoever adds it also urges it (H4)."""

    text: Lines = InputField(min_length=1, max_length=4000)
    reporter: Reporter = Reporter()
    call_id: Id | None = None


class ReporterView(BaseModel, from_attributes=True):
    """A reporter as shown."""

    customer_id: str | None
    number: Annotated[str | None, Personal.NUMBER]
    name: PersonalName
    at: datetime


class AttachmentView(BaseModel, from_attributes=True):
    """An attached recording as shown."""

    recording_id: str
    note: PersonalText
    at: datetime


class LogView(BaseModel, from_attributes=True):
    """A log entry as shown."""

    version: int
    at: datetime
    action: str
    from_status: str | None
    to_status: str
    actor_kind: ActorKind
    actor_name: CallersName
    detail: Annotated[dict[str, Any], Personal.TEXT]


class TicketView(BaseModel, from_attributes=True):
    """A ticket as shown."""

    id: str
    number: str
    kind: TicketKind
    channel: Channel
    status: TicketStatus
    customer_id: str | None
    category_id: str | None
    department_id: str | None
    person_id: str | None
    shared: bool
    subject: PersonalText
    description: PersonalText
    address: PersonalAddress
    area: str
    urgency: Urgency
    form: Annotated[dict[str, Any], Personal.TEXT]
    form_version: int
    visit_from: datetime | None
    visit_until: datetime | None
    visit_booked: bool
    """Whether the visit was agreed, or is the customer's wish as yet."""
    urge_count: int
    redo_count: int
    escalated: bool
    added_to: bool
    validity: Validity | None
    assessment: Assessment | None
    reply: PersonalText
    closing_reason: PersonalText
    registered_at: datetime
    dispatched_at: datetime | None
    closed_at: datetime | None
    version: int


class TicketDetail(TicketView):
    """A ticket with all that belongs to it."""

    reporters: list[ReporterView]
    attachments: list[AttachmentView]
    co_handlers: list[CoHandlerView]
    passes: list[PassView]
    refusals: list[RefusalView]
    extensions: list[ExtensionView]
    findings: list[FindingView]
    log: list[LogView]
