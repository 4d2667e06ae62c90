"""Agents' figures equal those counted one by one, on both databases."""

import io
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from ari_app.campaigns.model import ANSWERS
from crm.history.facts import AgentTime, QueueEvent, QueueEventKind
from crm.history.model import CallRecord
from crm.reports.counting import CallCounting
from crm.reports.model import AgentQuery, By
from crm.reports.service import ReportService
from crm.reports.table import AGENT_TABLE, as_csv, as_sheet
from foundation.database import Database
from recordings.model import SEGMENTS, Recording

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 25, 16, tzinfo=UTC)
"""Midnight of the 26th in the zone."""
SINCE, UNTIL = date(2026, 11, 26), date(2026, 11, 29)
STATES = ["ready", "reserved", "ringing", "talking", "wrap_up", "not_ready"]
MS = timedelta(milliseconds=1)


@pytest.fixture
def reports(database: Database) -> ReportService:
    return ReportService(database, ZONE.key, ANSWERS, SEGMENTS)


def spent(agent_id: str, state: str, since: datetime, until: datetime, reason: str | None = None) -> AgentTime:
    name = f"{agent_id}-{since.isoformat()}"
    return AgentTime(id=name, agent_id=agent_id, state=state, reason=reason, since=since, until=until)


def some_times() -> list[AgentTime]:
    """Return states from before the first day until after the last one."""
    random = Random(17)
    found = []
    for agent_id in ("anna", "bert"):
        at = BEGIN - timedelta(hours=5)
        while at < BEGIN + timedelta(days=4):
            state = random.choice(STATES)
            hours = random.choice([1, 40]) if state == "not_ready" else 1
            until = at + timedelta(milliseconds=random.randrange(1, hours * 3_600_000))
            found.append(spent(agent_id, state, at, until, random.choice(["meal", "break"]) if hours > 1 else None))
            at = until
    return found


@pytest.mark.parametrize("by", ["half_hour", "day", "month"])
async def test_times_of_states_are_split_where_a_bucket_ends(
    database: Database, reports: ReportService, by: By
) -> None:
    times = some_times()
    async with database.write() as session:
        session.add_all(times)
    report = await reports.agents(AgentQuery(since=SINCE, until=UNTIL, by=by))
    expected: dict[tuple[datetime, str], Counter[str]] = defaultdict(Counter)
    for bucket in report.times:
        for one in times:
            part = (min(one.until, bucket.until) - max(one.since, bucket.since)) // MS
            if part > 0:
                expected[bucket.since, one.agent_id] += Counter({one.state: part, f"for {one.reason}": part})
    assert len(report.lines) == len(expected)
    for line in report.lines:
        counted = expected[line.since, line.key]
        states = {state: counted[state] for state in STATES}
        assert line.signed_in_ms == sum(states.values())
        assert line.alerting_ms == states["reserved"] + states["ringing"]
        assert (line.ready_ms, line.paused_ms) == (states["ready"], states["not_ready"])
        assert (line.in_call_ms, line.wrap_up_ms) == (states["talking"], states["wrap_up"])
        assert sum(one.ms for one in line.pauses) == line.paused_ms
        reasons = {one.reason: one.ms for one in line.pauses}
        assert [reasons.get(name, 0) for name in ("meal", "break")] == [counted["for meal"], counted["for break"]]


