"""Tables, inputs and views of handovers and recurring tickets."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import Personal, PersonalText
from crm.personal_data.holdings import personal
from crm.text import Id, Lines
from crm.tickets.model import TicketStatus, Urgency
from foundation.database import UtcDateTime, text_enum

MOST_OPEN = 500
"""Most tickets listed in a handover; `left_open` counts all of them."""


class HandoverReason(StrEnum):
    """Reason why a ticket is handed over."""

    UNDISPATCHED = "undispatched"
    REFUSED = "refused"
    ESCALATED = "escalated"
    UNSIGNED = "unsigned"
    IN_WORK = "in_work"
    WAITS_FOR_CUSTOMER = "waits_for_customer"
    TO_CALL_BACK = "to_call_back"
    URGED = "urged"
    """Urged by the customer."""


class Handover(SQLModel, table=True):
    """Handover at the end of a shift."""

    __tablename__ = "handover"
    __table_args__ = (Index("ix_handover_department_id", "department_id", "at"),)

    id: str = Field(primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """None for the desk."""
    staff_id: str = Field(foreign_key="staff.id")
    staff_name: str
    at: datetime = Field(sa_type=UtcDateTime)
    notes: str = ""
    left_open: int
    """Count of all open tickets, listed or not."""
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = ""
    acknowledged_notes: str = ""


class HandoverItem(SQLModel, table=True):
    """Open ticket as it was at the end of the shift."""

    __tablename__ = "handover_item"

    handover_id: str = Field(primary_key=True, foreign_key="handover.id")
    place: int = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    status: TicketStatus = Field(sa_type=text_enum(TicketStatus))
    why: list[str] = Field(sa_column=Column(JSON, nullable=False))
    note: str = ""


personal(HandoverItem, "note")


class OpenQuery(BaseModel, extra="forbid"):
    """Department, or person and time, of the open tickets."""

    department_id: Id | None = None
    """None for the tickets that wait for the desk."""
    staff_id: Id | None = None
    """Only tickets on which this person acted since `since`."""
    since: Moment | None = None

    @model_validator(mode="after")
    def _person_and_time(self) -> "OpenQuery":
        if self.staff_id is not None and self.since is None:
            raise ValueError("since must be given with staff_id: the beginning of the person's shift")
        if self.staff_id is None and self.since is not None:
            raise ValueError("staff_id must be given with since: the person of the shift")
        return self


class OpenTicket(BaseModel):
    """Ticket that a shift leaves open."""

    ticket_id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    subject: PersonalText
    urgency: Urgency
    area: str
    department_id: str | None
    person_id: str | None
    urge_count: int
    registered_at: datetime
    why: list[HandoverReason]
    note: PersonalText = ""


class LeftOpen(BaseModel):
    """Open tickets of a shift; the most urgent first, then the oldest."""

    count: int
    tickets: list[OpenTicket]


class TicketNote(BaseModel, extra="forbid"):
    """Note on a ticket for the next shift."""

    ticket_id: Id
    note: Lines = InputField(min_length=1, max_length=1000)


class HandOver(BaseModel, extra="forbid"):
    """Handover as entered; the service lists the open tickets."""

    department_id: Id | None = None
    notes: Lines = InputField(default="", max_length=4000)
    tickets: list[TicketNote] = InputField(default=[], max_length=MOST_OPEN)


class Acknowledge(BaseModel, extra="forbid"):
    """Acknowledgement of the next shift."""

    notes: Lines = InputField(default="", max_length=4000)


class ListQuery(BaseModel, extra="forbid"):
    """Filters of the list of handovers, newest first."""

    department_id: Id | None = None
    waiting: bool = False
    """Only handovers without an acknowledgement."""
    limit: int = InputField(default=20, ge=1, le=100)


class HandoverView(BaseModel, from_attributes=True):
    """Handover as shown in a list."""

    id: str
    department_id: str | None
    staff_name: str
    at: datetime
    notes: PersonalText
    left_open: int
    acknowledged_at: datetime | None
    acknowledged_by: str
    acknowledged_notes: PersonalText


class HandoverDetail(HandoverView):
    """Handover with its tickets; their state and note are of then."""

    tickets: list[OpenTicket]


class RecurringQuery(BaseModel, extra="forbid"):
    """Filters of recurring tickets, and the count that is too high."""

    kind: TicketKind | None = None
    """Tickets of every kind by default."""
    days: int = InputField(default=30, ge=1, le=366)
    more_than: int = InputField(default=3, ge=1, le=1000)


class Recurring(BaseModel):
    """Recurring tickets of a cause in an area, customer or number."""

    category_id: str | None
    area: str
    customer_id: str | None
    number: Annotated[str | None, Personal.NUMBER]
    """Number of a caller who is no customer."""
    count: int
    customers: int
    """Distinct customers that reported them; a number without a customer counts as one."""
    first_at: datetime
    last_at: datetime
