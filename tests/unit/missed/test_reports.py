"""Figures of calls back and missed people equal single counts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ari_app.missed.model import MissedClaim, MissedResult
from ari_app.missed.planned.model import CallBackEnd, QueueCallBack
from ari_app.missed.reports.http import RESCUE_TABLE
from ari_app.missed.reports.model import CallBackLine, CallBackQuery, RescueLine, RescueQuery
from ari_app.missed.reports.service import MissedReports
from crm.history.model import CallRecord
from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.model import Line
from crm.reports.table import as_csv
from foundation.database import Database
from tests.unit.crm.reports.test_figures import agent

ZONE = "Asia/Shanghai"
AT = datetime(2026, 11, 27, 2, tzinfo=UTC)
SINCE, UNTIL = date(2026, 11, 27), date(2026, 11, 28)
MINUTE = timedelta(minutes=1)
NUMBER = "+8613800000001"


def call(name: str, minutes: int, outcome: str, **facts: Any) -> CallRecord:
    given = {"id": name, "number": NUMBER, "direction": "inbound", "outcome": outcome, "queue": "repair"}
    return CallRecord.model_validate({**given, "started_at": AT + minutes * MINUTE, **facts})


def asked(name: str, end: CallBackEnd | None, **facts: Any) -> QueueCallBack:
    given = {"id": name, "number": NUMBER, "queue": "repair", "asked_call_id": name, "joined_at": AT, "due_at": AT}
    return QueueCallBack.model_validate({**given, "end": end, "ended_at": AT if end else None, **facts})


async def test_calls_back_are_counted_by_their_end(database: Database) -> None:
    reached = [(f"r{n}", n * MINUTE) for n in (1, 2, 40)]
    async with database.write() as session:
        for name, after in reached:
            # The last one chose a time that began ten minutes later.
            opens_at = AT + 10 * MINUTE if name == "r40" else None
            session.add(asked(name, CallBackEnd.REACHED, call_id=f"call-{name}", opens_at=opens_at))
            session.add(call(f"call-{name}", 0, "answered", direction="outbound", connected_at=AT + after))
        session.add_all(asked(f"{end}", end, queue="consult") for end in (*CallBackEnd, None))
        session.add(asked("late", CallBackEnd.REACHED, joined_at=AT + timedelta(days=1)))
    reports = MissedReports(database, ZONE)

    consult, repair = (await reports.call_backs(CallBackQuery(since=SINCE, until=UNTIL, group="queue"))).lines
    (whole,) = (await reports.call_backs(CallBackQuery(since=SINCE, until=UNTIL))).lines

    figures = (repair.asked, repair.kept, repair.kept_share, repair.reached, repair.reached_share)
    assert figures == (3, 3, 100.0, 3, 100.0)
    assert (repair.time_p50_ms, repair.time_p95_ms) == (120_000, 1_800_000)
    # Without those who dialled again and those that are open three of five were called.
    assert (consult.asked, consult.came_back, consult.open, consult.kept, consult.kept_share) == (7, 1, 1, 3, 60.0)
    assert (consult.reached, consult.taken, consult.given_up, consult.time_p50_ms) == (1, 1, 3, None)
    assert (whole.asked, whole.reached, whole.key) == (10, 4, "")


async def test_a_missed_person_counts_once_until_a_talk(database: Database) -> None:
    other, known = "+8613800000002", "+8613800000003"
    async with database.write() as session:
        session.add(agent("anna", ""))
        session.add_all(
            [
                # Twice missed, reached by a call back after 40 minutes, missed again.
                call("a", 0, "abandoned"),
                call("b", 10, "lost", queue="consult"),
                call("c", 40, "answered", direction="outbound"),
                call("d", 50, "after_hours"),
                # Another number of the same person talked a day and a minute later.
                call("e", 0, "abandoned", number=other, customer_id=None),
                call("g", 24 * 60 + 1, "answered", number=other),
                # An agent stored that no call is needed.
                call("h", 0, "failed", number=known),
                # No caller to be called back: served, without a number, of another day.
                call("i", 0, "self_served", number="+8613800000009"),
                call("j", 0, "abandoned", number=None),
                call("k", -24 * 60 * 40, "abandoned", number="+8613800000008"),
            ]
        )
        await session.flush()
        session.add(
            MissedClaim(
                call_id="h", staff_id="anna", claimed_at=AT, result=MissedResult.NOT_NEEDED, done_at=AT + 5 * MINUTE
            )
        )
    reports = MissedReports(database, ZONE)

    report = await reports.rescue(RescueQuery(since=SINCE, until=UNTIL))
    (line,) = report.lines
    by_reason = (await reports.rescue(RescueQuery(since=SINCE, until=UNTIL, group="reason"))).lines
    by_queue = (await reports.rescue(RescueQuery(since=SINCE, until=UNTIL, group="queue", by="whole"))).lines

    assert (line.people, line.calls, line.reached, line.in_day, line.settled, line.open) == (4, 5, 2, 1, 1, 1)
    assert (line.reached_share, line.time_p50_ms, line.time_p95_ms) == (50.0, 40 * 60_000, (24 * 60 + 1) * 60_000)
    assert {one.key: (one.people, one.open) for one in by_reason} == {
        "abandoned": (1, 0), "lost": (1, 0), "after_hours": (1, 1), "failed": (1, 0),
    }  # fmt: skip
    assert {one.key: one.people for one in by_queue} == {"consult": 1, "repair": 3}
    assert as_csv(RESCUE_TABLE, report).text.splitlines()[1].endswith(",4,5,2,50.0,1,1,1,2400000,86460000")


def test_every_field_of_a_line_has_its_definition() -> None:
    for kind, figures in ((CallBackLine, DEFINITIONS.callbacks), (RescueLine, DEFINITIONS.rescue)):
        assert [one.name for one in figures] == [name for name in kind.model_fields if name not in Line.model_fields]
