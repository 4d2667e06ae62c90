"""A plan counts the same weekdays, and says who was there."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ari_app.campaigns.model import ANSWERS
from crm.history.facts import AgentTime
from crm.history.model import CallRecord
from crm.reports.counting import CallCounting
from crm.reports.service import ReportService
from crm.reports.staffing.erlang import Flow, agents_needed, expected
from crm.reports.staffing.model import StaffingQuery
from crm.reports.staffing.service import StaffingService
from crm.reports.table import STAFFING_TABLE, as_csv
from foundation.database import Database
from foundation.workdays import is_workday
from recordings.model import SEGMENTS

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 10, 22)
"""A Thursday; a week before it one too, and three weeks before National Day."""
NINE = datetime(2026, 10, 15, 1, 0, tzinfo=UTC)
"""Nine o'clock in the zone, a week before."""


async def furnish(database: Database) -> None:
    calls = []
    for week in (0, 1, 2):
        for number in range(100):
            at = NINE - timedelta(weeks=week) + timedelta(seconds=18 * number)
            abandoned = number >= 90
            calls.append(
                CallRecord(
                    id=f"call-{week}-{number}", direction="inbound", outcome="abandoned" if abandoned else "answered",
                    access_number="96001", queue="repair", agent_id=None if abandoned else "anna", started_at=at,
                    queued_at=at, wait_ms=6000, ended_at=at, talk_ms=None if abandoned else 150_000,
                )
            )  # fmt: skip
    times = [one for week in (0, 1, 2) for one in _times_of(week)]
    async with database.write() as session:
        session.add_all([*calls, *times])
    await CallCounting(database, ZONE.key, SEGMENTS).catch_up()


def _times_of(week: int) -> list[AgentTime]:
    nine = NINE - timedelta(weeks=week)
    since, until = nine - timedelta(minutes=15), nine + timedelta(minutes=45)
    ends = [nine - timedelta(seconds=40 * number) for number in range(90)]
    return [
        *(_time(f"t-{week}-{agent}", f"a-{agent}", "ready", since, until) for agent in range(12)),
        _time(f"p-{week}", "b", "not_ready", since, until),
        *(
            _time(f"w-{week}-{number}", "c", "wrap_up", end - timedelta(seconds=30), end)
            for number, end in enumerate(ends)
        ),
    ]


def _time(one: str, agent_id: str, state: str, since: datetime, until: datetime) -> AgentTime:
    return AgentTime(id=one, agent_id=agent_id, state=state, queue="repair", since=since, until=until)


def service(database: Database) -> StaffingService:
    return StaffingService(database, ReportService(database, ZONE.key, ANSWERS, SEGMENTS), is_workday)


async def test_a_half_hour_needs_what_the_formula_says(database: Database) -> None:
    await furnish(database)

    plan = await service(database).plan(StaffingQuery(day=DAY, weeks=3, shrinkage=30))

    # Two weeks before was 8 October, a workday; three weeks before was National Day and does not count.
    assert plan.days == [date(2026, 10, 8), date(2026, 10, 15)]
    (line,) = [one for one in plan.lines if one.calls]
    assert line.since == NINE + timedelta(weeks=1)
    assert (line.calls, line.handling_ms, line.erlangs) == (100, 180_000, 10)
    assert (line.needed, line.rostered) == (14, 20)
    assert line.level == 88.8
    # Of the twelve, and the one in wrap-up for some minutes; the paused one was not there.
    assert 12 <= line.there < 13
    assert line.level_there == round(100 * expected(Flow(100 / 1800, 180), 12, 20).level, 1) == 64.0
    assert plan.patience_ms == 60_000
    rows = as_csv(STAFFING_TABLE, plan).text.splitlines()
    assert len(rows) == 49


async def test_weeks_before_the_hotline_began_do_not_count(database: Database) -> None:
    await furnish(database)

    plan = await service(database).plan(StaffingQuery(day=DAY, weeks=8))

    # The first calls were on National Day, which is no workday: two days are left of seven workdays.
    assert plan.days == [date(2026, 10, 8), date(2026, 10, 15)]
    assert len(plan.days_without_calls) == 5
    assert [line.calls for line in plan.lines if line.calls] == [100]
    # A queue without calls on days on which others had some: it needs no agents, and the days count.
    other = await service(database).plan(StaffingQuery(day=DAY, weeks=8, queue="other"))
    assert (other.days, {line.calls for line in other.lines}) == (plan.days, {0})


async def test_impatient_callers_need_fewer_agents(database: Database) -> None:
    await furnish(database)

    plan = await service(database).plan(StaffingQuery(day=DAY, weeks=3, formula="erlang_a", queue="repair"))

    (line,) = [one for one in plan.lines if one.calls]
    assert line.needed == agents_needed(Flow(100 / 1800, 180, 60), 0.8, 20) < 14


async def test_without_calls_no_agents_are_needed(database: Database) -> None:
    plan = await service(database).plan(StaffingQuery(day=DAY))

    assert {one.needed for one in plan.lines} == {0}
    assert {one.level for one in plan.lines} == {None}
