"""Query and lines of a staffing plan."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from crm.history.model import Part
from crm.moments import Day
from crm.reports.model import Bucket, Language, Line

Formula = Literal["erlang_c", "erlang_a"]


class StaffingQuery(BaseModel, extra="forbid"):
    """Day to plan, and the service level to reach."""

    day: Day
    weeks: int = Field(default=4, ge=1, le=12)
    """Weeks before the day; their same weekdays are counted."""
    queue: Part = None
    level: float = Field(default=80, ge=1, le=99.9)
    """Percent of calls to answer within `within_s`."""
    within_s: int = Field(default=20, ge=1, le=3600)
    formula: Formula = "erlang_c"
    """`erlang_a` counts on callers who lose patience."""
    shrinkage: float = Field(default=0, ge=0, le=90)
    """Percent of paid time in breaks, training and absence."""


class StaffingSheetQuery(StaffingQuery):
    """Staffing plan as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class StaffingLine(Line):
    """Half hour of the plan; `/figure-definitions` has the formulas."""

    calls: float
    handling_ms: int | None
    erlangs: float
    needed: int
    rostered: int
    level: float | None
    mean_wait_ms: int | None
    occupancy: float | None
    there: float
    level_there: float | None


class StaffingReport(BaseModel):
    """Staffing plan of a day, by half hour."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    days: list[date]
    """Past days that were counted."""
    days_without_calls: list[date]
    """Past days of the same kind that were not: the hotline had no call on them."""
    formula: Formula
    patience_ms: int | None
    """Mean time after which callers gave up; None: none did."""
    lines: list[StaffingLine]
