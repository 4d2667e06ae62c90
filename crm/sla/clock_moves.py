"""Changes of a clock: start, pause, resume, move (H18).

Pure but for the clock that they change.
"""

from dataclasses import dataclass
from datetime import datetime

from crm.sla.calendar import BusinessCalendar
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind, LevelRule, Policy
from crm.sla.timing import after, moment_of, plan, remaining


@dataclass(frozen=True)
class Terms:
    """Policy, rule and calendar of a ticket as it is now."""

    version: int
    """The version of the policy."""
    policy: Policy
    rule: LevelRule
    calendar: BusinessCalendar
    department_id: str | None


def start(
    ticket_id: str, clock: ClockKind, number: int, terms: Terms, begun: datetime, now: datetime, allowed_s: int
) -> TicketClock:
    """Start a clock of a round, perhaps in the past."""
    due_at = after(terms.calendar, begun, allowed_s)
    made = TicketClock(
        ticket_id=ticket_id,
        clock=clock,
        round=number,
        department_id=terms.department_id,
        policy_version=terms.version,
        round_the_clock=terms.rule.round_the_clock,
        allowed_s=allowed_s,
        started_at=begun,
        due_at=due_at,
    )
    schedule(made, terms.policy, terms.calendar, remaining(terms.calendar, now, due_at), now)
    return made


def schedule(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, left_s: int, now: datetime) -> None:
    """Set when the next step is due; the deadline stays."""
    steps = plan(policy, clock.clock, clock.allowed_s)
    following = steps[clock.next_step] if clock.next_step < len(steps) else None
    clock.next_at = moment_of(following, calendar, now, clock.due_at, left_s) if following is not None else None


def pause(clock: TicketClock, calendar: BusinessCalendar, now: datetime) -> None:
    """Pause the clock with the time that is left."""
    clock.remaining_s = remaining(calendar, now, clock.due_at)
    clock.paused_at, clock.next_at = now, None


def resume(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, now: datetime) -> None:
    """Resume with the time left; a late clock stays as late."""
    if clock.remaining_s > 0:
        clock.due_at = after(calendar, now, clock.remaining_s)
    clock.paused_at = None
    schedule(clock, policy, calendar, clock.remaining_s, now)


def move(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, due_at: datetime, now: datetime) -> None:
    """Set another deadline and repeat its steps; a passed one without warning."""
    left_s = remaining(calendar, now, due_at)
    clock.edition += 1
    clock.due_at, clock.next_step = due_at, 0 if left_s > 0 else 1
    if clock.paused_at is not None:
        clock.remaining_s = left_s
        return
    schedule(clock, policy, calendar, left_s, now)


def reopen(clock: TicketClock, policy: Policy, calendar: BusinessCalendar, now: datetime) -> None:
    """Resume a stopped clock as if it had not been stopped.

    A clock that was in time gets at least a share of its time, so that it is not late at once.
    """
    stopped_at, clock.stopped_at = clock.stopped_at, None
    if clock.paused_at is not None:
        return
    left_s = remaining(calendar, now, clock.due_at)
    was_late = stopped_at is not None and stopped_at > clock.due_at
    share_s = min(_share(policy, clock.allowed_s), remaining(calendar, stopped_at or now, clock.due_at))
    if was_late or left_s >= share_s:
        schedule(clock, policy, calendar, left_s, now)
    else:
        move(clock, policy, calendar, after(calendar, now, share_s), now)


def hand_over(clock: TicketClock, terms: Terms, old: BusinessCalendar, now: datetime) -> None:
    """Count the time left by the new department's hours and rule.

    A deadline that has passed stays passed.
    """
    clock.department_id, clock.round_the_clock = terms.department_id, terms.rule.round_the_clock
    left_s = remaining(old, now, clock.due_at)
    allowed_s = terms.rule.seconds(clock.clock)
    if clock.round > 1:
        # A later round has the time it was given, not that of the rule.
        allowed_s = clock.allowed_s
    more_s = allowed_s - clock.allowed_s
    if left_s <= 0 or (more_s == 0 and terms.calendar is old):
        return
    clock.allowed_s = allowed_s
    left_s = max(left_s + more_s, min(left_s, _share(terms.policy, allowed_s)))
    due_at = after(terms.calendar, now, left_s)
    if more_s:
        move(clock, terms.policy, terms.calendar, due_at, now)
    else:
        clock.due_at = due_at
        schedule(clock, terms.policy, terms.calendar, left_s, now)


def shorten(clock: TicketClock, terms: Terms, old: BusinessCalendar, now: datetime) -> None:
    """Move a more urgent ticket's deadline: sooner, never at once (H18)."""
    left_s = clock.remaining_s if clock.paused_at is not None else remaining(old, now, clock.due_at)
    allowed_s = terms.rule.seconds(clock.clock)
    if left_s <= 0:
        return
    new_s = max(allowed_s - (clock.allowed_s - left_s), _share(terms.policy, allowed_s))
    due_at = after(terms.calendar, now, new_s)
    if due_at >= after(old, now, left_s):
        return
    clock.round_the_clock, clock.allowed_s = terms.rule.round_the_clock, allowed_s
    move(clock, terms.policy, terms.calendar, due_at, now)


def correct(clock: TicketClock, terms: Terms, old: BusinessCalendar, now: datetime) -> None:
    """Apply terms that should have counted from the start.

    More time where they give more; otherwise as for a ticket that became more urgent.

    A deadline that has passed stays passed, and what came back has no more than it was given.
    """
    left_s = clock.remaining_s if clock.paused_at is not None else remaining(old, now, clock.due_at)
    allowed_s = terms.rule.seconds(clock.clock)
    more_s = allowed_s - clock.allowed_s
    if clock.round > 1 or more_s <= 0:
        shorten(clock, terms, old, now)
    elif left_s > 0:
        clock.round_the_clock, clock.allowed_s = terms.rule.round_the_clock, allowed_s
        move(clock, terms.policy, terms.calendar, after(terms.calendar, now, left_s + more_s), now)


def left_under(clock: TicketClock, terms: Terms, old: BusinessCalendar, now: datetime) -> int:
    """Return the business seconds left under other terms, by the time used.

    Negative where too much was used. A later round keeps the time it was given.
    """
    left_s = clock.remaining_s if clock.paused_at is not None else remaining(old, now, clock.due_at)
    if clock.round > 1:
        return left_s
    return left_s + terms.rule.seconds(clock.clock) - clock.allowed_s


def change_over(clock: TicketClock, terms: Terms, old: BusinessCalendar, now: datetime) -> None:
    """Put a clock under other terms; if late under them, due now.

    A deadline that has passed before stays as it is.
    """
    is_late = clock.paused_at is None and clock.due_at <= now
    left_s = left_under(clock, terms, old, now)
    clock.policy_version = terms.version
    if is_late:
        return
    is_same = clock.round > 1 or clock.allowed_s == terms.rule.seconds(clock.clock)
    if is_same and terms.calendar is old:
        return
    clock.round_the_clock = terms.rule.round_the_clock
    clock.allowed_s = clock.allowed_s if clock.round > 1 else terms.rule.seconds(clock.clock)
    move(clock, terms.policy, terms.calendar, after(terms.calendar, now, max(0, left_s)), now)


def next_round_s(policy: Policy, allowed_s: int, left_s: int) -> int:
    """Return a next round's seconds: those left, at least a share."""
    return max(left_s, _share(policy, allowed_s))


def _share(policy: Policy, allowed_s: int) -> int:
    return max(1, allowed_s * policy.again_percent // 100)
