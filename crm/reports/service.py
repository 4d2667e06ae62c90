"""Use cases of reports."""

from collections.abc import Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table

from crm.reports import store
from crm.reports.buckets import buckets
from crm.reports.errors import TooManyLines
from crm.reports.model import (
    MOST_LINES,
    Bucket,
    CallLine,
    CallQuery,
    CallReport,
    Line,
    TicketLine,
    TicketQuery,
    TicketReport,
)
from foundation.database import Database

LineType = TypeVar("LineType", bound=Line)


class ReportService:
    """Figures of calls and tickets, from stored facts.

    `answers` is the table of callback answers, which a package above this one owns: `ticket_id` and `attitude`.
    """

    def __init__(self, database: Database, time_zone: str, answers: Table) -> None:
        self._database = database
        self.zone = ZoneInfo(time_zone)
        self._answers = answers

    async def calls(self, query: CallQuery) -> CallReport:
        """Return the figures of calls.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> list[CallLine]:
            rows = store.calls(connection, times, query, MOST_LINES + 1)
            return _lines(connection, CallLine, times, query.group, [_of_calls(row) for row in rows])

        lines = await self._database.look_up(look)
        return CallReport(
            since=query.since,
            until=query.until,
            time_zone=self.zone.key,
            times=times,
            within_s=query.within_s,
            short_s=query.short_s,
            lines=lines,
        )

    async def tickets(self, query: TicketQuery) -> TicketReport:
        """Return the figures of tickets.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> list[TicketLine]:
            rows = store.tickets(connection, times, query.group, self._answers, MOST_LINES + 1)
            return _lines(connection, TicketLine, times, query.group, [_of_tickets(row) for row in rows])

        lines = await self._database.look_up(look)
        return TicketReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)


def _lines(
    connection: Connection, kind: type[LineType], times: Sequence[Bucket], group: str, rows: list[dict[str, Any]]
) -> list[LineType]:
    if len(rows) > MOST_LINES:
        raise TooManyLines(MOST_LINES)
    named = store.names(connection, group, {row["key"] for row in rows})
    return [kind(**row, **vars(times[row["bucket"]]), name=named.get(row["key"], row["key"])) for row in rows]


def _of_calls(row: RowMapping) -> dict[str, Any]:
    offered, within = row["offered"], row["answered_within"]
    return {
        **row,
        "other": offered - row["answered"] - row["abandoned"],
        "level_of_offered": _percent(within, offered),
        "level_without_short": _percent(within, offered - row["short_abandoned"]),
        "level_with_abandoned": _percent(within + row["abandoned_within"], offered),
    }


def _of_tickets(row: RowMapping) -> dict[str, Any]:
    return {
        **row,
        "in_time_share": _percent(row["in_time"], row["closed"]),
        "satisfaction": _percent(row["satisfied"], row["rated"]),
    }


def _percent(part: int, base: int) -> float | None:
    return round(100 * int(part) / int(base), 1) if base else None
