"""Effect of merges on the head ticket's deadlines, and its undoing.

The head stands for all merged tickets (H4, H18).

Pure but for the clock it changes.
"""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from crm.sla.calendar import BusinessCalendar
from crm.sla.clock_moves import Terms, move, schedule, shorten
from crm.sla.model import TicketClock
from crm.sla.policy import Policy
from crm.sla.timing import after, remaining


class ClockBeforeMerge(BaseModel, from_attributes=True):
    """Clock as it would be without merges, and the merged result."""

    due_at: datetime
    paused_at: datetime | None
    remaining_s: int
    allowed_s: int
    round_the_clock: bool
    next_step: int
    merged_due_at: datetime | None = None
    """The deadline after the last merge."""
    merged_edition: int = 0
    """The clock's edition then: with another one, the deadline was moved since."""
    promised: dict[str, datetime | None] = {}
    """The deadline of each merged ticket by its id; None where it had none any more."""


def without_merges(clock: TicketClock) -> ClockBeforeMerge | None:
    """Return a clock as it would be without merges; None without any."""
    return ClockBeforeMerge.model_validate(clock.alone) if clock.alone is not None else None


def due_when_stopped(clock: TicketClock, calendar: BusinessCalendar) -> datetime:
    """Return a stopped clock's deadline; if paused, as if resumed then."""
    if clock.paused_at is None or clock.stopped_at is None or clock.remaining_s <= 0:
        return clock.due_at
    return after(calendar, clock.stopped_at, clock.remaining_s)


def absorb(
    clock: TicketClock,
    ticket_id: str,
    due_at: datetime | None,
    terms: Terms,
    old: BusinessCalendar,
    now: datetime,
) -> None:
    """Merge another ticket's deadline: the sooner of both counts.

    The clock also follows the urgency of its ticket, which is the higher of both.
    """
    own = without_merges(clock)
    if own is None or own.merged_edition != clock.edition:
        # A deadline that was moved since the last merge is the ticket's own.
        own = ClockBeforeMerge.model_validate(clock)
    own.promised[ticket_id] = due_at
    _make_sooner(clock, own, [due_at], terms, old, now)


def resume(clock: TicketClock, paused_at: datetime, calendar: BusinessCalendar, now: datetime) -> None:
    """Shift the deadlines without merges, and of merged tickets, by a pause."""
    own = without_merges(clock)
    if own is None:
        return
    own.remaining_s = _left_at(own, paused_at, calendar)
    if own.remaining_s > 0:
        own.due_at = after(calendar, now, own.remaining_s)
    stood_still_s = max(0, remaining(calendar, paused_at, now))
    if stood_still_s:
        own.promised = {
            ticket_id: after(calendar, due_at, stood_still_s) if due_at is not None else None
            for ticket_id, due_at in own.promised.items()
        }
    own.paused_at = None
    clock.alone = own.model_dump(mode="json")


def release(
    clock: TicketClock, ticket_id: str, terms: Terms, calendar: BusinessCalendar, now: datetime, *, same_urgency: bool
) -> None:
    """Undo a merge: restore the deadline without it.

    A deadline that was moved since the merge stays, but is no sooner than its own where it was put off. `calendar` is
    the one of the clock without merges; `same_urgency` is whether the ticket is as urgent as before.
    """
    own, clock.alone = without_merges(clock), None
    if own is None:
        return
    if own.merged_edition != clock.edition:
        if own.merged_due_at is not None and own.merged_due_at < clock.due_at < own.due_at:
            move(clock, terms.policy, calendar, own.due_at, now)
        return
    gone = own.promised.pop(ticket_id, None)
    if own.promised and same_urgency and (gone is None or gone > clock.due_at):
        clock.alone = own.model_dump(mode="json")
        return
    _restore(clock, own, terms.policy, calendar, now)
    if own.promised:
        _make_sooner(clock, own, own.promised.values(), terms, calendar, now)


def _make_sooner(
    clock: TicketClock,
    own: ClockBeforeMerge,
    promised: Iterable[datetime | None],
    terms: Terms,
    old: BusinessCalendar,
    now: datetime,
) -> None:
    """Apply the ticket's urgency and promised deadlines; store the clock without them."""
    before = clock.edition
    shorten(clock, terms, old, now)
    calendar = old if clock.edition == before else terms.calendar
    for due_at in promised:
        _be_due_by(clock, due_at, terms.policy, calendar, now)
    own.merged_due_at, own.merged_edition = clock.due_at, clock.edition
    clock.alone = own.model_dump(mode="json")


def _be_due_by(
    clock: TicketClock, due_at: datetime | None, policy: Policy, calendar: BusinessCalendar, now: datetime
) -> None:
    """Move a deadline that is not late to a sooner one."""
    if due_at is None:
        return
    stands = clock.due_at
    if clock.paused_at is not None and clock.remaining_s > 0:
        stands = after(calendar, now, clock.remaining_s)
    if now < stands and due_at < stands:
        move(clock, policy, calendar, due_at, now)


def _restore(
    clock: TicketClock, own: ClockBeforeMerge, policy: Policy, calendar: BusinessCalendar, now: datetime
) -> None:
    """Restore the clock without merges, with its steps before them.

    It stays as it is where the merges changed nothing.
    """
    left_s = _left_at(own, clock.paused_at, calendar) if clock.paused_at is not None else None
    same = (clock.due_at, clock.allowed_s, clock.round_the_clock) == (own.due_at, own.allowed_s, own.round_the_clock)
    if same and left_s in {None, clock.remaining_s}:
        return
    clock.round_the_clock, clock.allowed_s = own.round_the_clock, own.allowed_s
    move(clock, policy, calendar, own.due_at, now)
    clock.next_step = max(clock.next_step, own.next_step)
    clock.remaining_s = own.remaining_s
    if left_s is not None:
        clock.remaining_s = left_s
    else:
        schedule(clock, policy, calendar, remaining(calendar, now, own.due_at), now)


def _left_at(own: ClockBeforeMerge, paused_at: datetime, calendar: BusinessCalendar) -> int:
    """Return the business seconds left without merges at the pause."""
    return own.remaining_s if own.paused_at is not None else remaining(calendar, paused_at, own.due_at)
