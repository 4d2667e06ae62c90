"""Planned shifts of agents: table, inputs and views."""

from datetime import datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, model_validator
from pydantic import Field as InputField
from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from crm.moments import Day
from crm.text import Id
from foundation.database import UtcDateTime

MOST_SHIFTS = 500
"""Shifts that begin on one day."""
LONGEST_DAYS = 62
"""Days of one list, and of one copy."""


class PlannedShift(SQLModel, table=True):
    """Time in which an agent is planned to be there (H32)."""

    __tablename__ = "planned_shift"
    __table_args__ = (
        Index("ix_planned_shift_until", "until"),
        Index("ix_planned_shift_staff_id_since", "staff_id", "since"),
    )

    id: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    """Not part of it."""


def _of_the_clock(given: time) -> time:
    if given.tzinfo is not None:
        raise ValueError("must name no time zone: it is the service's")
    return given.replace(second=0, microsecond=0)


Clock = Annotated[time, AfterValidator(_of_the_clock)]


class ShiftInput(BaseModel, extra="forbid"):
    """Shift that begins on a day.

    One that ends before it begins ends on the next day.
    """

    staff_id: Id
    from_time: Clock
    until_time: Clock


class ShiftsOfDay(BaseModel, extra="forbid"):
    """All shifts that begin on a day."""

    shifts: list[ShiftInput] = InputField(max_length=MOST_SHIFTS)


class ShiftQuery(BaseModel, extra="forbid"):
    """Days on which shifts begin."""

    since: Day
    until: Day
    """Not part of it."""

    @model_validator(mode="after")
    def _bounds(self) -> "ShiftQuery":
        if self.until <= self.since:
            raise ValueError("until must be after since")
        if self.until - self.since > timedelta(days=LONGEST_DAYS):
            raise ValueError(f"until must be at most {LONGEST_DAYS} days after since")
        return self


class ShiftCopy(BaseModel, extra="forbid"):
    """Days from which shifts are taken over, and to which."""

    source: Day
    target: Day
    days: int = InputField(default=7, ge=1, le=LONGEST_DAYS)


class ShiftView(BaseModel):
    """Planned shift of an agent."""

    staff_id: str
    name: str
    team: str
    since: datetime
    until: datetime
