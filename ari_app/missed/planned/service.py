"""Use cases of calls back that wait in a queue."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import structlog
from sqlalchemy import Connection

from ari_app.calls.call_back import call_back_state
from ari_app.calls.call_services import CallServices
from ari_app.calls.errors import NumberRefused
from ari_app.calls.model import CallState
from ari_app.desk.call_states import OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.missed.planned import store
from ari_app.missed.planned.model import Asked, CallBackEnd, NotCalled, QueueCallBack
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.hours import ComingWindow
from ari_app.queues.model import LeaveReason
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.database import Database, out_of_reach
from foundation.ids import new_id

LOOK_S = 2.0
"""How often a node looks for calls back that are due."""
HELD_S = 60.0
"""How long a node that is gone keeps its calls back."""
SOON_S = 30.0
"""Until the next try after one that failed at our side."""
SEEN_S = 5.0
"""How long what was read with the caller's number counts: most callers have joined a queue by then."""
MOST_SEEN = 1000
TRIED = frozenset({OutgoingResult.NO_ANSWER, OutgoingResult.BUSY, OutgoingResult.REFUSED})

log = structlog.get_logger()


@dataclass(frozen=True)
class Line:
    """Calls of this node, for calls back that are put in line."""

    services: CallServices
    place: Callable[[CallState], None]
    live: Callable[[], Sequence[CallState]]
    """Calls of this node."""
    everywhere: Callable[[], Awaitable[Sequence[CallState]]]
    """Calls of all nodes."""


