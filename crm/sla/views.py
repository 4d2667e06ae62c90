"""What is entered and shown of service levels."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField

from crm.moments import Moment
from crm.personal_data.fields import PersonalText
from crm.sla.hours import WorkingHours
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind, Policy
from crm.sla.timing import StepKind
from crm.text import FormerVersion, Id, Lines, OneLine
from crm.tickets.model import TicketKind, TicketStatus, Urgency


class PolicyInput(BaseModel, extra="forbid"):
    """A policy as an administrator enters it: whole, in place of the one before."""

    policy: Policy
    version: FormerVersion
    """The newest one, from which it was made; 0 is the policy as shipped."""
    effective_from: Moment | None = None
    """Now, where left out."""
    reaches_open: bool = False
    """Whether tickets that are open then change over to it; see what that does with a what-if first."""
    note: OneLine = InputField(default="", max_length=200)


class PolicyView(BaseModel, from_attributes=True):
    """A version of the policy as shown."""

    version: int
    in_force: bool
    policy: Policy
    effective_from: datetime | None = None
    """None: as shipped, from the beginning."""
    reaches_open: bool = False
    note: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


class HoursInput(BaseModel, extra="forbid"):
    """Somebody's working hours; None: those of the whole service, or as shipped."""

    hours: WorkingHours | None


class HoursView(BaseModel):
    """Somebody's working hours as shown."""

    owner: str
    """A department's id, or `default` for the whole service."""
    hours: WorkingHours
    changed_by: str = ""
    changed_at: datetime | None = None


class DayView(BaseModel):
    """What a day is where the service is."""

    day: str
    is_workday: bool
    is_guess: bool
    """The year's make-up workdays are not known: by weekends and the holidays the law fixes."""


class StepView(BaseModel, from_attributes=True):
    """A step that happened."""

    kind: StepKind
    step: int
    edition: int
    department_id: str | None
    due_at: datetime
    at: datetime


class ClockView(BaseModel):
    """A ticket's clock as shown."""

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
    """Business seconds left, while it is paused."""
    stopped_at: datetime | None
    is_late: bool
    next_at: datetime | None
    steps: list[StepView]


def is_late(clock: TicketClock, now: datetime) -> bool:
    """Whether a deadline was missed: by when it was paused or stopped, else by now."""
    return (clock.paused_at or clock.stopped_at or now) > clock.due_at


def clock_view(clock: TicketClock, steps: list[StepView], now: datetime) -> ClockView:
    """A clock as shown."""
    known: dict[str, Any] = clock.model_dump(exclude={"ticket_id", "edition", "next_step", "remaining_s"})
    paused = clock.remaining_s if clock.paused_at is not None else None
    return ClockView(**known, remaining_s=paused, is_late=is_late(clock, now), steps=steps)


class OverdueView(BaseModel):
    """A ticket whose deadline has passed."""

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
    """Seconds by the wall clock."""


class DeadlineReport(BaseModel):
    """How a department kept one kind of deadline."""

    department_id: str | None
    """None: while the tickets lay with nobody."""
    clock: ClockKind
    due: int
    """Deadlines that came due in the time asked for."""
    kept: int
    breached: int
    open_breached: int
    """Of those breached: still not done."""
    kept_percent: float | None
    """None where nothing was due."""


class WhatIf(BaseModel, extra="forbid"):
    """A policy that is thought about."""

    policy: Policy


class Moved(BaseModel):
    """What would become of one deadline."""

    ticket_id: str
    number: str
    subject: PersonalText
    department_id: str | None
    clock: ClockKind
    from_due_at: datetime
    to_due_at: datetime


class WhatIfView(BaseModel):
    """What a policy would do to the deadlines of open tickets if it took effect now and reached them."""

    clocks: int = 0
    """Running ones."""
    late_now: int = 0
    """Have passed already, and stay so."""
    newly_breached: int = 0
    newly_warned: int = 0
    """Would be warned at once, and were not before."""
    earlier: int = 0
    later: int = 0
    unchanged: int = 0
    paused: int = 0
    """Wait for a customer: what is left of their time changes, no deadline does."""
    examples: list[Moved] = []
    """Those that move most, the breached first."""


class ImprovementInput(BaseModel, extra="forbid"):
    """What is to be done, by whom, until when."""

    what: Lines = InputField(min_length=2, max_length=2000)
    owner: OneLine = InputField(min_length=1, max_length=100)
    until: Moment
    department_id: Id | None = None


class ImprovementDone(BaseModel, extra="forbid"):
    """What came of it."""

    outcome: Lines = InputField(min_length=2, max_length=2000)


class ImprovementView(BaseModel, from_attributes=True):
    """An improvement action as shown."""

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
    """A time, its end outside."""

    since: Moment
    until: Moment
    department_id: Id | None = None

    @model_validator(mode="after")
    def _order(self) -> "Period":
        if self.until <= self.since:
            raise ValueError("until must be after since")
        return self
