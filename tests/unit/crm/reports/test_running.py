"""Figures of agents in a state that is not over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ari_app.campaigns.model import ANSWERS
from crm.history.facts import AgentTime
from crm.reports.agent_store import CutTime
from crm.reports.model import AgentLine, AgentQuery
from crm.reports.running import Running
from crm.reports.service import ReportService
from crm.shifts.model import PlannedShift
from crm.staff.model import Staff
from foundation.database import Database
from foundation.routes import Role
from recordings.model import SEGMENTS

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 26, 0, tzinfo=UTC)
"""Eight in the morning of the 26th in the zone."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = BEGIN + 3 * HOUR
DAY = AgentQuery(since=BEGIN.date(), until=BEGIN.date() + timedelta(days=1))


def spent(agent_id: str, state: str, since: datetime, until: datetime) -> AgentTime:
    return AgentTime(id=f"{agent_id}-{since.isoformat()}", agent_id=agent_id, state=state, since=since, until=until)


def runs(agent_id: str, state: str, since: datetime, reason: str | None = None, *, planned: bool = False) -> CutTime:
    return CutTime(agent_id, state, reason, planned if state == "not_ready" else None, since, NOW)


def counting(database: Database, states: Sequence[CutTime]) -> ReportService:
    reports = ReportService(database, ZONE.key, ANSWERS, SEGMENTS)

    async def running() -> Running:
        return Running(NOW, states)

    reports.count_running(running)
    return reports


async def store(database: Database, *rows: AgentTime | PlannedShift | Staff) -> None:
    async with database.write() as session:
        session.add_all(rows)


def staff(staff_id: str, role: Role, team: str = "") -> Staff:
    return Staff(
        id=staff_id, staff_number=staff_id, name=staff_id, role=role, team=team, password_hash="", created_at=BEGIN
    )


async def line_of(reports: ReportService, query: AgentQuery = DAY) -> AgentLine:
    (line,) = (await reports.agents(query)).lines
    return line


async def test_agent_who_waits_for_calls_is_not_busy(database: Database) -> None:
    since = BEGIN + 10 * MINUTE
    await store(
        database,
        spent("anna", "talking", BEGIN, BEGIN + 8 * MINUTE),
        spent("anna", "wrap_up", since - 2 * MINUTE, since),
    )
    line = await line_of(counting(database, [runs("anna", "ready", since)]))
    assert (line.ready_ms, line.signed_in_ms) == (170 * 60_000, 180 * 60_000)
    assert line.occupancy == pytest.approx(100 * 10 / 180, abs=0.05)


async def test_present_state_is_split_where_an_hour_ends(database: Database) -> None:
    reports = counting(database, [runs("anna", "talking", NOW - 90 * MINUTE)])
    report = await reports.agents(DAY.model_copy(update={"by": "hour"}))
    assert [(line.since, line.in_call_ms) for line in report.lines] == [
        (NOW - 2 * HOUR, 30 * 60_000),
        (NOW - HOUR, 60 * 60_000),
    ]


async def test_state_that_was_stored_since_it_was_read_counts_once(database: Database) -> None:
    await store(database, spent("anna", "ready", BEGIN, NOW))
    line = await line_of(counting(database, [runs("anna", "ready", BEGIN)]))
    assert line.ready_ms == 3 * 3_600_000


async def test_running_pause_has_its_reason(database: Database) -> None:
    line = await line_of(counting(database, [runs("anna", "not_ready", NOW - HOUR, "meal", planned=True)]))
    assert (line.paused_ms, line.planned_pause_ms, line.occupancy) == (3_600_000, 3_600_000, None)
    assert [(one.reason, one.ms) for one in line.pauses] == [("meal", 3_600_000)]


@pytest.mark.parametrize(("state", "share"), [("ready", 100.0), ("not_ready", 50.0)])
async def test_shift_that_is_not_over_counts_up_to_now(database: Database, state: str, share: float) -> None:
    shift = PlannedShift(id="s-1", staff_id="anna", since=NOW - 2 * HOUR, until=NOW + 6 * HOUR)
    tomorrow = PlannedShift(id="s-2", staff_id="bert", since=NOW + 7 * HOUR, until=NOW + 8 * HOUR)
    await store(database, staff("anna", Role.AGENT), staff("bert", Role.AGENT))
    await store(database, shift, tomorrow, spent("anna", "ready", NOW - 2 * HOUR, NOW - HOUR))
    line = await line_of(counting(database, [runs("anna", state, NOW - HOUR)]))
    assert (line.key, line.shift_ms, line.adherence) == ("anna", 2 * 3_600_000, share)


async def test_supervisor_who_takes_a_call_has_no_occupancy_and_changes_none_of_the_team(database: Database) -> None:
    await store(
        database,
        staff("anna", Role.AGENT, "east"),
        staff("boss", Role.SUPERVISOR, "east"),
        spent("anna", "ready", BEGIN, BEGIN + 45 * MINUTE),
        spent("anna", "talking", BEGIN + 45 * MINUTE, BEGIN + HOUR),
        spent("boss", "talking", BEGIN, BEGIN + HOUR),
    )
    reports = counting(database, [])
    lines = (await reports.agents(DAY)).lines
    assert [(line.key, line.in_call_ms, line.occupancy) for line in lines] == [
        ("anna", 15 * 60_000, 25.0),
        ("boss", 60 * 60_000, None),
    ]
    team = await line_of(reports, DAY.model_copy(update={"group": "team"}))
    assert (team.in_call_ms, team.occupancy) == (75 * 60_000, 25.0)
