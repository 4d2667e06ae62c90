"""What merging tickets does to a deadline of the one that stands for all, and how undoing it gives it back (H4, H18).

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
    """A clock as it would be without what was merged into its ticket, and what that made of it."""

    due_at: datetime
    paused_at: datetime | None
    remaining_s: int
    allowed_s: int
    round_the_clock: bool
    next_step: int
    merged_due_at: datetime | None = None
    """Until when it was due after the last merge."""
    merged_edition: int = 0
    """Its edition then: another one means that somebody moved the deadline since."""
    promised: dict[str, datetime | None] = {}
    """Until when each merged ticket was due, by its id; None where it had no such deadline any more."""


def alone(clock: TicketClock) -> ClockBeforeMerge | None:
    """What a clock would be without what was merged into its ticket; None where nothing was."""
    return ClockBeforeMerge.model_validate(clock.alone) if clock.alone is not None else None


def due_when_stopped(clock: TicketClock, calendar: BusinessCalendar) -> datetime:
    """Until when a stopped clock was due; one that was paused is taken as if it had gone on at that moment."""
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
    """Another ticket is part of this one: as urgent as the more urgent of both, and due no later than that one was."""
    own = alone(clock)
    if own is None or own.merged_edition != clock.edition:
        # What somebody decided since the last merge is its own.
        own = ClockBeforeMerge.model_validate(clock)
    own.promised[ticket_id] = due_at
    _make_sooner(clock, own, [due_at], terms, old, now)


def resume(clock: TicketClock, paused_at: datetime, calendar: BusinessCalendar, now: datetime) -> None:
    """The clock went on after a pause: without what was merged it would have stood still as long."""
    own = alone(clock)
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
    """A ticket is taken out again: the clock is due as it would be alone, or as those that stay merged make it.

    A deadline that was moved since the merge stays, but is no sooner than its own where it was put off. `calendar` is
    the one by which the clock would run alone; `same_urgency` is whether the ticket is as urgent as before.
    """
    own, clock.alone = alone(clock), None
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
    """It is as urgent as its ticket is by now, and due by what was promised; what it would be alone is kept."""
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
    """It is due then, where that is sooner; what is late stays as late as it is."""
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
    """As it would be alone, with the steps that had happened before the merge; as it is where that changed nothing."""
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
    """Business seconds a clock would have had left when it was paused."""
    return own.remaining_s if own.paused_at is not None else remaining(calendar, paused_at, own.due_at)
