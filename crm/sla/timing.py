"""When a clock's steps are due, and what of its time is left (H18). Pure: seconds of business time in, moments out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from crm.sla.calendar import BusinessCalendar
from crm.sla.policy import ClockKind, LadderStep, Policy


class StepKind(StrEnum):
    """What happens at a step."""

    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


@dataclass(frozen=True)
class ClockStepPlan:
    """One thing that happens once to a running clock."""

    kind: StepKind
    offset_s: int
    """Business seconds after the deadline; before it where negative."""
    ladder: LadderStep | None = None


def plan(policy: Policy, clock: ClockKind, allowed_s: int) -> list[ClockStepPlan]:
    """A clock's steps in the order in which they are due: the warning, the breach, and the ladder."""
    before_s = allowed_s * (100 - policy.warning_percent) // 100
    steps = [ClockStepPlan(StepKind.WARNING, -before_s), ClockStepPlan(StepKind.BREACH, 0)]
    return steps + [
        ClockStepPlan(StepKind.ESCALATION, 60 * found.after_minutes, found) for found in policy.steps(clock)
    ]


def moment_of(
    step: ClockStepPlan, calendar: BusinessCalendar, now: datetime, due_at: datetime, left_s: int
) -> datetime:
    """When a step is due for a clock with so much left; now, where that is over."""
    if step.offset_s >= 0 and due_at >= now:
        return after(calendar, due_at, step.offset_s)
    return after(calendar, now, max(0, left_s + step.offset_s))


def after(calendar: BusinessCalendar, now: datetime, business_s: int) -> datetime:
    """The moment until which so much business time passes."""
    return calendar.add(now, timedelta(seconds=business_s))


def remaining(calendar: BusinessCalendar, now: datetime, due_at: datetime) -> int:
    """Business seconds until a deadline: at least one before it, nothing or less once it has passed."""
    if due_at > now:
        return max(1, ceil(calendar.between(now, due_at).total_seconds()))
    return -int(calendar.between(due_at, now).total_seconds())
