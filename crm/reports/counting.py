"""Counting of calls into sums, again after each late fact."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, Table, delete, func, insert, select, update
from sqlmodel import SQLModel

from crm.history.model import CallChange, CallRecord
from crm.reports import store, summing
from crm.reports.buckets import cell_length, cell_of, day_of, next_day
from crm.reports.daily.counting import DayCounting
from crm.reports.rollup_model import CallSum, CallSumState, Dimension, Span
from crm.reports.summing import Parts, Sums
from foundation.clock import utc_now
from foundation.database import Database, out_of_reach
from foundation.ids import new_id

VERSION = 3
"""Rises when sums are counted another way."""
LOOK_EVERY_S = 2.0
ASK_EVERY_S = 20.0
"""How often a process asks that does not own the counting."""
OWNED_FOR = timedelta(seconds=60)
PAUSE_OF_COUNT = 30
"""Pause after a count, as a multiple of its time: calls of this moment need the processor more."""
PAUSE_OF_DAY = 10
"""The same for a day of agents and flows."""
CELLS_AT_ONCE = 48
CHANGES_AT_ONCE = 5000
ROWS_AT_ONCE = 500

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_CHANGE = SQLModel.metadata.tables[CallChange.__tablename__]
_SUM = SQLModel.metadata.tables[CallSum.__tablename__]
_STATE = SQLModel.metadata.tables[CallSumState.__tablename__]
log = structlog.get_logger()


class NotTheOwner(Exception):
    """Another process took the counting over."""


class CallCounting:
    """Background part that keeps the sums of calls right.

    One process at a time owns it. Each stored record leaves a `call_change` in its transaction. The owner counts
    the times of these changes anew from all their records, the newest first: repeating it, also after a death in
    the middle, gives the same sums.
    """

    def __init__(self, database: Database, time_zone: str, segments: Table) -> None:
        """Create it; `segments` are the recordings, as for `ReportService`."""
        self._database = database
        self._zone = ZoneInfo(time_zone)
        self._days = DayCounting(database, self._zone, segments)
        self._name = new_id("counting")
        self._length = cell_length(self._zone)

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            pause_s = LOOK_EVERY_S
            try:
                if await self.take():
                    pause_s = await self._count()
                else:
                    pause_s = ASK_EVERY_S
            except NotTheOwner:
                log.warning("counting_taken_over")
            except Exception as error:
                if not out_of_reach(error):
                    log.exception("counting_failed")
            await asyncio.sleep(pause_s)

    async def _count(self) -> float:
        """Count what waits; return the pause before the next look, in seconds.

        The cell of this moment is counted anew while calls end in it. The pause bounds what that costs on a busy day.
        """
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            if await self.count_some() < CELLS_AT_ONCE:
                break
        pause_s = PAUSE_OF_COUNT * (clock() - began)
        # Days that are over hurry less: one at a time.
        began = clock()
        await self._days.count_some(self._keep)
        return max(LOOK_EVERY_S, pause_s, PAUSE_OF_DAY * (clock() - began))

    async def catch_up(self) -> None:
        """Count everything that has changed."""
        if not await self.take():
            raise NotTheOwner
        await self._count_all()

    async def _count_all(self) -> None:
        while await self.count_some():
            pass
        while await self._days.count_some(self._keep):
            pass

    async def take(self) -> bool:
        """Own the counting for a minute; tell whether this process does.

        Where nothing was counted yet, or days are those of another zone, everything is marked to be counted.
        """
        return await self._database.change(self._take)

    async def count_some(self) -> int:
        """Count the newest changed cells; return how many."""
        changes, rows, times = await self._database.look_up(self._look)
        if changes:
            await self._database.change(lambda connection: self._store(connection, changes, rows, times))
        return len(times[Span.CELL])

    def _take(self, connection: Connection) -> bool:
        now = utc_now()
        mine = {"owner": self._name, "owned_until": now + OWNED_FOR}
        as_now = {"time_zone": self._zone.key, "version": VERSION}
        state = connection.execute(select(_STATE).with_for_update()).mappings().first()
        if state is None:
            connection.execute(insert(_STATE), {"id": 1, **mine, **as_now})
        elif state["owner"] != self._name and state["owned_until"] > now:
            return False
        else:
            connection.execute(update(_STATE).values(**mine, **as_now))
        if state is None or any(state[name] != value for name, value in as_now.items()):
            self._begin_again(connection)
        return True

    def _begin_again(self, connection: Connection) -> None:
        """Mark every cell with records to be counted."""
        self._days.begin_again(connection)
        connection.execute(delete(_SUM))
        first, last = connection.execute(select(func.min(_CALL.started_at), func.max(_CALL.started_at))).one()
        if first is None:
            return
        cells = [{"at": first + self._length * place} for place in range((last - first) // self._length + 2)]
        log.info("counting_everything", cells=len(cells))
        for begin in range(0, len(cells), ROWS_AT_ONCE):
            connection.execute(insert(_CHANGE), cells[begin : begin + ROWS_AT_ONCE])

    def _look(self, connection: Connection) -> tuple[list[int], list[dict[str, Any]], dict[Span, list[datetime]]]:
        """Return changes, the rows to store, and the times they replace."""
        marked = select(_CHANGE.c.id, _CHANGE.c.at).order_by(_CHANGE.c.id.desc()).limit(CHANGES_AT_ONCE)
        changes: dict[datetime, list[int]] = {}
        for change_id, at in connection.execute(marked):
            changes.setdefault(cell_of(at, self._length), []).append(change_id)
        cells = sorted(changes, reverse=True)[:CELLS_AT_ONCE]
        rows: list[dict[str, Any]] = []
        for cell in cells:
            found = summing.summed(store.call_facts(connection, cell, cell + self._length))
            rows += [_row(Span.CELL, cell, dimension, parts, sums) for dimension, parts, sums in _each(found)]
        days = sorted({day_of(cell, self._zone) for cell in cells})
        counted = {cell: [row for row in rows if row["at"] == cell] for cell in cells}
        rows += [row for day in days for row in self._of_day(connection, day, counted)]
        taken = [change_id for cell in cells for change_id in changes[cell]]
        return taken, rows, {Span.CELL: cells, Span.DAY: days}

    def _of_day(
        self, connection: Connection, day: datetime, counted: dict[datetime, list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Return a day's rows, from stored cells and those just counted."""
        until = next_day(day, self._zone)
        of_cells = (
            select(_SUM)
            .where(_SUM.c.span == Span.CELL, _SUM.c.dimension.in_(Dimension))
            .where(_SUM.c.at >= day, _SUM.c.at < until, _SUM.c.at.not_in(counted))
        )
        stored: list[Any] = [*connection.execute(of_cells).mappings()]
        fresh = [row for cell, rows in counted.items() if day <= cell < until for row in rows]
        sums: dict[tuple[Dimension, Parts], Sums] = {}
        for row in (*stored, *fresh):
            parts = Parts(row["queue"], row["access_number"], row["agent_id"])
            sums.setdefault((row["dimension"], parts), Sums()).add(row)
        return [_row(Span.DAY, day, dimension, parts, one.stored()) for (dimension, parts), one in sums.items()]

    def _keep(self, connection: Connection) -> None:
        """Own the counting for longer.

        Raises:
            NotTheOwner: another process does.
        """
        owned = update(_STATE).where(_STATE.c.owner == self._name).values(owned_until=utc_now() + OWNED_FOR)
        if connection.execute(owned).rowcount == 0:
            raise NotTheOwner

    def _store(
        self,
        connection: Connection,
        changes: Sequence[int],
        rows: Sequence[dict[str, Any]],
        times: dict[Span, list[datetime]],
    ) -> None:
        self._keep(connection)
        for span, begins in times.items():
            replaced = (_SUM.c.span == span, _SUM.c.dimension.in_(Dimension), _SUM.c.at.in_(begins))
            connection.execute(delete(_SUM).where(*replaced))
        for begin in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(insert(_SUM), rows[begin : begin + ROWS_AT_ONCE])
        connection.execute(delete(_CHANGE).where(_CHANGE.c.id.in_(changes)))


def _each(found: dict[Parts, Sums]) -> Iterable[tuple[Dimension, Parts, dict[str, Any]]]:
    return summing.each_dimension(found)


def _row(span: Span, at: datetime, dimension: Dimension, parts: Parts, sums: dict[str, Any]) -> dict[str, Any]:
    return {"span": span, "at": at, "dimension": dimension, **parts._asdict(), **sums}
