"""Use cases of reports."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table

from crm.reports import latest, store
from crm.reports.agent_lines import agent_lines
from crm.reports.buckets import DAY, buckets
from crm.reports.call_lines import call_lines, percent, recent_lines
from crm.reports.errors import TooManyLines
from crm.reports.flows import flow_lines
from crm.reports.interval import interval
from crm.reports.model import (
    MOST_LINES,
    AgentLine,
    AgentQuery,
    AgentReport,
    Bucket,
    CallLine,
    CallQuery,
    CallReport,
    FlowLine,
    FlowQuery,
    FlowReport,
    Line,
    QueueNow,
    ReportNow,
    TicketLine,
    TicketQuery,
    TicketReport,
)
from crm.reports.standards import Verdict, judged
from foundation.clock import utc_now
from foundation.database import Database

NOW_MINUTES = 30
"""Minutes that the board calls now."""
LineType = TypeVar("LineType", bound=Line)


class ReportService:
    """Figures of calls, agents and tickets, from stored facts.

    Packages above this one own two tables: `answers` of callbacks, with `ticket_id` and `attitude`, and `segments` of
    recordings, which say how long each agent talked.
    """

    def __init__(self, database: Database, time_zone: str, answers: Table, segments: Table) -> None:
        self._database = database
        self.zone = ZoneInfo(time_zone)
        self._answers = answers
        self._segments = segments

    async def calls(self, query: CallQuery) -> CallReport:
        """Return the figures of calls.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> tuple[list[CallLine], bool]:
            rows = call_lines(connection, times, query, self.zone)
            counted = latest.up_to_date(connection, times[0].since, times[-1].until, self.zone)
            return _lines(connection, CallLine, times, query.group, rows), counted

        lines, counted = await self._database.look_up(look)
        return CallReport(
            since=query.since,
            until=query.until,
            time_zone=self.zone.key,
            times=times,
            within_s=query.within_s,
            short_s=query.short_s,
            up_to_date=counted,
            lines=lines,
        )

    async def agents(self, query: AgentQuery) -> AgentReport:
        """Return the figures of agents.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> list[AgentLine]:
            rows = agent_lines(connection, times, self._segments, query.agent_id)
            return _lines(connection, AgentLine, times, "agent", rows)

        lines = await self._database.look_up(look)
        return AgentReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    async def flows(self, query: FlowQuery) -> FlowReport:
        """Return the figures of flows.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> list[FlowLine]:
            return _lines(connection, FlowLine, times, "flow", flow_lines(connection, times))

        lines = await self._database.look_up(look)
        return FlowReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    async def agent_today(self, agent_id: str) -> AgentLine:
        """Return an agent's figures since midnight."""
        today = utc_now().astimezone(self.zone).date()
        query = AgentQuery(since=today, until=today + DAY, agent_id=agent_id)
        report = await self.agents(query)
        return report.lines[0] if report.lines else AgentLine(**vars(report.times[0]), key=agent_id, name=agent_id)

    async def standards(self, query: CallQuery) -> list[Verdict]:
        """Return how the calls of a time meet the standards."""
        report = await self.calls(query.model_copy(update={"by": "whole", "group": "none"}))
        return judged(report.lines[0] if report.lines else None)

    async def mean_talks(self) -> dict[str, float]:
        """Return the mean talk of each queue today, in milliseconds."""
        found = await self.now()
        lines = [(one.queue, one.today) for one in found.queues]
        return {queue: line.talk_ms / line.talks for queue, line in lines if line is not None and line.talks}

    async def now(self) -> ReportNow:
        """Return the figures of all queues in the last minutes and today."""
        at = utc_now()
        today = at.astimezone(self.zone).date()
        query = CallQuery(since=today, until=today + DAY, by="day", group="queue")
        span = Bucket(since=at - timedelta(minutes=NOW_MINUTES), until=at)

        def look(connection: Connection) -> tuple[list[CallLine], list[CallLine]]:
            recent = recent_lines(connection, span.since, query)
            times = buckets(query.since, query.until, query.by, self.zone)
            of_day = _lines(connection, CallLine, times, query.group, call_lines(connection, times, query, self.zone))
            return _lines(connection, CallLine, [span], query.group, recent), of_day

        recent, of_day = await self._database.look_up(look)
        last, whole = ({line.key: line for line in lines} for lines in (recent, of_day))
        # Calls that joined no queue are on no tile.
        names = sorted({name for name in (*last, *whole) if name})
        return ReportNow(
            at=at,
            minutes=NOW_MINUTES,
            level="level_of_offered",
            within_s=query.within_s,
            short_s=query.short_s,
            queues=[QueueNow(queue=name, last=last.get(name), today=whole.get(name)) for name in names],
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


def _of_tickets(row: RowMapping) -> dict[str, Any]:
    low, high = interval(int(row["satisfied"]), int(row["rated"])) or (None, None)
    return {
        **row,
        "satisfaction_low": low,
        "satisfaction_high": high,
        "first_contact_share": percent(row["first_contact"], row["registered"]),
        "in_time_share": percent(row["in_time"], row["closed"]),
        "satisfaction": percent(row["satisfied"], row["rated"]),
    }
