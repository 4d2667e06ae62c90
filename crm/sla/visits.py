"""Effect of an agreed visit on a deadline (H3, H18)."""

from datetime import datetime

from pydantic import BaseModel, ValidationError

from crm.sla.calendar import BusinessCalendar
from crm.sla.clock_moves import move, next_round_s
from crm.sla.model import TicketClock
from crm.sla.policy import Policy
from crm.sla.timing import after


class DeadlineBeforeVisit(BaseModel):
    """Deadline that a visit moved."""

    due_at: datetime
    """The deadline without the visit."""
    moved_to: datetime
    """The deadline with it; a clock with another one was moved since."""


def agree(clock: TicketClock, visit_until: datetime, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    """Move a deadline behind an agreed visit; return whether it moved.

    Time to reply is added. A later visit instead of another moves it further, an earlier one back. A deadline that has
    passed stays passed.
    """
    if clock.paused_at is None and clock.due_at <= now:
        return False
    own = _own_deadline(clock, calendar, now)
    due_at = max(own, after(calendar, visit_until, 60 * policy.after_visit_minutes))
    clock.before_visit = _stored(own, due_at) if due_at > own else None
    return _move(clock, due_at, policy, calendar, now)


def cancel(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    """Restore the deadline before a cancelled visit; return whether it moved.

    At least a share of the clock's time is left, so that the cancellation is no breach.
    """
    if clock.before_visit is None or (clock.paused_at is None and clock.due_at <= now):
        return False
    own = _own_deadline(clock, calendar, now)
    clock.before_visit = None
    least = after(calendar, now, next_round_s(policy, clock.allowed_s, 0))
    return _move(clock, min(clock.due_at, max(own, least)), policy, calendar, now)


def _move(clock: TicketClock, due_at: datetime, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    if due_at == _due_at(clock, calendar, now):
        return False
    move(clock, policy, calendar, due_at, now)
    return True


def _own_deadline(clock: TicketClock, calendar: BusinessCalendar, now: datetime) -> datetime:
    """Return the deadline without the visit; the present one, if moved since."""
    try:
        before = DeadlineBeforeVisit.model_validate(clock.before_visit)
    except ValidationError:
        before = None
    if before is not None and before.moved_to == clock.due_at:
        return before.due_at
    return _due_at(clock, calendar, now)


def _due_at(clock: TicketClock, calendar: BusinessCalendar, now: datetime) -> datetime:
    """Return the deadline; of a paused clock, as if it resumed now."""
    if clock.paused_at is None or clock.remaining_s <= 0:
        return clock.due_at
    return after(calendar, now, clock.remaining_s)


def _stored(due_at: datetime, moved_to: datetime) -> dict[str, str]:
    return {"due_at": due_at.isoformat(), "moved_to": moved_to.isoformat()}
