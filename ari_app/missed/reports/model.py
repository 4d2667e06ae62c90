"""Queries and lines of the reports."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from crm.reports.model import Bucket, Language, Line, ReportQuery

CallBackGroup = Literal["none", "queue"]
RescueGroup = Literal["none", "queue", "reason"]


class CallBackQuery(ReportQuery):
    """Report of calls back."""

    group: CallBackGroup = "none"


class CallBackSheetQuery(CallBackQuery):
    """Report of calls back as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class RescueQuery(ReportQuery):
    """Report of missed people."""

    group: RescueGroup = "none"


class RescueSheetQuery(RescueQuery):
    """Report of missed people as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class CallBackLine(Line):
    """Figures of calls back; `/figure-definitions` has the formulas."""

    asked: int
    kept: int
    kept_share: float | None
    reached: int
    reached_share: float | None
    came_back: int
    taken: int
    given_up: int
    open: int
    time_p50_ms: int | None
    time_p95_ms: int | None


class RescueLine(Line):
    """Figures of missed people; `/figure-definitions` has the formulas."""

    people: int
    calls: int
    reached: int
    reached_share: float | None
    in_day: int
    settled: int
    open: int
    time_p50_ms: int | None
    time_p95_ms: int | None


class CallBackReport(BaseModel):
    """Report of calls back; buckets without one have no line."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[CallBackLine]


class RescueReport(BaseModel):
    """Report of missed people; buckets without one have no line."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[RescueLine]