class PlannedCallBacks:
    """Calls back in the place of callers, one for each number.

    A call back is in line since the caller joined: it comes before callers who joined later, and after those who joined
    before. An agent is reserved first, so there are never more calls than free agents.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._line: Line | None = None
        self._seen: dict[str, tuple[float, bool]] = {}
        """Whether a number had a call back, and when that was read."""

    def connect(self, line: Line) -> None:
        """Give it the calls of this process, which are made later."""
        self._line = line

    async def ask(self, asked: Asked) -> bool:
        """Plan a call back; False: the number has one already."""
        self._seen.pop(asked.number, None)
        async with self._database.write() as session:
            known = await store.open_of(session, asked.number)
            if known is not None:
                return known.asked_call_id == asked.call_id  # the step is repeated
            window = asked.window
            opens_at = None
            if window is not None:
                # Those who chose the same time are called in the order in which they asked.
                opens_at = window.opens_at + timedelta(milliseconds=await store.count_of(session, window.opens_at))
            session.add(
                QueueCallBack(
                    id=new_id("call-back"),
                    number=asked.number,
                    customer_id=asked.customer_id,
                    queue=asked.queue,
                    kind=asked.kind,
                    priority=asked.priority,
                    asked_call_id=asked.call_id,
                    joined_at=asked.joined_at,
                    due_at=opens_at or utc_now(),
                    window_zh=window.zh if window is not None else "",
                    window_en=window.en if window is not None else "",
                    opens_at=opens_at,
                    closes_at=window.closes_at if window is not None else None,
                )
            )
        crashpoint("call-back-asked")
        return True

    async def outstanding(self, number: str | None) -> bool:
        """Tell whether a number has a call back that has not ended.

        False while the database is away.
        """
        if number is None:
            return False
        early = self._seen.pop(number, None)
        if early is not None and time.monotonic() - early[0] < SEEN_S:
            return early[1]
        try:
            return await self._database.look_up(lambda connection: store.is_outstanding(connection, number))
        except Exception as error:
            if not out_of_reach(error):
                raise
            return False

    def read_with_number(self, connection: Connection, number: str) -> None:
        """Read it early, with the customers of the number."""
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        self._seen[number] = time.monotonic(), store.is_outstanding(connection, number)

    def windows(self, queue: str) -> list[ComingWindow]:
        """Return the times that a caller of a queue may choose."""
        if self._line is None:
            return []
        services = self._line.services
        return services.hours.windows(services.queues.settings_of(queue))

    async def why_not(self, number: str, call_id: str) -> NotCalled | None:
        """Return why a number is not called back; None: it can be."""
        if self._line is None:
            return None
        try:
            self._line.services.dial_plan.endpoint(number)
        except NumberRefused:
            return NotCalled.NOT_DIALLED
        live = [one for one in await self._line.everywhere() if one.number == number and one.id != call_id]
        return NotCalled.IN_LINE if any(one.stage is CallStage.QUEUED and not _waits(one) for one in live) else None

    async def wanted(self, call_back_id: str, call_id: str) -> bool:
        """Tell whether this call is still to carry a call back out."""
        try:
            async with self._database.read() as session:
                row = await session.get(QueueCallBack, call_back_id)
        except Exception as error:
            if not out_of_reach(error):
                raise
            return True  # not known: one call too many is better than none
        return row is not None and row.ended_at is None and row.call_id == call_id

    async def merge(self, number: str, queue: str, call_id: str) -> int | None:
        """Give the number's call back up: its caller is here again.

        Return when the caller joined this queue first. It waits for its turn to write: ask `outstanding` before.
        """
        try:
            async with self._database.write() as session:
                row = await store.open_of(session, number)
                if row is None or row.asked_call_id == call_id:
                    return None
                await store.end(session, row, CallBackEnd.MERGED, utc_now())
                # One who chose a later time is not in line before it.
                same = row.queue == queue and (row.opens_at is None or row.opens_at <= utc_now())
                former, joined_ms = row.call_id, _place_ms(row)
        except Exception as error:
            if not out_of_reach(error):
                raise
            return None
        log.info("call_back_merged", queue=queue)
        await self._out_of_line(former)
        return joined_ms if same else None

    async def taken(self, number: str) -> None:
        """Give a number's call back up: an agent calls by hand."""
        async with self._database.write() as session:
            row = await store.open_of(session, number)
            if row is None:
                return
            await store.end(session, row, CallBackEnd.TAKEN, utc_now())
            former = row.call_id
        await self._out_of_line(former)

    async def settle(self, state: CallState) -> None:
        """Store what became of a call back. Safe to repeat.

        Raises:
            SQLAlchemyError: the database is out of reach.
        """
        outgoing = state.outgoing
        assert outgoing is not None, "a call back is a call out"
        assert self._line is not None, "connected"
        settings = self._line.services.queues.settings_of(state.queue or "")
        rules = settings.call_back
        now = utc_now()
        async with self._database.write() as session:
            row = await session.get(QueueCallBack, outgoing.call_back_id)
            if row is None or row.ended_at is not None or row.call_id != state.id:
                return
            row.call_id, row.held_until = None, None
            row.attempts += outgoing.result in TRIED
            if outgoing.result is OutgoingResult.REACHED:
                row.call_id = state.id  # its record says when they talked
                await store.end(session, row, CallBackEnd.REACHED, now)
            elif outgoing.result is OutgoingResult.UNREACHABLE:
                await store.end(session, row, CallBackEnd.UNREACHABLE, now)
            elif row.attempts >= rules.attempts:
                await store.end(session, row, CallBackEnd.GIVEN_UP, now)
            else:
                pause_s = rules.retry_s if outgoing.result in TRIED else SOON_S
                row.due_at = now + timedelta(seconds=pause_s)
            session.add(row)
            log.info("call_back_settled", result=outgoing.result, attempts=row.attempts, end=row.end)

    async def run(self) -> NoReturn:
        """Put calls back in line when they are due, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not out_of_reach(error) and not isinstance(error, QueuesUnavailable):
                    raise
                log.warning("call_backs_not_looked_for", error=type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Keep this node's calls back, and begin those that are due."""
        if self._line is None:
            return
        until = utc_now() + timedelta(seconds=HELD_S)
        own = [state.id for state in self._line.live() if state.outgoing is not None and state.outgoing.call_back_id]
        if own:
            async with self._database.write() as session:
                await store.hold(session, own, until)
        await self._end_late_ones()
        async with self._database.read() as session:
            rows = await store.due(session, utc_now())
        if not rows:
            return
        # A caller who is on the line is not called.
        busy = {state.number for state in await self._line.everywhere() if _on_the_line(state)}
        for row in rows:
            if row.number not in busy and self._is_open(row.queue):
                await self._put_in_line(row)

    async def _end_late_ones(self) -> None:
        """End calls back with a window that is over."""
        assert self._line is not None, "connected"
        own = {state.id: state for state in self._line.live()}
        now = utc_now()
        async with self._database.read() as session:
            late = await store.late(session, now)
        for row in late:
            state = own.get(row.call_id or "")
            is_elsewhere = state is None and row.held_until is not None and row.held_until > now
            if is_elsewhere or (state is not None and not _waits(state)):
                continue
            async with self._database.write() as session:
                stored = await session.get(QueueCallBack, row.id)
                if stored is None or stored.ended_at is not None:
                    continue
                await store.end(session, stored, CallBackEnd.WINDOW_OVER, now)
            log.info("call_back_window_over", queue=row.queue)
            await self._out_of_line(row.call_id)

    async def _put_in_line(self, row: QueueCallBack) -> None:
        assert self._line is not None, "connected"
        services = self._line.services
        try:
            state = call_back_state(services, row, _place_ms(row))
        except NumberRefused as refused:
            log.warning("call_back_refused", why=refused.slug)
            async with self._database.write() as session:
                stored = await session.get(QueueCallBack, row.id)
                if stored is not None:
                    await store.end(session, stored, CallBackEnd.UNREACHABLE, utc_now())
            return
        async with self._database.write() as session:
            taken = await store.take(session, row, state.id, utc_now() + timedelta(seconds=HELD_S))
        if taken:
            await self._out_of_line(row.call_id)  # of a node that is gone
            self._line.place(state)

    def _is_open(self, queue: str) -> bool:
        assert self._line is not None, "connected"
        services = self._line.services
        return services.hours.is_open(services.queues.settings_of(queue))

    async def _out_of_line(self, call_id: str | None) -> None:
        if call_id is None or self._line is None:
            return
        try:
            await self._line.services.queues.leave(call_id, LeaveReason.SYSTEM)
        except QueuesUnavailable:
            log.warning("call_back_not_out_of_line")  # it asks whether it is wanted before any phone rings


def _place_ms(row: QueueCallBack) -> int:
    """Return since when a call back is in line."""
    return milliseconds(row.opens_at or row.joined_at)


def _waits(state: CallState) -> bool:
    return state.outgoing is not None and state.outgoing.waits


def _on_the_line(state: CallState) -> bool:
    return state.number is not None and state.stage is not CallStage.ENDED and not _waits(state)
