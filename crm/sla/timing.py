"""Steps of a clock and its time left (H18). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from crm.sla.calendar import BusinessCalendar
from crm.sla.policy import ClockKind, LadderStep, Policy


class StepKind(StrEnum):
    """Kind of a step."""

    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


@dataclass(frozen=True)
class ClockStepPlan:
    """Step of a running clock, which happens once."""

    kind: StepKind
    offset_s: int
    """Business seconds after the deadline; negative before it."""
    ladder: LadderStep | None = None


def plan(policy: Policy, clock: ClockKind, allowed_s: int) -> list[ClockStepPlan]:
    """Return a clock's steps in order: warning, breach, ladder."""
    before_s = allowed_s * (100 - policy.warning_percent) // 100
    steps = [ClockStepPlan(StepKind.WARNING, -before_s), ClockStepPlan(StepKind.BREACH, 0)]
    return steps + [
        ClockStepPlan(StepKind.ESCALATION, 60 * found.after_minutes, found) for found in policy.steps(clock)
    ]


def moment_of(
    step: ClockStepPlan, calendar: BusinessCalendar, now: datetime, due_at: datetime, left_s: int
) -> datetime:
    """Return when a step is due; now, where that has passed."""
    if step.offset_s >= 0 and due_at >= now:
        return after(calendar, due_at, step.offset_s)
    return after(calendar, now, max(0, left_s + step.offset_s))


def after(calendar: BusinessCalendar, now: datetime, business_s: int) -> datetime:
    """Return the moment after an amount of business time."""
    return calendar.add(now, timedelta(seconds=business_s))


def remaining(calendar: BusinessCalendar, now: datetime, due_at: datetime) -> int:
    """Return the business seconds until a deadline.

    At least one before it; zero or less once it has passed.
    """
    if due_at > now:
        return max(1, ceil(calendar.between(now, due_at).total_seconds()))
    return -int(calendar.between(due_at, now).total_seconds())
