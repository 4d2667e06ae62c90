"""Facts of a month and sums of a year, for a benchmark."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, func, insert, select

from ari_app.runtime.schema import METADATA
from crm.reports.buckets import midnight
from crm.reports.rollup_model import Span

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 10, 1, tzinfo=ZONE)
"""Begin of the month with facts; sums go back a year from its end."""
DAYS, MONTHS = 31, 12
QUEUES, NUMBERS, AGENTS, FLOWS, STEPS = 10, 5, 200, 4, 12
ROWS_AT_ONCE = 5000


def fill_month(connection: Connection, calls: int) -> None:
    """Store the calls of a month, and what agents did around each."""
    sqlite = connection.dialect.name == "sqlite"
    for into, values in _inserts(sqlite, calls).items():
        statement = f"INSERT INTO {into} {values}"
        connection.exec_driver_sql(statement if sqlite else statement.replace("%", "%%"))


def copy_sums(connection: Connection) -> int:
    """Copy a counted month to the months before; return the rows."""
    copied = 0
    month = midnight(FIRST.date(), ZONE)
    for name, condition in (
        ("call_sum", True),
        ("agent_day", False),
        ("pause_day", False),
        ("flow_day", False),
        ("counted_day", False),
    ):
        table = METADATA.tables[name]
        rows = [dict(row) for row in _of_month(connection, table, month, only_days=condition)]
        for earlier in _months_before():
            shift = month - earlier
            moved = (
                {**row, "at": row["at"] - shift} for row in rows if row["at"] - shift < earlier + timedelta(days=31)
            )
            while part := list(islice(moved, ROWS_AT_ONCE)):
                connection.execute(insert(table), part)
                copied += len(part)
    return copied


def calls_counted(connection: Connection) -> int:
    """Return the calls of all day sums."""
    table = METADATA.tables["call_sum"]
    total = select(func.sum(table.c.incoming)).where(table.c.span == Span.DAY, table.c.dimension == "none")
    return int(connection.execute(total).scalar() or 0)


def _months_before() -> Iterator[datetime]:
    """Yield the begins of the months before, without an overlap."""
    begin = midnight(FIRST.date(), ZONE)
    for _ in range(MONTHS - 1):
        begin -= timedelta(days=DAYS)
        yield begin


def _of_month(connection: Connection, table: Table, month: datetime, *, only_days: bool) -> Sequence[Any]:
    wanted = select(table).where(table.c.at >= month, table.c.at < month + timedelta(days=DAYS))
    if only_days:
        wanted = wanted.where(table.c.span == Span.DAY)
    return connection.execute(wanted).mappings().all()


def _inserts(sqlite: bool, calls: int) -> dict[str, str]:
    """Return each table's values, as SQL over the number of a call."""
    begin, every_s = int(FIRST.astimezone(UTC).timestamp()), DAYS * 86_400 / calls
    numbers = (
        f"FROM (WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {calls}) SELECT i FROM n)"  # noqa: S608 - all of it is ours
        if sqlite
        else f"FROM generate_series(0::bigint, {calls - 1}) AS n(i)"
    )

    def at(later_s: str) -> str:
        seconds = f"{begin} + i * {every_s!r} + ({later_s})"
        return f"strftime('%Y-%m-%d %H:%M:%f000', {seconds}, 'unixepoch')" if sqlite else f"to_timestamp({seconds})"

    def one_of(head: str, many: int, prime: int) -> str:
        return f"'{head}' || CAST((i * {prime}) % {many} AS TEXT)"

    wait, talk = "(i * 7919) % 60", "30 + (i * 104729) % 300"
    agent, queue, false = one_of("agent-", AGENTS, 7), one_of("queue-", QUEUES, 3), "0" if sqlite else "false"
    answered = "(i * 31) % 10 < 9"
    call = "'call-' || CAST(i AS TEXT)"
    states = {"ringing": ("0", "5"), "talking": ("5", talk), "wrap_up": (talk, f"{talk} + 20")}
    record = (
        f"SELECT {call}, 'inbound', '96001' || CAST(i % {NUMBERS} AS TEXT), "
        f"CASE WHEN {answered} THEN {agent} END, {queue}, {at('0')}, {at('1')}, {at(wait)}, "
        f"CASE WHEN {answered} THEN 'answered' ELSE 'abandoned' END, ({wait}) * 1000, "
        f"CASE WHEN {answered} THEN ({talk}) * 1000 END, 'caller', '[]', '[]', {one_of('flow-', FLOWS, 1)}, "
        f"{one_of('step-', STEPS, 5)}, {false} {numbers}"
    )
    times = {
        f"agent_time (id, agent_id, state, since, until) -- {state}\n": (
            f"SELECT {call} || '{state}', {agent}, '{state}', {at(since)}, {at(until)} {numbers}"
        )
        for state, (since, until) in states.items()
    }
    columns = (
        "call_record (id, direction, access_number, agent_id, queue, started_at, queued_at, connected_at, outcome, "
        "wait_ms, talk_ms, hangup_by, keys, story, flow, flow_step, flow_done)"
    )
    return {columns: record, **times}
