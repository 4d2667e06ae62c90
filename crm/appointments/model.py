"""Windows of a week, how many visits fit into each, and who booked them."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, model_validator
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm.moments import Day, Moment
from crm.text import Id, Version
from crm.tickets.model import VISIT_AHEAD_DAYS
from foundation.clock import utc_now
from foundation.database import UtcDateTime

_ACTIVE = text("cancelled_at IS NULL")

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
"""A time of day by the clock of the place, such as 08:30; 24:00 ends the day."""


class AppointmentWindow(SQLModel, table=True):
    """So many visits of a department fit into this window, every week. Whoever books holds its row until the end."""

    __tablename__ = "appointment_window"
    __table_args__ = (UniqueConstraint("department_id", "weekday", "from_clock"),)

    id: str = Field(primary_key=True)
    department_id: str = Field(foreign_key="department.id")
    weekday: int
    """1 is Monday (ISO 8601)."""
    from_clock: str
    until_clock: str
    places: int
    """0 takes no more, and keeps what is booked."""


class Appointment(SQLModel, table=True):
    """A visit that was agreed with the customer. Changed, it is cancelled, and another is booked."""

    __tablename__ = "appointment"
    __table_args__ = (
        # One visit of a ticket at a time.
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
    """From which ticket a merge brought it, and what the other one's wish was: what undoing the merge gives back."""


class WindowInput(BaseModel, extra="forbid"):
    """One window of the week."""

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
    """All windows of a department, in place of those before; what is booked stays booked."""

    windows: list[WindowInput] = InputField(max_length=168)

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
    """A window of the week as shown."""


class FreeQuery(BaseModel, extra="forbid"):
    """Which days."""

    first: Day | None = None
    """Today by default."""
    days: int = InputField(default=7, ge=1, le=31)


class FreeWindow(BaseModel):
    """A window of one day."""

    day: date
    visit_from: datetime
    visit_until: datetime
    places: int
    booked: int
    free: int


class BookVisit(BaseModel, extra="forbid"):
    """Which window: the moment it begins, as the free ones say."""

    visit_from: Moment
    department_id: Id | None = None
    """Whose; by default whose the ticket is."""
    version: Version | None = None

    @model_validator(mode="after")
    def _near(self) -> "BookVisit":
        now = utc_now()
        if not now < self.visit_from <= now + timedelta(days=VISIT_AHEAD_DAYS):
            raise ValueError(f"visit_from must be ahead, and {VISIT_AHEAD_DAYS} days at most")
        return self


class AppointmentView(BaseModel, from_attributes=True):
    """A visit as shown."""

    ticket_id: str
    department_id: str
    visit_from: datetime
    visit_until: datetime
    booked_at: datetime
    booked_by: str
    cancelled_at: datetime | None
    cancelled_by: str
