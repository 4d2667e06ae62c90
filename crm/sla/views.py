"""Input and views of service levels."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField

from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import PersonalText
from crm.sla.hours import WorkingHours
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind, Policy
from crm.sla.timing import StepKind
from crm.text import FormerVersion, Id, Lines, OneLine
from crm.tickets.model import TicketStatus, Urgency


class PolicyInput(BaseModel, extra="forbid"):
    """Whole policy to enter, in place of the one before."""

    policy: Policy
    version: FormerVersion
    """The newest version, from which it was made; 0 is the policy as shipped."""
    effective_from: Moment | None = None
    """Left out: now."""
    reaches_open: bool = False
    """Open tickets change over to it; try a what-if first."""
    note: OneLine = InputField(default="", max_length=200)


class PolicyView(BaseModel, from_attributes=True):
    """Version of the policy."""

    version: int
    in_force: bool
    policy: Policy
    effective_from: datetime | None = None
    """None: the policy as shipped."""
    reaches_open: bool = False
    note: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


class HoursInput(BaseModel, extra="forbid"):
    """Working hours to enter; None: those of the service, or as shipped."""

    hours: WorkingHours | None


class HoursView(BaseModel):
    """Working hours of a department or of the whole service."""

    owner: str
    """A department's id, or `default` for the whole service."""
    hours: WorkingHours
    changed_by: str = ""
    changed_at: datetime | None = None


class DayView(BaseModel):
    """Day in the service's calendar."""

    day: str
    is_workday: bool
    is_guess: bool
    """The year's make-up workdays are not published: it follows from weekends and statutory holidays."""


class StepView(BaseModel, from_attributes=True):
    """Step that happened."""

    kind: StepKind
    step: int
    edition: int
    department_id: str | None
    due_at: datetime
    at: datetime


class ClockView(BaseModel):
    """Clock of a ticket."""

    clock: ClockKind
    round: int
    department_id: str | None
    policy_version: int
    round_the_clock: bool
    allowed_s: int
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    remaining_s: int | None
    """Business seconds left during a pause."""
    stopped_at: datetime | None
    is_late: bool
    next_at: datetime | None
    steps: list[StepView]


def is_late(clock: TicketClock, now: datetime) -> bool:
    """Return whether a deadline was missed, at its pause, stop or now."""
    return (clock.paused_at or clock.stopped_at or now) > clock.due_at


def clock_view(clock: TicketClock, steps: list[StepView], now: datetime) -> ClockView:
    """Return the view of a clock."""
    known: dict[str, Any] = clock.model_dump(exclude={"ticket_id", "edition", "next_step", "remaining_s"})
    paused = clock.remaining_s if clock.paused_at is not None else None
    return ClockView(**known, remaining_s=paused, is_late=is_late(clock, now), steps=steps)


class OverdueView(BaseModel):
    """Ticket with an overdue deadline."""

    ticket_id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    urgency: Urgency
    subject: PersonalText
    department_id: str | None
    person_id: str | None
    clock: ClockKind
    due_at: datetime
    late_s: int
    """Seconds since the deadline by the wall clock."""


class DeadlineReport(BaseModel):
    """Numbers of one kind of deadline for a department."""

    department_id: str | None
    """None: tickets without a department."""
    clock: ClockKind
    due: int
    """Deadlines of the period."""
    met: int
    breached: int
    open_breached: int
    """Breached ones that are still open."""
    met_percent: float | None
    """None without deadlines."""


class WhatIf(BaseModel, extra="forbid"):
    """Policy to try."""

    policy: Policy


class Moved(BaseModel):
    """Deadline that would move."""

    ticket_id: str
    number: str
    subject: PersonalText
    department_id: str | None
    clock: ClockKind
    from_due_at: datetime
    to_due_at: datetime


class WhatIfView(BaseModel):
    """Effect on open tickets if a policy reached them now."""

    clocks: int = 0
    """Running clocks."""
    late_now: int = 0
    """Already late; they stay late."""
    newly_breached: int = 0
    newly_warned: int = 0
    """Warned at once, and not before."""
    earlier: int = 0
    later: int = 0
    unchanged: int = 0
    paused: int = 0
    """Paused: the time left changes, not the deadline."""
    examples: list[Moved] = []
    """Deadlines that move most, breached ones first."""


class ImprovementInput(BaseModel, extra="forbid"):
    """Improvement action to add."""

    what: Lines = InputField(min_length=2, max_length=2000)
    owner: OneLine = InputField(min_length=1, max_length=100)
    until: Moment
    department_id: Id | None = None


class ImprovementDone(BaseModel, extra="forbid"):
    """Outcome of an action."""

    outcome: Lines = InputField(min_length=2, max_length=2000)


class ImprovementView(BaseModel, from_attributes=True):
    """Improvement action."""

    id: str
    department_id: str | None
    what: PersonalText
    owner: str
    until: datetime
    created_by: str
    created_at: datetime
    done_at: datetime | None
    outcome: PersonalText
    done_by: str


class Period(BaseModel, extra="forbid"):
    """Period; its end is not part of it."""

    since: Moment
    until: Moment
    department_id: Id | None = None

    @model_validator(mode="after")
    def _order(self) -> "Period":
        if self.until <= self.since:
            raise ValueError("until must be after since")
        return self
