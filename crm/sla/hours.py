"""Working hours as input, and their calendar (H18)."""

import datetime as dt
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField

from crm import moments
from crm.sla.calendar import BusinessCalendar, Span
from foundation.workdays import Workdays

WALL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"

WallTime = Annotated[str, InputField(pattern=WALL_TIME)]
"""By the local clock; 24:00 is the end of the day."""


class OpenSpan(BaseModel, extra="forbid"):
    """Opening and closing time."""

    opens: WallTime
    closes: WallTime

    @model_validator(mode="after")
    def _order(self) -> "OpenSpan":
        if self.minutes()[0] >= self.minutes()[1]:
            raise ValueError("closes must be after opens; what passes midnight is two spans, on two days")
        return self

    def minutes(self) -> Span:
        """Return both as minutes of the day."""
        return _minute(self.opens), _minute(self.closes)


def _minute(wall: str) -> int:
    hour, _, minute = wall.partition(":")
    return int(hour) * 60 + int(minute)


def _in_order(spans: list[OpenSpan], field: str) -> None:
    for number, (earlier, later) in enumerate(pairwise(spans), start=1):
        if later.minutes()[0] < earlier.minutes()[1]:
            raise ValueError(f"{field}: span {number} begins before the one before it ends")


Day = Annotated[list[OpenSpan], InputField(max_length=12)]


class WorkingHours(BaseModel, extra="forbid"):
    """Working hours of a department.

    Workdays follow from weekends, holidays and make-up workdays (调休).
    """

    round_the_clock: bool = False
    workday: Day = []
    day_off: Day = []
    """Hours on weekends and holidays."""
    days: dict[moments.Day, Day] = InputField(default={}, max_length=1000)
    """Exceptions for single days; an empty list is a day without working hours."""

    @model_validator(mode="after")
    def _whole(self) -> "WorkingHours":
        if self.round_the_clock and (self.workday or self.day_off or self.days):
            raise ValueError("round_the_clock: leave out workday, day_off and days, for every moment counts")
        if not self.round_the_clock and not self.workday:
            raise ValueError("workday: must have at least one span, or nothing would ever be due")
        _in_order(self.workday, "workday")
        _in_order(self.day_off, "day_off")
        for day, spans in self.days.items():
            _in_order(spans, f"days.{day}")
        return self


def calendar_of(hours: WorkingHours, zone: dt.tzinfo, workdays: Workdays) -> BusinessCalendar:
    """Return the calendar of working hours in a time zone."""
    return BusinessCalendar(
        zone=zone,
        workday=_spans(hours.workday),
        day_off=_spans(hours.day_off),
        days={day: _spans(spans) for day, spans in hours.days.items()},
        is_workday=workdays.is_workday,
        round_the_clock=hours.round_the_clock,
    )


def _spans(given: list[OpenSpan]) -> list[Span]:
    return [span.minutes() for span in given]


OFFICE_HOURS = WorkingHours(
    workday=[OpenSpan(opens="08:30", closes="12:00"), OpenSpan(opens="13:30", closes="18:00")],
)
"""Hours as shipped, for departments without their own: eight hours a workday."""
ALWAYS = WorkingHours(round_the_clock=True)
