"""Sums of calls follow late records, zones and owners."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
import time_machine
from sqlalchemy import delete, select
from sqlmodel import SQLModel

from ari_app.campaigns.model import ANSWERS
from crm.history.model import CallChange, CallRecordView
from crm.history.service import HistoryService
from crm.reports import counting, latest, waits
from crm.reports.counting import CallCounting, NotTheOwner
from crm.reports.model import CallLine, CallQuery
from crm.reports.rollup_model import CallSum, Span
from crm.reports.service import ReportService
from crm.reports.standards import Light, judged
from crm.reports.waits import Limits, WaitEnd
from foundation.database import Database
from recordings.model import SEGMENTS

ZONE = "Asia/Shanghai"
DAY = date(2026, 11, 27)
NOON = datetime(2026, 11, 27, 4, tzinfo=UTC)
"""Of that day in the zone."""


def call(name: str, at: datetime, outcome: str = "answered", wait_ms: int = 1000) -> CallRecordView:
    facts = dict.fromkeys(CallRecordView.model_fields)
    facts |= {"keys": [], "story": [], "access_number": "96001", "hangup_by": "agent", "queue": "repair"}
    facts |= {"direction": "inbound", "queued_at": at, "talk_ms": 5000, "outcome": outcome, "wait_ms": wait_ms}
    return CallRecordView.model_validate(facts | {"id": name, "started_at": at})


async def days(database: Database, zone: str = ZONE) -> dict[date, int]:
    """Return the answered calls of some days."""
    query = CallQuery(since=DAY - timedelta(days=1), until=DAY + timedelta(days=2))
    service = ReportService(database, zone, ANSWERS, SEGMENTS)
    return {line.since.astimezone(service.zone).date(): line.answered for line in (await service.calls(query)).lines}


async def test_a_late_record_corrects_its_half_hour_and_its_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, owner = HistoryService(database), CallCounting(database, ZONE, SEGMENTS)
    await history.record_call(call("one", NOON))
    await owner.catch_up()
    assert await days(database) == {DAY: 1}
    await history.record_call(call("late", NOON - timedelta(days=1), "lost"))
    await history.record_call(call("other", NOON + timedelta(minutes=29)))
    reports = ReportService(database, ZONE, ANSWERS, SEGMENTS)
    # A reader counts what the owner has not counted yet.
    assert await days(database) == {DAY - timedelta(days=1): 0, DAY: 2}
    monkeypatch.setattr(latest, "MOST_CELLS", 0)
    assert not (await reports.calls(CallQuery(since=DAY, until=DAY + timedelta(days=1)))).up_to_date
    assert await days(database) == {DAY: 1}
    monkeypatch.undo()
    await owner.catch_up()
    assert await days(database) == {DAY - timedelta(days=1): 0, DAY: 2}
    # The record comes again, as from the spool: the same call with another outcome.
    await history.record_call(call("late", NOON - timedelta(days=1)))
    await history.record_call(call("other", NOON + timedelta(minutes=29)))
    await owner.catch_up()
    assert await days(database) == {DAY - timedelta(days=1): 1, DAY: 2}
    assert (await reports.calls(CallQuery(since=DAY, until=DAY + timedelta(days=1)))).up_to_date


async def test_a_mark_is_stored_with_its_record_or_not_at_all(database: Database) -> None:
    class Interrupted(Exception):
        pass

    from crm.history import store  # noqa: PLC0415

    def fails(connection: object) -> None:
        store.store_call(connection, call("one", NOON))  # type: ignore[arg-type]
        raise Interrupted

    with pytest.raises(Interrupted):
        await database.change(fails)
    async with database.read() as session:
        assert (await session.exec(select(CallChange))).all() == []  # type: ignore[call-overload]


async def test_days_are_counted_again_for_another_zone(database: Database) -> None:
    history = HistoryService(database)
    for hours in (-13, 0, 11):
        await history.record_call(call(f"call{hours}", NOON + timedelta(hours=hours)))
    with time_machine.travel(NOON, tick=False):
        await CallCounting(database, ZONE, SEGMENTS).catch_up()
    assert await days(database) == {DAY - timedelta(days=1): 1, DAY: 2}
    with time_machine.travel(NOON + counting.OWNED_FOR * 2, tick=False):
        await CallCounting(database, "Asia/Kathmandu", SEGMENTS).catch_up()
    assert await days(database, "Asia/Kathmandu") == {DAY - timedelta(days=1): 1, DAY: 2}


async def test_one_process_counts_and_another_takes_over_after_its_death(database: Database) -> None:
    first, second = CallCounting(database, ZONE, SEGMENTS), CallCounting(database, ZONE, SEGMENTS)
    await HistoryService(database).record_call(call("one", NOON))
    with time_machine.travel(NOON, tick=False):
        assert await first.take()
        assert not await second.take()
    with time_machine.travel(NOON + counting.OWNED_FOR * 2, tick=False):
        assert await second.take()
        with pytest.raises(NotTheOwner):
            await first.count_some()
        await second.catch_up()
    assert await days(database) == {DAY: 1}


async def test_a_busy_day_leaves_pauses_between_counts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Paused(Exception):
        pass

    class Busy(CallCounting):
        counts = 0

        async def count_some(self) -> int:
            self.counts += 1
            if self.counts > 10:
                raise AssertionError("no pause")
            # A day's backlog, and then calls that end while they are counted.
            return counting.CELLS_AT_ONCE if self.counts < 3 else 1

    async def pause(seconds: float) -> None:
        raise Paused(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    owner = Busy(database, ZONE, SEGMENTS)
    with pytest.raises(Paused):
        await owner.run()
    assert owner.counts == 3


def test_counted_waits_add_up_and_tell_limits_apart() -> None:
    random = Random(17)
    given = [
        (
            random.choice([0, 99, 100, 4999, 5000, 59_999, 60_000, 60_001, 61_000, random.randrange(400_000)]),
            random.choice(list(WaitEnd)),
        )
        for _ in range(500)
    ]
    parts = []
    for part in (given[:10], given[10:300], given[300:]):
        counts: dict[int, int] = {}
        for wait, end in part:
            counts[waits.key_of(wait, end)] = counts.get(waits.key_of(wait, end), 0) + 1
        parts.append(waits.packed(counts))
    ordered = sorted(wait for wait, _ in given)
    for within_s, short_s in ((1, 0), (5, 5), (60, 60), (61, 61), (3600, 600)):
        (found,) = waits.figures([waits.joined(parts)], Limits(within_s, short_s), [ordered[-1]])
        assert found.answered_within == sum(end is WaitEnd.ANSWERED and wait <= within_s * 1000 for wait, end in given)
        assert found.abandoned_within == sum(
            end is WaitEnd.ABANDONED and wait <= within_s * 1000 for wait, end in given
        )
        assert found.short_abandoned == sum(end is WaitEnd.ABANDONED and wait < short_s * 1000 for wait, end in given)
        for percent, value in ((50, found.wait_p50_ms), (95, found.wait_p95_ms)):
            exact = ordered[(len(ordered) * percent + 99) // 100 - 1]
            assert value is not None
            assert 0 <= value - exact < (100 if exact <= 60_000 else 1000)
    (nothing,) = waits.figures([waits.joined([])], Limits(20, 5), [0])
    assert nothing.wait_p50_ms is None
    assert waits.figures([], Limits(20, 5), []) == []


async def test_figures_are_the_same_before_and_after_their_count(database: Database) -> None:
    history, owner = HistoryService(database), CallCounting(database, ZONE, SEGMENTS)
    reports = ReportService(database, ZONE, ANSWERS, SEGMENTS)
    for place, (minutes, outcome) in enumerate(
        [(0, "answered"), (10, "abandoned"), (40, "lost"), (-900, "answered"), (800, "abandoned"), (5, "answered")]
    ):
        if place == 2:
            await owner.catch_up()
        await history.record_call(call(f"c-{place}", NOON + timedelta(minutes=minutes), outcome, 7000 * place))
    asked = {"since": DAY - timedelta(days=1), "until": DAY + timedelta(days=2)}
    queries = [
        CallQuery.model_validate({**asked, "by": by, "group": group, "queue": queue})
        for by in ("half_hour", "day", "whole")
        for group in ("none", "queue", "access_number", "agent")
        for queue in (None, "repair", "other")
    ]
    before = [(await reports.calls(query)).lines for query in queries]
    await owner.catch_up()
    assert before == [(await reports.calls(query)).lines for query in queries]
    assert sum(line.offered for line in before[0]) == 6


@pytest.mark.parametrize("given", [[66_400], [66_100, 66_400], [30, 59_950], [0]])
def test_no_percentile_is_above_the_longest_wait(given: list[int]) -> None:
    counts = waits.packed({waits.key_of(wait, WaitEnd.ANSWERED): 1 for wait in given})
    none = waits.joined([])
    before, found, after = waits.figures([none, waits.joined([counts]), none], Limits(20, 5), [0, max(given), 0])
    assert before == after == (0, 0, 0, 0, 0, None, None)
    assert found.wait_p50_ms is not None
    assert found.wait_p95_ms is not None
    assert given[0] <= found.wait_p50_ms <= found.wait_p95_ms == max(given)


async def test_the_board_counts_as_the_report_does(database: Database) -> None:
    history, reports = HistoryService(database), ReportService(database, ZONE, ANSWERS, SEGMENTS)
    for name, minutes, outcome, wait_ms in (
        ("recent", 29, "answered", 20_000),
        ("slow", 10, "answered", 20_001),
        ("left", 5, "abandoned", 2000),
        ("earlier", 31, "answered", 1000),
    ):
        await history.record_call(call(name, NOON - timedelta(minutes=minutes), outcome, wait_ms))
    await CallCounting(database, ZONE, SEGMENTS).catch_up()
    with time_machine.travel(NOON, tick=False):
        now = await reports.now()
    (queue,) = now.queues
    assert queue.last is not None
    assert queue.queue == "repair"
    assert (queue.last.offered, queue.last.abandoned, queue.last.level_of_offered) == (3, 1, 33.3)
    day = CallQuery(since=DAY, until=DAY + timedelta(days=1), group="queue")
    assert [queue.today] == (await reports.calls(day)).lines
    verdicts = {one.name: (one.light, one.part_count, one.base_count) for one in await reports.standards(day)}
    assert verdicts == {
        "connected": (Light.RED, 3, 4),
        "answered_in_15_s": (Light.RED, 1, 3),
        "level_80_20": (Light.RED, 2, 4),
    }


@pytest.mark.parametrize(
    ("answered", "light"), [(96, Light.GREEN), (95, Light.GREEN), (94, Light.AMBER), (89, Light.RED)]
)
def test_a_standard_is_met_nearly_met_or_missed(answered: int, light: Light) -> None:
    counts = dict.fromkeys(("answered", "answered_in_15_s", "answered_in_20_s"), answered)
    assert judged(cast("CallLine", SimpleNamespace(offered=100, **counts)))[0].light is light
    assert {one.light for one in judged(None)} == {Light.GREY}


async def test_days_of_a_queues_agents_are_read_from_day_rows(database: Database) -> None:
    history = HistoryService(database)
    for name, at, agent_id in (("a", NOON, "anna"), ("b", NOON + timedelta(hours=2), "anna"), ("c", NOON, "bert")):
        await history.record_call(call(name, at).model_copy(update={"agent_id": agent_id}))
    await CallCounting(database, ZONE, SEGMENTS).catch_up()
    sums = SQLModel.metadata.tables[CallSum.__tablename__]
    await database.change(lambda connection: connection.execute(delete(sums).where(sums.c.span == Span.CELL)))
    query = CallQuery(since=DAY, until=DAY + timedelta(days=1), group="agent", queue="repair")
    lines = (await ReportService(database, ZONE, ANSWERS, SEGMENTS).calls(query)).lines
    assert {line.key: line.answered for line in lines} == {"anna": 2, "bert": 1}
