"""Queries and lines of reports."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from crm.history.model import SHORT_WAIT_MS, Part
from crm.moments import Day

By = Literal["half_hour", "hour", "day", "week", "month", "quarter", "year", "whole"]
CallGroup = Literal["none", "queue", "access_number", "agent", "team"]
AgentGroup = Literal["agent", "team"]
Team = Annotated[str, Field(max_length=60)]
"""Name of a team; empty text: agents without one."""
Language = Literal["zh", "en"]
"""Language of headings."""
TicketGroup = Literal["none", "kind", "department", "category", "area", "channel", "kind_and_channel"]

LONGEST_DAYS: dict[By, int] = {
    "half_hour": 8,
    "hour": 16,
    "day": 400,
    "week": 2800,
    "month": 12_000,
    "quarter": 12_000,
    "year": 12_000,
    "whole": 12_000,
}
"""Longest time of a report, so that it has at most 400 buckets."""
MOST_LINES = 10_000
"""Lines of one response."""


class ReportQuery(BaseModel, extra="forbid"):
    """Days of a report, in the service's time zone.

    `until` is not part of it.
    """

    since: Day
    until: Day
    by: By = "day"
    """Length of a bucket; `whole` makes one of all days."""

    @model_validator(mode="after")
    def _bounds(self) -> "ReportQuery":
        if self.until <= self.since:
            raise ValueError("until must be after since")
        days = LONGEST_DAYS[self.by]
        if (self.until - self.since).days > days:
            raise ValueError(f"until must be at most {days} days after since")
        return self


class CallQuery(ReportQuery):
    """Report of calls."""

    group: CallGroup = "none"
    within_s: int = Field(default=20, ge=1, le=3600)
    """T of the service level formulas."""
    short_s: int = Field(default=SHORT_WAIT_MS // 1000, ge=0, le=600)
    """An abandoned call with a shorter wait is a short abandon."""
    queue: Part = None
    access_number: Part = None
    agent_id: Part = None
    team: Team | None = None
    """Calls of the agents who are in it now."""


class AgentQuery(ReportQuery):
    """Report of agents, or of their teams."""

    group: AgentGroup = "agent"
    agent_id: Part = None
    team: Team | None = None
    """Only the agents who are in it now."""


class TicketQuery(ReportQuery):
    """Report of tickets."""

    group: TicketGroup = "none"


class ResultQuery(ReportQuery):
    """Report of the results of calls."""

    group: Literal["none", "queue"] = "none"


class ResultSheetQuery(ResultQuery):
    """Report of the results of calls as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class FlowQuery(ReportQuery):
    """Report of flows."""


class FlowSheetQuery(FlowQuery):
    """Report of flows as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class CallSheetQuery(CallQuery):
    """Report of calls as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class AgentSheetQuery(AgentQuery):
    """Report of agents as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class TicketSheetQuery(TicketQuery):
    """Report of tickets as a file."""

    language: Language = "zh"
    codes: bool = False
    """Whether the headings of a CSV are codes, for programs."""


class Bucket(BaseModel, frozen=True):
    """Hour, day or month of a report, without its end."""

    since: datetime
    until: datetime


class Line(BaseModel):
    """Bucket of one group."""

    since: datetime
    until: datetime
    """Not part of it."""
    key: str
    """Id or code of the group; empty: none is known."""
    name: str
    """Name of an agent, department or category; otherwise the key."""


class CallLine(Line):
    """Figures of calls; `/figure-definitions` has the formulas."""

    incoming: int
    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    other: int
    answered_in_15_s: int
    answered_in_20_s: int
    answered_within: int
    abandoned_within: int
    level_of_offered: float | None
    level_without_short: float | None
    level_with_abandoned: float | None
    wait_p50_ms: int | None
    wait_p95_ms: int | None
    longest_wait_ms: int | None
    talks: int
    dialled: int
    transferred: int
    talk_ms: int
    held_ms: int


class PauseTime(BaseModel):
    """Time that an agent was paused for one reason."""

    reason: str
    """Its code."""
    name: str = ""
    ms: int


class AgentLine(Line):
    """Figures of an agent; `/figure-definitions` has the formulas."""

    signed_in_ms: int = 0
    ready_ms: int = 0
    paused_ms: int = 0
    planned_pause_ms: int = 0
    alerting_ms: int = 0
    in_call_ms: int = 0
    wrap_up_ms: int = 0
    occupancy: float | None = None
    shift_ms: int = 0
    kept_ms: int = 0
    adherence: float | None = None
    answered: int = 0
    dialled: int = 0
    talk_ms: int = 0
    held_ms: int = 0
    missed: int = 0
    transferred: int = 0
    pauses: list[PauseTime] = []
    """Parts of `paused_ms`, the longest first."""


class TicketLine(Line):
    """Figures of tickets; `/figure-definitions` has the formulas."""

    registered: int
    closed: int
    in_time: int
    in_time_share: float | None
    redone: int
    refused: int
    urged: int
    rated: int
    satisfied: int
    satisfaction: float | None
    satisfaction_low: float | None
    satisfaction_high: float | None
    first_contact: int
    first_contact_share: float | None


class FlowStepCount(BaseModel):
    """Step of a flow at which callers left it."""

    step: str
    name: str
    """Its title in the reader's language, else the step."""
    left: int


class FlowLine(Line):
    """Figures of a flow; `/figure-definitions` has the formulas."""

    entered: int
    followed: int
    followed_share: float | None
    left: int
    steps: list[FlowStepCount]
    """Parts of `left`, the largest first."""


class ResultLine(Line):
    """Calls with one result; `/figure-definitions` has the formulas."""

    queue: str
    """Empty: all queues."""
    result: str
    """Its code; empty: calls without a result."""
    calls: int
    share: float | None


class ResultReport(BaseModel):
    """Report of the results of calls; buckets without calls have no line."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[ResultLine]


class CallReport(BaseModel):
    """Report of calls; buckets without calls have no line."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    within_s: int
    short_s: int
    up_to_date: bool
    """False: calls that ended in the last seconds, or all after an upgrade, are still being counted."""
    lines: list[CallLine]


class AgentReport(BaseModel):
    """Report of agents, without those who did nothing."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[AgentLine]


class FlowReport(BaseModel):
    """Report of flows, without those that no caller entered."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[FlowLine]


class QueueNow(BaseModel):
    """Figures of a queue, now; None without calls."""

    queue: str
    last: CallLine | None
    """Calls that began in the last minutes."""
    today: CallLine | None


class ReportNow(BaseModel):
    """Figures of all queues now, defined as in reports."""

    at: datetime
    minutes: int
    level: str
    """Name of the service level's figure, which `/figure-definitions` explains."""
    within_s: int
    short_s: int
    queues: list[QueueNow]


class TicketReport(BaseModel):
    """Report of tickets; buckets without tickets have no line."""

    since: date
    until: date
    time_zone: str
    times: list[Bucket]
    """All buckets."""
    lines: list[TicketLine]