async def test_an_agents_day_has_its_calls_misses_and_occupancy(database: Database, reports: ReportService) -> None:
    at = BEGIN + timedelta(hours=9)
    hour = timedelta(hours=1)
    call = {"started_at": at, "outcome": "answered", "queue": "repair", "agent_id": "anna", "direction": "inbound"}
    missed = {"event": QueueEventKind.RINGNOANSWER, "agent_id": "anna"}
    segment = {"call_id": "call-2", "kind": "conversation", "status": "sealed", "channels": 2, "file": ""}
    async with database.write() as session:
        session.add_all(
            [
                spent("anna", "ready", at, at + hour),
                spent("anna", "talking", at + hour, at + hour * 3),
                spent("anna", "wrap_up", at + hour * 3, at + hour * 4),
                spent("anna", "not_ready", at + hour * 4, at + hour * 6, "meal"),
                CallRecord.model_validate({**call, "id": "call-1", "talk_ms": 60_000, "held_ms": 5000}),
                # Handed on to Bert, whom its record names.
                CallRecord.model_validate({**call, "id": "call-2", "talk_ms": 90_000, "agent_id": "bert"}),
                CallRecord.model_validate({**call, "id": "call-3", "talk_ms": 1000, "direction": "outbound"}),
                CallRecord.model_validate({**call, "id": "call-4", "outcome": "abandoned"}),
                CallRecord.model_validate({**call, "id": "call-5", "started_at": at - hour * 24}),
                *(
                    Recording.model_validate(
                        {
                            **segment,
                            "id": f"rec-{n}",
                            "segment": n,
                            "agent_id": who,
                            "duration_ms": ms,
                            "started_at": at,
                        }
                    )
                    for n, who, ms in ((1, "anna", 40_000), (2, "bert", 50_000))
                ),
                QueueEvent.model_validate({**missed, "id": "m-1", "at": at}),
                QueueEvent.model_validate({**missed, "id": "m-2", "at": at - hour * 24}),
            ]
        )
    lines = (await reports.agents(AgentQuery(since=SINCE, until=SINCE + timedelta(days=1)))).lines
    anna, bert = lines
    assert (anna.key, anna.answered, anna.dialled, anna.missed) == ("anna", 2, 1, 1)
    assert (anna.talk_ms, anna.held_ms) == (101_000, 5000)
    # Three hours of work in the four that were not paused.
    assert (anna.occupancy, bert.occupancy) == (75.0, None)
    assert (bert.answered, bert.talk_ms) == (1, 50_000)
    one = await reports.agents(AgentQuery(since=SINCE, until=SINCE + timedelta(days=1), agent_id="bert"))
    assert one.lines == [bert]
    report = await reports.agents(AgentQuery(since=SINCE, until=SINCE + timedelta(days=1)))
    page = as_csv(AGENT_TABLE, report).text.splitlines()
    assert page[0].endswith(",missed,transferred,paused_ms meal")
    assert [row.rsplit(",", 1)[1] for row in page[1:]] == ["7200000", "0"]
    names = {("pause", "meal"): "用餐", ("agent", "anna"): "安娜"}
    named = ReportService(database, ZONE.key, ANSWERS, SEGMENTS, lambda group, key: names.get((group, key)))
    in_words = await named.agents(AgentQuery(since=SINCE, until=SINCE + timedelta(days=1)))
    page = as_csv(AGENT_TABLE, in_words, "zh").text.splitlines()
    assert page[0].endswith(",示忙：用餐（毫秒）")
    assert ",anna,安娜," in page[1]
    sheet = load_workbook(io.BytesIO(as_sheet(AGENT_TABLE, report, "zh").content)).active
    assert sheet is not None
    heading = [cell.value for cell in next(sheet.rows)]
    assert heading[-3:] == ["未接量", "转出次数", "示忙：meal"]


@pytest.mark.parametrize("by", ["hour", "day", "month"])
async def test_misses_and_transfers_equal_the_events_before_and_after_their_count(
    database: Database, reports: ReportService, by: By
) -> None:
    random = Random(17)
    kinds = list(QueueEventKind)
    edges = [BEGIN, BEGIN - MS, BEGIN + timedelta(days=3), BEGIN + timedelta(days=3) - MS]
    events = [
        QueueEvent(id=f"e-{n}", at=at, event=random.choice(kinds), agent_id=random.choice(["anna", "bert", None]))
        for n, at in enumerate([*edges, *(BEGIN + timedelta(seconds=random.randrange(259_200)) for _ in range(300))])
    ]
    async with database.write() as session:
        session.add_all(events)
        # A state tells the counting which days there are.
        session.add(spent("anna", "ready", BEGIN, BEGIN + timedelta(hours=1)))
    query = AgentQuery(since=SINCE, until=UNTIL, by=by)
    before = await reports.agents(query)
    expected = Counter(
        (bucket.since, one.agent_id, "missed" if one.event is QueueEventKind.RINGNOANSWER else "transferred")
        for bucket in before.times
        for one in events
        if one.agent_id and bucket.since <= one.at < bucket.until
        if one.event.value in {"RINGNOANSWER", "BLINDTRANSFER", "ATTENDEDTRANSFER"}
    )
    figures = ("missed", "transferred")
    found = {(one.since, one.key, name): getattr(one, name) for one in before.lines for name in figures}
    assert {place: times for place, times in found.items() if times} == dict(expected)
    await CallCounting(database, ZONE.key, SEGMENTS).catch_up()
    assert (await reports.agents(query)).lines == before.lines
