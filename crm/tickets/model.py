"""Tables and types of tickets, their log, reporters and recordings."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm.kinds import TicketKind
from crm.personal_data.holdings import erase_rows_of, personal
from crm.tickets.findings.model import Validity
from foundation.append_only import append_only
from foundation.database import UtcDateTime, text_enum
from foundation.routes import Principal, Role
from foundation.text_index import Beside, TextIndex, text_index

VISITED = frozenset({TicketKind.FAULT, TicketKind.AFTER_SALES})
"""Kinds with a visit window: a worker comes to the customer (H3)."""
VISIT_AHEAD_DAYS = 60
"""Latest day on which a visit can be wished for or booked."""


class TicketStatus(StrEnum):
    """State of a ticket; `transitions.py` says which state may follow."""

    REGISTERED = "registered"
    """New, with no department."""
    DISPATCHED = "dispatched"
    REFUSED = "refused"
    """Declined by its department: with no department until a supervisor rules (H6)."""
    SIGNED = "signed"
    PARKED = "parked"
    """Waits for the customer; resumes in the state before."""
    REPLIED = "replied"
    """Reported as done by the department."""
    SURVEY = "survey"
    """The callback survey is under way (H8)."""
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    MERGED = "merged"
    """Another ticket about the same matter stands for this one, until they are unmerged (并单)."""


CLOSED = frozenset({TicketStatus.ARCHIVED, TicketStatus.CANCELLED, TicketStatus.MERGED})
"""States in which no work is done; the work on a merged ticket is done on the ticket that stands for it."""
UNDISPATCHED = frozenset({TicketStatus.REGISTERED, TicketStatus.REFUSED})
"""States without a department: the desk has to answer or dispatch the ticket."""


class Urgency(StrEnum):
    """Urgency of a ticket (一般/紧急/特急), from the least to the most."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class Channel(StrEnum):
    """Channel on which a matter was reported (H12, H13, H21)."""

    PHONE = "phone"
    IVR = "ivr"
    WEB = "web"
    COUNTER = "counter"
    LETTER = "letter"
    FAX = "fax"
    EMAIL = "email"
    SURVEY = "survey"
    """Reported in a callback survey."""


OF_MACHINES = frozenset({Channel.IVR, Channel.SURVEY})
"""Channels on which no member of staff takes part."""


class Assessment(StrEnum):
    """Decision about an after-sales application (H12)."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class ActorKind(StrEnum):
    """Kind of an actor on a ticket."""

    STAFF = "staff"
    CALLER = "caller"
    SYSTEM = "system"


class RequestKey(NamedTuple):
    """Idempotency key of a request, and the hash of its content."""

    key: str
    fingerprint: str


class Actor(BaseModel, frozen=True):
    """Actor on a ticket, for its log and for permission checks."""

    kind: ActorKind
    id: str | None = None
    name: str = ""
    role: Role | None = None
    department_id: str | None = None
    request: RequestKey | None = None
    """The request in which the actor acts, where it is carried out once."""

    @classmethod
    def of(cls, principal: Principal) -> "Actor":
        """Return the actor of a signed-in person."""
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
    """Ticket: one matter of one or more reporters."""

    __tablename__ = "ticket"
    __table_args__ = (
        # The screen pop's last 30 days (H4): newest first, by reading the index backwards.
        Index("ix_ticket_customer_id_registered_at", "customer_id", "registered_at"),
        # Lists, newest first, page by page.
        Index("ix_ticket_registered_at", "registered_at", "id"),
        Index("ix_ticket_status_registered_at", "status", "registered_at", "id"),
        Index("ix_ticket_department_id_registered_at", "department_id", "registered_at", "id"),
        Index("ix_ticket_department_id_status", "department_id", "status", "registered_at", "id"),
        # Work of a department, the oldest first.
        Index(
            "ix_ticket_open_department_id",
            *("department_id", "registered_at", "id"),
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        # Each other filter of a list, for its rare values: the newest of these may be far apart.
        *(
            Index(f"ix_ticket_{by}_registered_at", by, "registered_at", "id")
            for by in ("kind", "channel", "urgency", "category_id", "area")
        ),
        Index(
            "ix_ticket_person_id_registered_at",
            *("person_id", "registered_at", "id"),
            postgresql_where=text("person_id IS NOT NULL"),
            sqlite_where=text("person_id IS NOT NULL"),
        ),
        Index(
            "ix_ticket_escalated",
            *("registered_at", "id"),
            postgresql_where=text("escalated"),
            sqlite_where=text("escalated = 1"),
        ),
        # Candidates for the same matter: the newest open tickets of a customer, place, area or cause.
        *(
            Index(f"ix_ticket_open_{'_'.join(by)}", *by, "registered_at", postgresql_where=_OPEN, sqlite_where=_OPEN)
            for by in (
                ["customer_id"],
                ["address_key"],
                ["address_tail"],
                ["area"],
                ["area", "category_id"],
                ["category_id"],
            )
        ),
    )

    id: str = Field(primary_key=True)
    number: str = Field(unique=True)
    """Digits, so that it can be read out and keyed on a telephone: yymmdd and a sequence."""
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
    """Form in which the address is compared: see `address.address_key`."""
    address_tail: str = ""
    """End of the key that finds addresses written with more before it: see `address.address_tail`."""
    area: str = ""
    urgency: Urgency = Field(default=Urgency.NORMAL, sa_type=text_enum(Urgency))
    form: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """The answers to the kind's form."""
    form_version: int = 0
    visit_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visit_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visit_booked: bool = False
    """Whether the visit is booked; else the window is the customer's wish."""
    urge_count: int = 0
    redo_count: int = 0
    shared: bool = False
    """Whether departments beside the lead have, or had, a part in it."""
    parked_from: TicketStatus | None = Field(default=None, sa_type=text_enum(TicketStatus))
    escalated: bool = False
    """Whether it waits for a supervisor."""
    validity: Validity | None = Field(default=None, sa_type=text_enum(Validity))
    """Result of judging a complaint (H2)."""
    assessment: Assessment | None = Field(default=None, sa_type=text_enum(Assessment))
    """Decision about an after-sales application (H12)."""
    added_to: bool = False
    """Whether a report was added since the department signed, which has to sign again (H4)."""
    reply: str = ""
    closing_reason: str = ""
    """Reason for closing: the customer's confirmation, or why it was not asked for (H19)."""
    open_matter: str | None = Field(default=None, unique=True)
    """Key of the matter while the ticket is open; unique, so that two reports at once make one ticket."""
    registered_at: datetime = Field(sa_type=UtcDateTime)
    dispatched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    visit_code: str = ""
    """Secret of the reporter, who changes the visit with it; on the receipt and in messages about visits."""
    version: int = 1
    """Incremented by every change; a change for an older version is refused."""


