"""Results of calls, by queue, and the calls behind each."""

from datetime import UTC, date, datetime, timedelta

from ari_app.campaigns.model import ANSWERS
from crm.history.disposition import CallDisposition
from crm.history.model import CallRecord, FindCalls
from crm.history.store import calls
from crm.reports.model import ResultLine, ResultQuery
from crm.reports.service import ReportService
from crm.reports.table import RESULT_TABLE, as_csv
from foundation.database import Database
from foundation.reader import reading
from recordings.model import SEGMENTS

AT = datetime(2026, 11, 27, 2, tzinfo=UTC)
WORDS = {"answered": ("已解答", "answered"), "refund": ("费用 / 退款", "money / refund")}
CALLS = [
    # queue, outcome, direction, joined a queue, result
    *[("repair", "answered", "inbound", True, "answered")] * 3,
    ("repair", "answered", "inbound", True, "refund"),
    ("repair", "answered", "inbound", True, None),
    ("consult", "answered", "inbound", True, "refund"),
    # None of these is a call that an agent took from a queue.
    ("repair", "abandoned", "inbound", True, None),
    ("repair", "answered", "outbound", False, "answered"),
]
QUERY = ResultQuery(since=date(2026, 11, 27), until=date(2026, 11, 28), by="whole")
NAMES = {"repair": "报修"}


async def store(database: Database) -> None:
    async with database.write() as session:
        for number, (queue, outcome, direction, queued, result) in enumerate(CALLS):
            call_id, at = f"call-{number}", AT + timedelta(minutes=number)
            session.add(
                CallRecord(
                    id=call_id, direction=direction, outcome=outcome, queue=queue, started_at=at,
                    queued_at=at if queued else None,
                )
            )  # fmt: skip
            if result is not None:
                zh, en = WORDS[result]
                session.add(CallDisposition(call_id=call_id, code=result, zh=zh, en=en, staff_id="anna", at=at))


def reports_of(database: Database) -> ReportService:
    return ReportService(database, "Asia/Shanghai", ANSWERS, SEGMENTS, lambda _group, key: NAMES.get(key))


def shown(line: ResultLine) -> tuple[str, int, float | None]:
    return line.name, line.calls, line.share


async def test_results_of_each_queue_have_their_share(database: Database) -> None:
    await store(database)
    found = await reports_of(database).results(QUERY.model_copy(update={"group": "queue"}))
    assert [shown(line) for line in found.lines] == [
        ("consult · 费用 / 退款", 1, 100.0),
        ("报修 · 已解答", 3, 60.0),
        ("报修 · –", 1, 20.0),
        ("报修 · 费用 / 退款", 1, 20.0),
    ]
    with reading("en"):
        whole = await reports_of(database).results(QUERY)
    assert [shown(line) for line in whole.lines] == [
        ("answered", 3, 50.0),
        ("money / refund", 2, 33.3),
        ("–", 1, 16.7),
    ]
    assert as_csv(RESULT_TABLE, whole).text.splitlines()[1].endswith(",answered,answered,3,50.0")


async def test_the_list_of_calls_has_those_behind_each_figure(database: Database) -> None:
    await store(database)
    found = await reports_of(database).results(QUERY.model_copy(update={"group": "queue"}))
    for line in found.lines:
        wanted = FindCalls.model_validate(
            {
                "direction": "inbound", "queued": True, "outcome": "answered", "queue": line.queue,
                "result": line.result, "since": line.since, "until": line.until,
            }
        )  # fmt: skip
        behind = await database.look_up(lambda connection, wanted=wanted: calls(connection, wanted))  # type: ignore[misc]
        assert len(behind) == line.calls, line
