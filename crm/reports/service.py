"""Use cases of reports."""

from collections.abc import Callable, Sequence
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
    ResultLine,
    ResultQuery,
    ResultReport,
    TicketLine,
    TicketQuery,
    TicketReport,
)
from crm.reports.results import result_lines
from crm.reports.running import RunningStates
from crm.reports.standards import Verdict, judged
from foundation.clock import utc_now
from foundation.database import Database

NOW_MINUTES = 30
"""Minutes that the board calls now."""
LineType = TypeVar("LineType", bound=Line)
NameOf = Callable[[str, str], str | None]
"""Returns the name of a group's key, or of the reason of a `pause`, in the reader's language."""


def _no_name(_group: str, _key: str) -> str | None:
    return None


class ReportService:
    """Figures of calls, agents and tickets, from stored facts.

    Packages above this one own two tables: `answers` of callbacks, with `ticket_id` and `attitude`, and `segments` of
    recordings, which say how long each agent talked.
    """

    def __init__(
        self, database: Database, time_zone: str, answers: Table, segments: Table, name_of: NameOf = _no_name
    ) -> None:
        self._database = database
        self.zone = ZoneInfo(time_zone)
        self._answers = answers
        self._segments = segments
        self._name_of = name_of
        self._running: RunningStates | None = None

    def count_running(self, states: RunningStates) -> None:
        """Count also states of agents that are not over; `states` reads them."""
        self._running = states

    async def calls(self, query: CallQuery) -> CallReport:
        """Return the figures of calls.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> tuple[list[CallLine], bool]:
            rows = call_lines(connection, times, query, self.zone)
            counted = latest.up_to_date(connection, times[0].since, times[-1].until, self.zone)
            return self._lines(connection, CallLine, times, query.group, rows), counted

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
        running = await self._running() if self._running is not None else None

        def look(connection: Connection) -> list[AgentLine]:
            rows = agent_lines(connection, times, self._segments, query, self.zone, running)
            for pause in (one for row in rows for one in row["pauses"]):
                pause["name"] = self._name_of("pause", pause["reason"]) or pause["reason"]
            return self._lines(connection, AgentLine, times, query.group, rows)

        lines = await self._database.look_up(look)
        return AgentReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    async def flows(self, query: FlowQuery) -> FlowReport:
        """Return the figures of flows.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)

        def look(connection: Connection) -> list[FlowLine]:
            rows = flow_lines(connection, times, query, self.zone)
            for row in rows:
                for one in row["steps"]:
                    one["name"] = self._name_of("flow_step", f"{row['key']}/{one['step']}") or one["step"]
            return self._lines(connection, FlowLine, times, "flow", rows)

        lines = await self._database.look_up(look)
        return FlowReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    async def results(self, query: ResultQuery) -> ResultReport:
        """Return the results that agents chose.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = buckets(query.since, query.until, query.by, self.zone)
        rows = await self._database.look_up(lambda connection: result_lines(connection, times, query))
        if len(rows) > MOST_LINES:
            raise TooManyLines(MOST_LINES)
        lines = [ResultLine(**row, **vars(times[row["bucket"]]), name=self._result_name(row)) for row in rows]
        return ResultReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    def _result_name(self, row: dict[str, Any]) -> str:
        words = row["words"] or "–"
        return f"{self._name_of('queue', row['queue']) or row['queue']} · {words}" if row["queue"] else words

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

    async def expected_wait_errors(self) -> dict[str, int]:
        """Return how far expected waits were off today, by queue.

        The mean difference of the real wait and the one first expected, of answered callers, in milliseconds.
        """
        today = utc_now().astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return await self._database.look_up(lambda connection: store.expected_wait_errors(connection, today))

    async def now(self) -> ReportNow:
        """Return the figures of all queues in the last minutes and today."""
        at = utc_now()
        today = at.astimezone(self.zone).date()
        query = CallQuery(since=today, until=today + DAY, by="day", group="queue")
        span = Bucket(since=at - timedelta(minutes=NOW_MINUTES), until=at)

        def look(connection: Connection) -> tuple[list[CallLine], list[CallLine]]:
            recent = recent_lines(connection, span.since, query)
            times = buckets(query.since, query.until, query.by, self.zone)
            of_day = self._lines(
                connection, CallLine, times, query.group, call_lines(connection, times, query, self.zone)
            )
            return self._lines(connection, CallLine, [span], query.group, recent), of_day

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
            return self._lines(connection, TicketLine, times, query.group, [_of_tickets(row) for row in rows])

        lines = await self._database.look_up(look)
        return TicketReport(since=query.since, until=query.until, time_zone=self.zone.key, times=times, lines=lines)

    def _lines(
        self,
        connection: Connection,
        kind: type[LineType],
        times: Sequence[Bucket],
        group: str,
        rows: list[dict[str, Any]],
    ) -> list[LineType]:
        if len(rows) > MOST_LINES:
            raise TooManyLines(MOST_LINES)
        keys = {row["key"] for row in rows}
        named = store.names(connection, group, keys) | {
            key: name for key in keys if (name := self._name_of(group, key)) is not None
        }
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
