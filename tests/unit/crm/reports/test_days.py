"""Counted days say what their facts say, late ones included."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import Connection, delete, select
from sqlmodel import SQLModel

from ari_app.campaigns.model import ANSWERS
from crm.history.changes import FigureChange
from crm.history.facts import QueueEventKind, store_events, store_times
from crm.history.model import CallRecordView
from crm.history.service import HistoryService
from crm.reports.counting import CallCounting
from crm.reports.daily.model import AgentDay, CountedDay, PauseDay
from crm.reports.model import AgentLine, AgentQuery, FlowQuery
from crm.reports.service import ReportService
from crm.shifts.errors import ShiftsInvalid
from crm.shifts.model import ShiftCopy, ShiftInput, ShiftQuery, ShiftsOfDay
from crm.shifts.service import ShiftService
from foundation.database import Database
from recordings.model import SEGMENTS
from tests.unit.crm.reports.test_figures import agent

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 25, 16, tzinfo=UTC)
"""Midnight of the 26th in the zone."""
SINCE, UNTIL = date(2026, 11, 26), date(2026, 11, 30)
NOW = BEGIN + timedelta(days=3, hours=15)
"""In the afternoon of the 29th: three days are over."""
HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
STATES = ["ready", "talking", "wrap_up", "not_ready"]


@pytest.fixture
async def reports(database: Database) -> AsyncIterator[ReportService]:
    async with database.write() as session:
        session.add_all([agent("anna", "甲班"), agent("bert", "甲班"), agent("cleo", "")])
    with time_machine.travel(NOW, tick=False):
        yield ReportService(database, ZONE.key, ANSWERS, SEGMENTS)


def some_times() -> list[dict[str, Any]]:
    random = Random(17)
    found: list[dict[str, Any]] = []
    for name in ("anna", "bert", "cleo"):
        at = BEGIN - 5 * HOUR
        while at < NOW:
            state = random.choice(STATES)
            until = at + timedelta(milliseconds=random.randrange(1, 5 * 3_600_000))
            reason = random.choice(["meal", "other"]) if state == "not_ready" else None
            found.append(
                {"id": f"{name}-{at}", "agent_id": name, "state": state, "reason": reason, "since": at, "until": until,
                 "planned": reason == "meal" if reason else None}
            )  # fmt: skip
            at = until
    return found


def an_event(name: str, kind: QueueEventKind, hours: int) -> dict[str, Any]:
    return {"id": f"{name}-{hours}", "at": BEGIN + hours * HOUR, "event": kind, "agent_id": name, "call_id": None}


async def stored(database: Database, times: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    def store(connection: Connection) -> None:
        store_times(connection, times)
        store_events(connection, events)

    await database.change(store)


def call(name: str, hours: int, agent_id: str, **facts: Any) -> CallRecordView:
    given = dict.fromkeys(CallRecordView.model_fields)
    given |= {"keys": [], "story": [], "access_number": "96001", "hangup_by": "agent", "direction": "inbound"}
    given |= {"outcome": "answered", "talk_ms": 60_000, "flow": "hotline", "flow_step": "menu", "flow_done": False}
    at = BEGIN + hours * HOUR
    return CallRecordView.model_validate(given | {"id": name, "started_at": at, "agent_id": agent_id, **facts})


async def lines_of(reports: ReportService, **asked: Any) -> list[AgentLine]:
    return (await reports.agents(AgentQuery.model_validate({"since": SINCE, "until": UNTIL, **asked}))).lines


@pytest.fixture
def counting(database: Database) -> CallCounting:
    return CallCounting(database, ZONE.key, SEGMENTS)


async def days_counted(database: Database) -> list[datetime]:
    table = SQLModel.metadata.tables[CountedDay.__tablename__]
    return await database.look_up(
        lambda connection: [*connection.execute(select(table.c.at).order_by(table.c.at)).scalars()]
    )


async def test_counted_days_say_what_their_facts_say(
    database: Database, reports: ReportService, counting: CallCounting
) -> None:
    events = [an_event("anna", QueueEventKind.RINGNOANSWER, 30), an_event("bert", QueueEventKind.BLINDTRANSFER, 31)]
    await stored(database, some_times(), events)
    history = HistoryService(database)
    for number in range(30):
        step = "queue" if number % 3 else "menu"
        outcome = "answered" if number % 4 else "abandoned"
        await history.record_call(call(f"c{number}", number * 3, "anna", outcome=outcome, flow_step=step))
    questions: list[dict[str, Any]] = [
        {"by": by, "group": group, **only}
        for by in ("day", "week", "whole")
        for group in ("agent", "team")
        for only in ({}, {"team": "甲班"}, {"agent_id": "anna"})
    ]
    flows = FlowQuery(since=SINCE, until=UNTIL, by="whole")
    before = [await lines_of(reports, **one) for one in questions], (await reports.flows(flows)).lines

    await counting.catch_up()

    assert await days_counted(database) == [BEGIN + timedelta(days=day) for day in (-1, 0, 1, 2)]
    assert ([await lines_of(reports, **one) for one in questions], (await reports.flows(flows)).lines) == before
    anna = (await lines_of(reports, by="whole", agent_id="anna"))[0]
    assert (anna.answered, anna.missed, anna.talk_ms) == (22, 1, 22 * 60_000)
    # The days that are over are read from their counts.
    async with database.write() as session:
        for kind in (AgentDay, PauseDay):
            await session.exec(delete(kind))
    lines = await lines_of(reports, by="day", agent_id="anna")
    assert {line.since for line in lines} == {BEGIN + timedelta(days=3)}


async def test_a_late_fact_corrects_the_days_that_it_touches(
    database: Database, reports: ReportService, counting: CallCounting
) -> None:
    await stored(database, some_times(), [])
    await counting.catch_up()
    before = {line.since: line for line in await lines_of(reports, agent_id="anna")}

    since, until = BEGIN + 20 * HOUR, BEGIN + 50 * HOUR
    late = {"id": "late", "agent_id": "anna", "state": "not_ready", "reason": "other", "since": since, "until": until}
    await stored(database, [{**late, "planned": False}], [an_event("anna", QueueEventKind.RINGNOANSWER, 1)])
    at_once = {line.since: line for line in await lines_of(reports, agent_id="anna")}
    await counting.catch_up()
    after = {line.since: line for line in await lines_of(reports, agent_id="anna")}

    assert at_once == after
    added = {day: (after[day].paused_ms - before[day].paused_ms) // 3_600_000 for day in after}
    assert list(added.values()) == [4, 24, 2, 0]
    assert [after[day].missed for day in after] == [1, 0, 0, 0]
    marks = SQLModel.metadata.tables[FigureChange.__tablename__]
    left = await database.look_up(lambda connection: connection.execute(select(marks)).all())
    assert left == []


async def test_adherence_is_the_kept_part_of_planned_shifts(
    database: Database, reports: ReportService, counting: CallCounting
) -> None:
    times = some_times()
    await stored(database, times, [])
    await counting.catch_up()
    shifts = ShiftService(database, ZONE.key)
    for day in range(4):
        day_of = SINCE + timedelta(days=day)
        night = ShiftInput(staff_id="bert", from_time=time(20), until_time=time(8))
        await shifts.replace(
            day_of,
            ShiftsOfDay(shifts=[ShiftInput(staff_id="anna", from_time=time(8), until_time=time(20)), night]),
        )
    expected: dict[tuple[datetime, str], Counter[str]] = defaultdict(Counter)
    for day in range(4):
        for name, first, last in (("anna", 8, 20), ("bert", 20, 32)):
            begin, end = BEGIN + timedelta(days=day, hours=first), BEGIN + timedelta(days=day, hours=last)
            for bucket in range(5):
                since = max(begin, BEGIN + timedelta(days=bucket))
                until = min(end, BEGIN + timedelta(days=bucket + 1))
                place = expected[BEGIN + timedelta(days=bucket), name]
                place["shift"] += max(0, (until - since) // MS)
                for one in times:
                    there = one["agent_id"] == name and (one["state"] != "not_ready" or one["planned"])
                    part = (min(until, one["until"]) - max(since, one["since"])) // MS
                    place["kept"] += part if there and part > 0 else 0
    for counted in (False, True):
        if counted:
            await counting.catch_up()
        for line in await lines_of(reports, by="day"):
            figures = expected[line.since, line.key]
            assert (line.shift_ms, line.kept_ms) == (figures["shift"], figures["kept"])
            share = round(100 * figures["kept"] / figures["shift"], 1) if figures["shift"] else None
            assert line.adherence == share
            meals = [one for one in times if one["agent_id"] == line.key and one["planned"]]
            paused = sum(max(0, (min(line.until, one["until"]) - max(line.since, one["since"])) // MS) for one in meals)
            assert line.planned_pause_ms == paused
    (team, alone) = await lines_of(reports, by="whole", group="team")
    assert (team.key, alone.key) == ("", "甲班")
    assert alone.shift_ms == sum(one["shift"] for (at, _), one in expected.items() if at < BEGIN + timedelta(days=4))


async def test_shifts_are_copied_and_never_overlap(database: Database, reports: ReportService) -> None:
    shifts = ShiftService(database, ZONE.key)
    night = ShiftInput(staff_id="anna", from_time=time(20), until_time=time(8))
    await shifts.replace(SINCE, ShiftsOfDay(shifts=[night]))
    copied = await shifts.copy(ShiftCopy(source=SINCE, target=SINCE + timedelta(days=7), days=7))
    assert [(one.since - BEGIN, one.until - one.since) for one in copied] == [(timedelta(days=7, hours=20), 12 * HOUR)]
    early = ShiftInput(staff_id="anna", from_time=time(7), until_time=time(9))
    with pytest.raises(ShiftsInvalid) as refused:
        await shifts.replace(SINCE + timedelta(days=1), ShiftsOfDay(shifts=[early]))
    assert refused.value.errors[0].field == "shifts.0.from_time"
    unknown = ShiftInput(staff_id="nobody", from_time=time(7), until_time=time(9))
    with pytest.raises(ShiftsInvalid):
        await shifts.replace(SINCE, ShiftsOfDay(shifts=[unknown]))
    assert len(await shifts.listed(ShiftQuery(since=SINCE, until=UNTIL))) == 1
