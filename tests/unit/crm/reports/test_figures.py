"""Figures equal those counted one by one, on both databases."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from math import ceil
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from ari_app.campaigns.model import ANSWERS, Attitude, Contact, SurveyAnswers
from crm.history.facts import QueueEvent, QueueEventKind
from crm.history.model import CallRecord
from crm.kinds import TicketKind
from crm.reports import service as reports_service
from crm.reports.counting import CallCounting
from crm.reports.errors import TooManyLines
from crm.reports.interval import interval
from crm.reports.model import CallQuery, Line, TicketQuery
from crm.reports.service import ReportService
from crm.reports.table import CALL_TABLE, as_csv, as_sheet
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.staff.model import Staff
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.refusals.model import RefusalReason, TicketRefusal
from foundation.database import Database
from foundation.routes import Role
from recordings.model import SEGMENTS
from tests.unit.crm.conftest import Place

ZONE = ZoneInfo("Asia/Shanghai")
SINCE, UNTIL = date(2026, 11, 26), date(2026, 11, 29)
MIDNIGHT = datetime(2026, 11, 26, 16, tzinfo=UTC)
"""Of the second day in the zone."""
MOMENT = timedelta(microseconds=1)
EDGES = [MIDNIGHT, MIDNIGHT - MOMENT, MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=1) - MOMENT]
OUTSIDE = [datetime(2026, 11, 25, 16, tzinfo=UTC) - MOMENT, datetime(2026, 11, 28, 16, tzinfo=UTC)]
WAITS = [0, 1, 4999, 5000, 15_000, 15_001, 20_000, 20_001, 29_999, 30_000, 30_001, 90_000]
HANDED_ON = {f"call-{number}" for number in range(0, 400, 3)}
"""Calls with a transfer."""
TEAMS = {"anna": "甲班"}
OUTCOMES = ["answered", "answered", "abandoned", "self_served", "failed", "lost"]


@pytest.fixture
def reports(database: Database) -> ReportService:
    return ReportService(database, ZONE.key, ANSWERS, SEGMENTS)


def moments(random: Random, count: int) -> Iterable[datetime]:
    yield from (*EDGES, *OUTSIDE)
    for _ in range(count):
        yield OUTSIDE[0] + timedelta(seconds=random.randrange(3 * 86_400))


def some_calls(count: int) -> list[CallRecord]:
    random = Random(17)
    calls = []
    for number, moment in enumerate(moments(random, count)):
        direction = random.choice(["inbound", "inbound", "inbound", "outbound"])
        outcome = random.choice(OUTCOMES if direction == "inbound" else ["answered", "unreached"])
        queued = direction == "inbound" and random.random() < 0.8
        facts: dict[str, Any] = {
            "id": f"call-{number}",
            "direction": direction,
            "outcome": outcome,
            "access_number": random.choice(["96001", "96002"]),
            "queue": random.choice(["repair", "consult"]) if queued else None,
            "agent_id": random.choice(["anna", "bert"]) if outcome == "answered" else None,
            "started_at": moment,
            "queued_at": moment if queued else None,
            "wait_ms": random.choice(WAITS) if queued else None,
            "talk_ms": random.randrange(600_000) if outcome == "answered" else None,
            "held_ms": random.choice([None, 0, 7000]) if outcome == "answered" else None,
        }
        calls.append(CallRecord(**facts))
    return calls


def agent(name: str, team: str) -> Staff:
    number = str(100 + len(name) + ord(name[0]))
    return Staff(
        id=name, staff_number=number, name=name, role=Role.AGENT, password_hash="", team=team, created_at=MIDNIGHT
    )


async def count(database: Database) -> None:
    await CallCounting(database, ZONE.key, SEGMENTS).catch_up()


def seen(wait_ms: int) -> int:
    """Return a wait as a percentile shows it: tenths, then whole seconds."""
    step = 100 if wait_ms <= 60_000 else 1000
    return ceil(wait_ms / step) * step


def place_of(moment: datetime, by: str) -> str:
    """Return the bucket of a moment by the wall clock, written out."""
    return moment.astimezone(ZONE).strftime({"hour": "%Y-%m-%d %H", "day": "%Y-%m-%d", "month": "%Y-%m"}[by])


def shares(part: int, base: int) -> float | None:
    return round(100 * part / base, 1) if base else None


def counted_calls(calls: list[CallRecord], within_s: int) -> dict[str, Any]:
    """Count the figures of calls one by one."""
    offered = [one for one in calls if one.direction == "inbound" and one.queued_at is not None]
    answered = [one.wait_ms or 0 for one in offered if one.outcome == "answered"]
    abandoned = [one.wait_ms or 0 for one in offered if one.outcome == "abandoned"]
    waits = sorted(one.wait_ms or 0 for one in offered)
    talks = [one for one in calls if one.outcome == "answered"]
    short = sum(wait < 5000 for wait in abandoned)
    fast = sum(wait <= within_s * 1000 for wait in answered)
    left_fast = sum(wait <= within_s * 1000 for wait in abandoned)
    return {
        "incoming": sum(one.direction == "inbound" for one in calls),
        "offered": len(offered),
        "answered": len(answered),
        "abandoned": len(abandoned),
        "short_abandoned": short,
        "other": sum(one.outcome not in {"answered", "abandoned"} for one in offered),
        "answered_in_15_s": sum(wait <= 15_000 for wait in answered),
        "answered_in_20_s": sum(wait <= 20_000 for wait in answered),
        "answered_within": fast,
        "abandoned_within": left_fast,
        "level_of_offered": shares(fast, len(offered)),
        "level_without_short": shares(fast, len(offered) - short),
        "level_with_abandoned": shares(fast + left_fast, len(offered)),
        "wait_p50_ms": min(seen(waits[ceil(len(waits) * 0.5) - 1]), waits[-1]) if waits else None,
        "wait_p95_ms": min(seen(waits[ceil(len(waits) * 0.95) - 1]), waits[-1]) if waits else None,
        "longest_wait_ms": waits[-1] if waits else None,
        "talks": len(talks),
        "dialled": sum(one.direction == "outbound" for one in talks),
        "transferred": sum(one.id in HANDED_ON for one in offered if one.outcome == "answered"),
        "talk_ms": sum(one.talk_ms or 0 for one in talks),
        "held_ms": sum(one.held_ms or 0 for one in talks),
    }


def by_place(lines: Iterable[Line], by: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(place_of(one.since, by), one.key): one.model_dump(exclude=set(Line.model_fields)) for one in lines}


async def test_figures_of_calls_equal_those_counted_one_by_one(database: Database, reports: ReportService) -> None:
    calls = some_calls(400)
    transfer = {"at": MIDNIGHT, "event": QueueEventKind.BLINDTRANSFER}
    async with database.write() as session:
        session.add_all(calls)
        session.add_all(QueueEvent.model_validate({**transfer, "id": one, "call_id": one}) for one in HANDED_ON)
        session.add_all(agent(name, TEAMS.get(name, "")) for name in ("anna", "bert"))
    await count(database)
    inside = [one for one in calls if one.started_at not in OUTSIDE]
    keys: dict[str, Callable[[CallRecord], str]] = {
        "none": lambda _: "",
        "queue": lambda one: one.queue or "",
        "access_number": lambda one: one.access_number,
        "agent": lambda one: one.agent_id or "",
        "team": lambda one: TEAMS.get(one.agent_id or "", ""),
    }
    for by in ("hour", "day", "month"):
        for group, key in keys.items():
            expected: dict[tuple[str, str], list[CallRecord]] = defaultdict(list)
            for one in inside:
                expected[place_of(one.started_at, by), key(one)].append(one)
            query = CallQuery.model_validate({"since": SINCE, "until": UNTIL, "by": by, "group": group, "within_s": 30})
            found = await reports.calls(query)
            assert by_place(found.lines, by) == {at: counted_calls(rows, 30) for at, rows in expected.items()}
    (whole,) = (await reports.calls(CallQuery(since=SINCE, until=UNTIL, by="whole"))).lines
    assert whole.model_dump(exclude=set(Line.model_fields)) == counted_calls(inside, 20)
    only: dict[str, Any] = {"team": "甲班"}
    (part,) = (await reports.calls(CallQuery(since=SINCE, until=UNTIL, by="whole", **only))).lines
    assert part.model_dump(exclude=set(Line.model_fields)) == counted_calls(
        [one for one in inside if one.agent_id == "anna"], 20
    )
    only = {"queue": "repair", "agent_id": "anna"}
    (part,) = (await reports.calls(CallQuery(since=SINCE, until=UNTIL, by="whole", **only))).lines
    hers = [one for one in inside if (one.queue, one.agent_id) == ("repair", "anna")]
    assert part.model_dump(exclude=set(Line.model_fields)) == counted_calls(hers, 20)


async def test_an_empty_time_has_no_lines(reports: ReportService) -> None:
    assert (await reports.calls(CallQuery(since=SINCE, until=UNTIL))).lines == []
    assert (await reports.tickets(TicketQuery(since=SINCE, until=UNTIL))).lines == []


async def test_too_many_lines_are_refused(
    database: Database, reports: ReportService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.write() as session:
        session.add_all(some_calls(50))
    await count(database)
    monkeypatch.setattr(reports_service, "MOST_LINES", 3)
    with pytest.raises(TooManyLines) as refused:
        await reports.calls(CallQuery(since=SINCE, until=UNTIL, by="hour"))
    assert refused.value.errors[0].field == "until"


async def test_s13_a_table_has_no_formula(database: Database, reports: ReportService) -> None:
    facts: dict[str, Any] = {"direction": "inbound", "outcome": "failed", "access_number": "=1+1"}
    async with database.write() as session:
        session.add(CallRecord(id="1", started_at=MIDNIGHT, **facts))
    await count(database)
    report = await reports.calls(CallQuery(since=SINCE, until=UNTIL, group="access_number"))
    (row,) = csv.DictReader(io.StringIO(as_csv(CALL_TABLE, report).text.removeprefix("\ufeff")))
    assert (row["since"], row["key"], row["incoming"]) == ("2026-11-27T00:00:00+08:00", "'=1+1", "1")
    assert row["level_of_offered"] == ""
    book = load_workbook(io.BytesIO(as_sheet(CALL_TABLE, report, "zh").content))
    headings, cells = book["通话"].iter_rows(max_col=6)
    assert [one.value for one in headings] == ["开始", "结束", "代码", "名称", "呼入量", "排队量"]
    assert [one.value for one in cells][2:5] == ["=1+1", "=1+1", 1]
    assert [one.data_type for one in cells][2:5] == ["s", "s", "n"]


async def test_sheet_without_groups_has_no_empty_columns(database: Database, reports: ReportService) -> None:
    async with database.write() as session:
        session.add(CallRecord(id="1", started_at=MIDNIGHT, direction="inbound", outcome="failed"))
    await count(database)
    download = as_sheet(CALL_TABLE, await reports.calls(CallQuery(since=SINCE, until=UNTIL)), "en")
    (headings, *_) = load_workbook(io.BytesIO(download.content))["Calls"].iter_rows(max_col=3)
    assert [one.value for one in headings] == ["From", "Until", "Incoming"]
    assert download.name == f"calls-{SINCE}-{UNTIL - timedelta(days=1)}.xlsx"


async def test_figures_of_tickets_equal_those_counted_one_by_one(
    database: Database, reports: ReportService, place: Place
) -> None:
    random = Random(17)
    expected: dict[str, dict[tuple[str, str], dict[str, int]]] = {
        group: defaultdict(lambda: defaultdict(int)) for group in ("none", "kind", "department", "category", "area")
    }
    async with database.write() as session:
        for number, moment in enumerate(moments(random, 120)):
            ticket = Ticket(
                id=f"ticket-{number}",
                number=f"2611{number:04}",
                kind=random.choice(list(TicketKind)),
                status=random.choice([TicketStatus.ARCHIVED, TicketStatus.ARCHIVED, TicketStatus.SIGNED]),
                department_id=random.choice([None, place.east, place.west]),
                category_id=random.choice([None, place.cold]),
                area=random.choice(["", "城东"]),
                subject="暖气不热",
                registered_at=moment,
                redo_count=random.choice([0, 0, 2]),
                urge_count=random.choice([0, 0, 3]),
            )
            session.add(ticket)
            await session.flush()
            late, refused, given = random.random() < 0.3, random.choice([0, 0, 2]), random.choice([None, *Attitude])
            add_facts(session.add, ticket, place, late=late, refused=refused)
            await session.flush()
            session.add(SurveyAnswers(contact_id=ticket.id, ticket_id=ticket.id, at=moment, attitude=given))
            if moment in OUTSIDE:
                continue
            closed = ticket.status is TicketStatus.ARCHIVED
            for group, key in {
                "none": "",
                "kind": ticket.kind.value,
                "department": ticket.department_id or "",
                "category": ticket.category_id or "",
                "area": ticket.area,
            }.items():
                line = expected[group][place_of(moment, "day"), key]
                for name, holds in {
                    "registered": True,
                    "closed": closed,
                    "in_time": closed and not late,
                    "first_contact": closed
                    and not ticket.department_id
                    and not (ticket.redo_count or refused or ticket.urge_count),
                    "redone": ticket.redo_count > 0,
                    "refused": refused > 0,
                    "urged": ticket.urge_count > 0,
                    "rated": given is not None,
                    "satisfied": given is Attitude.SATISFIED,
                }.items():
                    line[name] += holds
    for group, lines in expected.items():
        found = await reports.tickets(
            TicketQuery.model_validate({"since": SINCE, "until": UNTIL, "by": "day", "group": group})
        )
        assert by_place(found.lines, "day") == {
            at: {
                **line,
                "in_time_share": shares(line["in_time"], line["closed"]),
                "satisfaction": shares(line["satisfied"], line["rated"]),
                "first_contact_share": shares(line["first_contact"], line["registered"]),
                "satisfaction_low": (interval(line["satisfied"], line["rated"]) or (None, None))[0],
                "satisfaction_high": (interval(line["satisfied"], line["rated"]) or (None, None))[1],
            }
            for at, line in lines.items()
        }
        if group == "department":
            assert {one.name for one in found.lines} == {"", "城东维修工区", "城西维修工区"}


def add_facts(add: Callable[[object], None], ticket: Ticket, place: Place, *, late: bool, refused: int) -> None:
    """Add a ticket's clocks, refusals and contact."""
    due = ticket.registered_at + timedelta(days=1)
    for clock, minutes in ((ClockKind.RESOLVE, 1 if late else 0), (ClockKind.RESPOND, 60)):
        stopped = due + timedelta(minutes=minutes)
        add(
            TicketClock(
                ticket_id=ticket.id,
                clock=clock,
                policy_version=0,
                allowed_s=86_400,
                started_at=ticket.registered_at,
                due_at=due,
                stopped_at=stopped,
            )
        )
    for number in range(refused):
        add(
            TicketRefusal(
                id=f"{ticket.id}-{number}",
                ticket_id=ticket.id,
                department_id=place.east,
                reason=RefusalReason.OTHER,
                explanation="x",
                at=due,
            )
        )
    add(Contact(id=ticket.id, flow="survey", ticket_id=ticket.id, number="+8613800000001", next_at=due, created_at=due))
