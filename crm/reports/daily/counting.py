"""Counting of days, again after each late fact."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlmodel import SQLModel

from crm.history.changes import FigureChange
from crm.history.facts import AgentTime
from crm.history.model import CallRecord
from crm.reports import agent_counts, flow_counts
from crm.reports.buckets import day_of, next_day
from crm.reports.daily.model import AgentDay, CountedDay, FlowDay, PauseDay
from crm.reports.model import Bucket
from foundation.clock import utc_now
from foundation.database import Database

MARKS_AT_ONCE = 5000
DELETED_AT_ONCE = 500
_TABLES = [SQLModel.metadata.tables[one.__tablename__] for one in (AgentDay, PauseDay, FlowDay, CountedDay)]
_AGENT, _PAUSE, _FLOW, _COUNTED = _TABLES
_CHANGE = SQLModel.metadata.tables[FigureChange.__tablename__]
_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_TIME = SQLModel.metadata.tables[AgentTime.__tablename__].c
_NO_FIGURES = {column.name: 0 for column in _AGENT.c if column.name not in {"at", "agent_id"}}
Row = dict[str, Any]
Check = Callable[[Connection], None]
"""Raises where another process counts."""
log = structlog.get_logger()


class _Work(NamedTuple):
    """Marks that were read, and the day that is to be counted."""

    marks: list[int]
    day: datetime | None
    agents: list[Row]
    pauses: list[Row]
    flows: list[Row]


class DayCounting:
    """Counting of agents and flows by day.

    Only days that are over are counted: a day that goes on is read from its facts. Marks are read before the facts,
    and removed with the count: a fact that comes in between leaves its own.
    """

    def __init__(self, database: Database, zone: ZoneInfo, segments: Table) -> None:
        self._database = database
        self._zone = zone
        self._segments = segments

    async def count_some(self, check: Check) -> bool:
        """Count one day, the newest first; False: nothing was left to do."""
        work = await self._database.look_up(self._look)
        if work.day is None and not work.marks:
            return False
        await self._database.change(lambda connection: self._store(connection, work, check))
        return True

    def begin_again(self, connection: Connection) -> None:
        """Forget every counted day."""
        for table in _TABLES:
            connection.execute(delete(table))

    def _look(self, connection: Connection) -> _Work:
        marked = select(_CHANGE.c.id, _CHANGE.c.at).order_by(_CHANGE.c.id).limit(MARKS_AT_ONCE)
        marks: dict[datetime, list[int]] = {}
        for mark_id, at in connection.execute(marked):
            marks.setdefault(day_of(at, self._zone), []).append(mark_id)
        counted = {*connection.execute(select(_COUNTED.c.at)).scalars()}
        # A day without a count needs no mark.
        waste = [one for day, ids in marks.items() if day not in counted for one in ids]
        day = max((day for day in marks if day in counted), default=None) or self._uncounted(connection, counted)
        if day is None:
            return _Work(waste, None, [], [], [])
        time = Bucket(since=day, until=next_day(day, self._zone))
        counts = agent_counts.counted(connection, [time], self._segments, None)
        agents = [{**_NO_FIGURES, **one.figures, "at": day, "agent_id": agent} for (_, agent), one in counts.items()]
        pauses = [
            {"at": day, "agent_id": agent, "reason": reason, "ms": ms}
            for (_, agent), one in counts.items()
            for reason, ms in one.pauses.items()
        ]
        flows = [
            {"at": day, "flow": step.flow, "step": step.step, "followed": step.followed, "calls": calls}
            for step, calls in flow_counts.counted(connection, [time]).items()
        ]
        return _Work([*waste, *(marks.get(day, []) if day in counted else [])], day, agents, pauses, flows)

    def _uncounted(self, connection: Connection, counted: set[datetime]) -> datetime | None:
        """Return the newest day that is over and not counted."""
        firsts = [connection.execute(select(func.min(column))).scalar() for column in (_CALL.started_at, _TIME.until)]
        known = [first for first in firsts if first is not None]
        if not known:
            return None
        first = day_of(min(known), self._zone)
        day = day_of(utc_now(), self._zone)
        while day > first:
            day = day_of(day - timedelta(hours=12), self._zone)
            if day not in counted:
                return day
        return None

    def _store(self, connection: Connection, work: _Work, check: Check) -> None:
        check(connection)
        if work.day is not None:
            for table in _TABLES:
                connection.execute(delete(table).where(table.c.at == work.day))
            _insert(connection, _AGENT, work.agents)
            _insert(connection, _PAUSE, work.pauses)
            _insert(connection, _FLOW, work.flows)
            _insert(connection, _COUNTED, [{"at": work.day}])
            log.info("day_counted", day=work.day.isoformat(), agents=len(work.agents))
        for begin in range(0, len(work.marks), DELETED_AT_ONCE):
            connection.execute(delete(_CHANGE).where(_CHANGE.c.id.in_(work.marks[begin : begin + DELETED_AT_ONCE])))


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        connection.execute(insert(table), rows)
