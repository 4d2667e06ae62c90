"""Tables, inputs and views of windows and visits."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, model_validator
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.moments import Day, Moment
from crm.personal_data.fields import PersonalAddress, PersonalName, PersonalText
from crm.text import Id, Version
from crm.tickets.model import VISIT_AHEAD_DAYS, TicketStatus
from foundation.clock import utc_now
from foundation.database import UtcDateTime

_ACTIVE = text("cancelled_at IS NULL")

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
"""Local time of day, such as 08:30; 24:00 ends the day."""


class AppointmentWindow(SQLModel, table=True):
    """Weekly window of a department with its places; bookings lock its row."""

    __tablename__ = "appointment_window"
    __table_args__ = (UniqueConstraint("department_id", "weekday", "from_clock"),)

    id: str = Field(primary_key=True)
    department_id: str = Field(foreign_key="department.id")
    weekday: int
    """From 1, Monday (ISO 8601)."""
    from_clock: str
    until_clock: str
    places: int
    """Most visits; 0 accepts no new ones, booked ones stay."""


follow(
    AppointmentWindow,
    EntrySubject.VISIT_WINDOW,
    id_of=lambda row: str(row.department_id),
    name_of=lambda row: f"{row.weekday} {row.from_clock}",
    ignored={"id"},
)


class Appointment(SQLModel, table=True):
    """Visit agreed with the customer; a change cancels it and books another."""

    __tablename__ = "appointment"
    __table_args__ = (
        # A ticket has one visit at a time.
        Index("ix_appointment_ticket_id", "ticket_id", unique=True, postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index(
            "ix_appointment_department_id", "department_id", "visit_from",
            postgresql_where=_ACTIVE, sqlite_where=_ACTIVE,
        ),
    )  # fmt: skip

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    department_id: str = Field(foreign_key="department.id")
    visit_from: datetime = Field(sa_type=UtcDateTime)
    visit_until: datetime = Field(sa_type=UtcDateTime)
    booked_at: datetime = Field(sa_type=UtcDateTime)
    booked_by: str = ""
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_by: str = ""
    moved: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Ticket from which a merge brought it, and the head's wish before; restored by undoing."""


class WindowInput(BaseModel, extra="forbid"):
    """Window of the week as entered."""

    weekday: int = InputField(ge=1, le=7, description="1 is Monday")
    from_clock: Clock
    until_clock: Clock
    places: int = InputField(ge=0, le=10_000)

    @model_validator(mode="after")
    def _forwards(self) -> "WindowInput":
        if self.until_clock <= self.from_clock:
            raise ValueError("until_clock must be after from_clock; a window that passes midnight is two")
        return self


class WeekInput(BaseModel, extra="forbid"):
    """All windows of a department as entered; booked visits stay."""

    windows: list[WindowInput] = InputField(max_length=168)
    before: list[WindowInput] | None = InputField(default=None, max_length=168)
    """Windows that were edited; refused where others stand there now."""

    @model_validator(mode="after")
    def _apart(self) -> "WeekInput":
        ordered = sorted(self.windows, key=lambda window: (window.weekday, window.from_clock))
        for before, after in pairwise(ordered):
            if before.weekday == after.weekday and after.from_clock < before.until_clock:
                raise ValueError(
                    f"windows: on weekday {after.weekday}, {after.from_clock} begins before {before.until_clock}"
                )
        return self


class WindowView(WindowInput, from_attributes=True, extra="ignore"):
    """Window of the week as shown."""


class FreeQuery(BaseModel, extra="forbid"):
    """First day and number of days."""

    first: Day | None = None
    """Default: today."""
    days: int = InputField(default=7, ge=1, le=31)
    urgent: bool = False
    """For an urgent ticket: also windows on short notice."""


class FreeWindow(BaseModel):
    """Window of a day with its free places."""

    day: date
    visit_from: datetime
    visit_until: datetime
    places: int
    booked: int
    free: int


class DayQuery(BaseModel, extra="forbid"):
    """Day of visits, of a department where one is named."""

    department_id: Id | None = None
    """A worker's own department counts instead."""
    day: Day | None = None
    """Default: today."""


class VisitOfDay(BaseModel):
    """Visit with what a worker needs on the way."""

    ticket_id: str
    number: str
    subject: PersonalText
    status: TicketStatus
    visit_from: datetime
    visit_until: datetime
    department_id: str
    name: PersonalName
    """The first reporter's."""
    address: PersonalAddress
    area: str
    person_name: str | None
    """The worker whom the ticket is dispatched to."""
    map_link: str
    """Opens the address in a map; empty without one."""


class VisitsOfDay(BaseModel):
    """Visits of one day, in order."""

    day: date
    visits: list[VisitOfDay]


class BookVisit(BaseModel, extra="forbid"):
    """Window to book, named by its beginning."""

    visit_from: Moment
    department_id: Id | None = None
    """Department that visits; by default the ticket's."""
    version: Version | None = None

    @model_validator(mode="after")
    def _near(self) -> "BookVisit":
        now = utc_now()
        if not now < self.visit_from <= now + timedelta(days=VISIT_AHEAD_DAYS):
            raise ValueError(f"visit_from must be ahead, and {VISIT_AHEAD_DAYS} days at most")
        return self


class AppointmentView(BaseModel, from_attributes=True):
    """Visit as shown."""

    ticket_id: str
    department_id: str
    visit_from: datetime
    visit_until: datetime
    booked_at: datetime
    booked_by: str
    cancelled_at: datetime | None
    cancelled_by: str
