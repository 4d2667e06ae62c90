"""Deadlines to the second, through pauses and merges."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.sla import clock_moves, merging
from crm.sla.calendar import BusinessCalendar
from crm.sla.clock_moves import Terms
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind, LevelRule, Policy
from crm.sla.timing import StepKind, plan, remaining

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = BusinessCalendar(UTC, (), (), {}, lambda _: True, round_the_clock=True)
OFFICE = BusinessCalendar(UTC, ((9 * 60, 17 * 60),), (), {}, lambda _: True)
POLICY = Policy(rules=[LevelRule(respond_minutes=60, resolve_minutes=600)])
HOUR = timedelta(hours=1)


def terms(calendar: BusinessCalendar = ALWAYS) -> Terms:
    return Terms(1, POLICY, POLICY.rules[0], calendar, "department-1")


def clock(due_at: datetime, now: datetime = NOON) -> TicketClock:
    """Return a running clock that is due at a moment."""
    started_at = due_at - timedelta(hours=10)
    made = clock_moves.start("ticket-1", ClockKind.RESOLVE, 1, terms(), started_at, now, 36000)
    assert made.due_at == due_at
    return made


def next_step(running: TicketClock) -> StepKind:
    return plan(POLICY, running.clock, running.allowed_s)[running.next_step].kind


@pytest.mark.parametrize("left", [timedelta(microseconds=1), timedelta(seconds=0.4), timedelta(seconds=0.999)])
def test_deadline_less_than_a_second_away_is_not_breached(left: timedelta) -> None:
    assert remaining(ALWAYS, NOON, NOON + left) == 1
    # The night before the first moment of business time is no business time, and the deadline is ahead all the same.
    assert remaining(OFFICE, NOON.replace(hour=8), NOON.replace(hour=9)) == 1

    moved = clock(NOON + HOUR)
    clock_moves.move(moved, POLICY, ALWAYS, NOON + left, NOON)
    assert next_step(moved) is StepKind.WARNING

    for change in (clock_moves.shorten, clock_moves.hand_over):
        running = clock(NOON + left)
        change(running, terms(), ALWAYS, NOON)
        assert running.due_at == NOON + left
        assert running.next_at is not None

    paused = clock(NOON + left)
    clock_moves.pause(paused, ALWAYS, NOON)
    clock_moves.resume(paused, POLICY, ALWAYS, NOON + HOUR)
    assert paused.due_at == NOON + HOUR + timedelta(seconds=1)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=1), HOUR])
def test_deadline_that_has_passed_is_breached(late: timedelta) -> None:
    assert remaining(ALWAYS, NOON, NOON - late) <= 0
    moved = clock(NOON + HOUR)
    clock_moves.move(moved, POLICY, ALWAYS, NOON - late, NOON)
    assert next_step(moved) is StepKind.BREACH


def test_pause_of_a_merged_ticket_shifts_every_deadline_promised_by_a_merge() -> None:
    """After the first unmerge, the second ticket's shifted deadline counts."""
    head = clock(NOON + 6 * HOUR)
    for ticket_id, due_at in (("first", NOON + 2 * HOUR), ("second", NOON + 4 * HOUR)):
        merging.absorb(head, ticket_id, due_at, terms(), ALWAYS, NOON)
    assert head.due_at == NOON + 2 * HOUR

    clock_moves.pause(head, ALWAYS, NOON)
    clock_moves.resume(head, POLICY, ALWAYS, NOON + HOUR)
    merging.resume(head, NOON, ALWAYS, NOON + HOUR)
    assert head.due_at == NOON + 3 * HOUR

    merging.release(head, "first", terms(), ALWAYS, NOON + HOUR, same_urgency=True)
    assert head.due_at == NOON + 5 * HOUR
    merging.release(head, "second", terms(), ALWAYS, NOON + HOUR, same_urgency=True)
    assert head.due_at == NOON + 7 * HOUR


def test_merge_while_paused_makes_the_head_due_sooner_and_its_own_time_returns() -> None:
    head = clock(NOON + 6 * HOUR)
    clock_moves.pause(head, ALWAYS, NOON)
    merging.absorb(head, "first", NOON + 3 * HOUR, terms(), ALWAYS, NOON + HOUR)
    # Three hours were promised from noon: two are left when the pause goes on an hour later.
    assert head.remaining_s == 2 * 3600
    clock_moves.resume(head, POLICY, ALWAYS, NOON + 2 * HOUR)
    merging.resume(head, NOON, ALWAYS, NOON + 2 * HOUR)
    merging.release(head, "first", terms(), ALWAYS, NOON + 2 * HOUR, same_urgency=True)
    assert head.due_at == NOON + 8 * HOUR


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), HOUR])
def test_late_deadline_is_not_moved_by_a_merge(late: timedelta) -> None:
    head = clock(NOON - late)
    before = (head.due_at, head.edition, head.next_step, head.next_at)

    merging.absorb(head, "first", NOON - 3 * HOUR, terms(), ALWAYS, NOON)
    assert (head.due_at, head.edition, head.next_step, head.next_at) == before

    merging.release(head, "first", terms(), ALWAYS, NOON, same_urgency=True)
    assert (head.due_at, head.edition) == before[:2]


def test_late_deadline_of_a_paused_ticket_is_not_moved_by_a_merge() -> None:
    head = clock(NOON - HOUR)
    clock_moves.pause(head, ALWAYS, NOON)
    left_s = head.remaining_s
    assert left_s < 0

    merging.absorb(head, "first", NOON - 3 * HOUR, terms(), ALWAYS, NOON + HOUR)
    assert (head.due_at, head.remaining_s, head.edition) == (NOON - HOUR, left_s, 1)
