"""Keeper of facts: from Redis into the database."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection

from ari_app.queues.model import AgentFact, AgentState, QueueFact
from crm.history.facts import QueueEventKind, store_events, store_times
from crm.history.queue_log import QueueLog
from foundation.clock import from_milliseconds
from foundation.database import Database, out_of_reach

STREAM = "hotline:acd:facts"
AT_ONCE = 500
LOOK_EVERY_S = 1.0
Entry = tuple[bytes, dict[bytes, bytes]]
"""Entry of the stream: its id, and the fact under its kind."""
IsPlanned = Callable[[str | None], bool]
"""Tells whether the reason of a pause is a planned one."""

_QUEUE_FACT = msgspec.json.Decoder(QueueFact)
_AGENT_FACT = msgspec.json.Decoder(AgentFact)

log = structlog.get_logger()


class FactKeeper:
    """Keeper of what the functions in Redis tell.

    A fact is removed from Redis once it is stored. Calls do not wait for it. A death in between stores the same
    facts again, under the same ids. While the database is away the stream grows, up to its bound.
    """

    def __init__(
        self,
        redis: Redis,
        database: Database,
        queue_log: QueueLog | None = None,
        *,
        is_planned: IsPlanned = lambda _reason: False,
    ) -> None:
        self._redis = redis
        self._database = database
        self._queue_log = queue_log or QueueLog(None)
        self._is_planned = is_planned

    async def run(self) -> None:
        """Store facts until cancelled."""
        while True:
            try:
                while await self.store_some():
                    pass
            except RedisError as error:
                log.warning("facts_not_read", error=str(error))
            except Exception as error:
                if not out_of_reach(error):
                    raise
            await asyncio.sleep(LOOK_EVERY_S)

    async def store_some(self) -> int:
        """Store the oldest facts; return how many."""
        found = cast("list[Entry]", await self._redis.xrange(STREAM, count=AT_ONCE))
        if not found:
            return 0
        events: list[dict[str, Any]] = []
        times: list[dict[str, Any]] = []
        for stream_id, fields in found:
            self._read(stream_id.decode(), fields, events, times)

        def store(connection: Connection) -> list[str]:
            lines = self._queue_log.lines(connection, events)
            store_events(connection, events)
            store_times(connection, times)
            return lines

        await self._queue_log.write(await self._database.change(store))
        await self._redis.xdel(STREAM, *(stream_id for stream_id, _ in found))
        return len(found)

    def _read(
        self, stream_id: str, fields: Mapping[bytes, bytes], events: list[dict[str, Any]], times: list[dict[str, Any]]
    ) -> None:
        """Read one entry; log and drop an unreadable one."""
        try:
            for kind, content in fields.items():
                if kind == b"queue":
                    events.append(_event(stream_id, _QUEUE_FACT.decode(content)))
                else:
                    fact = _AGENT_FACT.decode(content)
                    times += _time(stream_id, fact, self._is_planned)
                    events += _agent_events(stream_id, fact)
        except (msgspec.DecodeError, ValueError):
            log.exception("fact_unreadable", stream_id=stream_id)


def _event(stream_id: str, fact: QueueFact) -> dict[str, Any]:
    given = msgspec.structs.asdict(fact)
    del given["at_ms"]
    event = QueueEventKind(fact.event)
    return given | {"id": fact.id or stream_id, "at": from_milliseconds(fact.at_ms), "event": event}


def _time(stream_id: str, fact: AgentFact, is_planned: IsPlanned) -> Iterator[dict[str, Any]]:
    if fact.state is None or fact.since_ms is None or fact.since_ms >= fact.at_ms:
        return
    yield {
        "id": stream_id,
        "agent_id": fact.agent_id,
        "state": fact.state.value,
        "reason": fact.reason,
        "planned": is_planned(fact.reason) if fact.state is AgentState.NOT_READY else None,
        "queue": fact.queue,
        "call_id": fact.call_id,
        "since": from_milliseconds(fact.since_ms),
        "until": from_milliseconds(fact.at_ms),
    }


def _agent_events(stream_id: str, fact: AgentFact) -> Iterator[dict[str, Any]]:
    """Yield sign-in and sign-out, begin and end of a pause."""
    paused, pauses = fact.state is AgentState.NOT_READY, fact.next_state is AgentState.NOT_READY
    gone, goes = fact.state is None, fact.next_state is AgentState.OFFLINE
    kinds = {
        QueueEventKind.ADDMEMBER: gone and not goes,
        QueueEventKind.UNPAUSE: paused and not pauses and not goes,
        QueueEventKind.PAUSE: pauses,
        QueueEventKind.REMOVEMEMBER: goes and not gone,
    }
    for kind in (kind for kind, holds in kinds.items() if holds):
        reason = fact.next_reason if kind is QueueEventKind.PAUSE else None
        common = {"at": from_milliseconds(fact.at_ms), "event": kind, "agent_id": fact.agent_id, "reason": reason}
        yield {"id": f"{stream_id}~{kind.value}", **common}
