"""Effect of an agreed visit on a deadline (H3, H18)."""

from collections.abc import Callable
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
    remaining_s: int = 0
    """Business seconds left without the visit during a pause."""
    edition: int = 0
    """The clock's edition without the visit."""


def change(clock: TicketClock, changed: Callable[[TicketClock], None]) -> TicketClock | None:
    """Change a clock and, equally, its deadline without a visit.

    Returns the clock without the visit after the change; None where no visit moved the deadline.
    """
    own = _without_visit(clock)
    changed(clock)
    if own is None:
        return None
    changed(own)
    # Merges belong to the deadline without the visit.
    clock.alone = own.alone
    clock.before_visit = _stored(own, clock)
    return own


def agree(clock: TicketClock, visit_until: datetime, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    """Move a deadline behind an agreed visit; return whether it moved.

    Time to reply is added. A later visit instead of another moves it further, an earlier one back. A deadline that has
    passed stays passed.
    """
    if clock.paused_at is None and clock.due_at <= now:
        return False
    own = _without_visit(clock) or _copy(clock)
    own_due_at = _due_at(own, calendar, now)
    due_at = max(own_due_at, after(calendar, visit_until, 60 * policy.after_visit_minutes))
    moved = _move(clock, due_at, policy, calendar, now)
    if due_at > own_due_at:
        clock.before_visit = _stored(own, clock)
    else:
        _forget_visit(clock, own)
    return moved


def cancel(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    """Restore the deadline before a cancelled visit; return whether it moved.

    At least a share of the clock's time is left, so that the cancellation is no breach.
    """
    if clock.before_visit is None or (clock.paused_at is None and clock.due_at <= now):
        return False
    own = _without_visit(clock) or _copy(clock)
    own_due_at = _due_at(own, calendar, now)
    least = after(calendar, now, next_round_s(policy, clock.allowed_s, 0))
    moved = _move(clock, min(_due_at(clock, calendar, now), max(own_due_at, least)), policy, calendar, now)
    _forget_visit(clock, own)
    return moved


def _move(clock: TicketClock, due_at: datetime, policy: Policy, calendar: BusinessCalendar, now: datetime) -> bool:
    if due_at == _due_at(clock, calendar, now):
        return False
    move(clock, policy, calendar, due_at, now)
    return True


def _without_visit(clock: TicketClock) -> TicketClock | None:
    """Return a copy of the clock without the visit.

    None where no visit moved the deadline, or something else moved it since.
    """
    try:
        before = DeadlineBeforeVisit.model_validate(clock.before_visit)
    except ValidationError:
        return None
    if before.moved_to != clock.due_at:
        return None
    own = _copy(clock)
    own.due_at, own.remaining_s, own.edition = before.due_at, before.remaining_s, before.edition
    return own


def _copy(clock: TicketClock) -> TicketClock:
    return TicketClock(**clock.model_dump())


def _forget_visit(clock: TicketClock, own: TicketClock) -> None:
    """Forget the visit; a merge before it counts as the last move."""
    clock.before_visit = None
    if clock.alone is not None and clock.alone.get("merged_edition") == own.edition:
        clock.alone = {**clock.alone, "merged_edition": clock.edition}


def _due_at(clock: TicketClock, calendar: BusinessCalendar, now: datetime) -> datetime:
    """Return the deadline; of a paused clock, as if it resumed now."""
    if clock.paused_at is None or clock.remaining_s <= 0:
        return clock.due_at
    return after(calendar, now, clock.remaining_s)


def _stored(own: TicketClock, clock: TicketClock) -> dict[str, object]:
    before = DeadlineBeforeVisit(
        due_at=own.due_at, moved_to=clock.due_at, remaining_s=own.remaining_s, edition=own.edition
    )
    return before.model_dump(mode="json")