personal(Ticket, "subject", "description", "address", "address_key", "address_tail", "form", "reply", "closing_reason")


class TicketLog(SQLModel, table=True):
    """Append-only log entry of one action on a ticket (H6)."""

    __tablename__ = "ticket_log"
    __table_args__ = (UniqueConstraint("ticket_id", "version"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    version: int
    """Version of the ticket after this action."""
    at: datetime = Field(sa_type=UtcDateTime)
    action: str
    from_status: str | None = None
    to_status: str
    actor_kind: ActorKind = Field(sa_type=text_enum(ActorKind))
    actor_id: str | None = None
    actor_name: str = ""
    detail: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))


ERASED: dict[str, Any] = {"erased": True}
"""Detail of a log entry after its personal data were erased; the entry itself stays."""
append_only(SQLModel.metadata.tables[TicketLog.__tablename__], {"detail": json.dumps(ERASED), "actor_name": ""})
personal(TicketLog, detail=ERASED)


class TicketReporter(SQLModel, table=True):
    """Reporter of a matter, who is called back about it."""

    __tablename__ = "ticket_reporter"
    __table_args__ = (
        # A switchboard has many reports: its newest ones are read without the others.
        Index("ix_ticket_reporter_number", "number", "id"),
        # The screen pop also shows the tickets that a customer joined as a further reporter (H4).
        Index("ix_ticket_reporter_customer_id_at", "customer_id", "at"),
        # The ticket of a call, for its recordings.
        Index("ix_ticket_reporter_call_id", "call_id"),
    )

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    customer_id: str | None = Field(default=None, foreign_key="customer.id")
    number: str | None = None
    extension: str = ""
    """Digits to dial behind the number's switchboard."""
    name: str = ""
    call_id: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


personal(TicketReporter, "number", "extension", "name")


class TicketAttachment(SQLModel, table=True):
    """Recording attached to a ticket."""

    __tablename__ = "ticket_attachment"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    recording_id: str = Field(index=True)
    note: str = ""
    at: datetime = Field(sa_type=UtcDateTime)


personal(TicketAttachment, "note")


class TicketRequest(SQLModel, table=True):
    """Creating request by its idempotency key: repeated, it returns the same ticket."""

    __tablename__ = "ticket_request"

    key: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    at: datetime = Field(sa_type=UtcDateTime)
    fingerprint: str = ""
    """Hash of a person's request, so that another request under the same key is refused; else empty."""


# The key of a web form begins with the reporter's telephone number.
erase_rows_of(TicketRequest)


class TicketCounter(SQLModel, table=True):
    """Last ticket number of a day."""

    __tablename__ = "ticket_counter"

    day: str = Field(primary_key=True)
    last: int


TICKET_TEXTS = text_index(
    SQLModel.metadata,
    TextIndex(
        table=Ticket.__tablename__,
        words=("number", "subject", "description", "address"),
        people=Beside(TicketReporter.__tablename__, "ticket_id", ("number", "name")),
        moment="registered_at",
    ),
)
