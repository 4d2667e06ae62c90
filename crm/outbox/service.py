"""Writing to the outbox, and the worker that delivers it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox import store
from crm.outbox.model import OutboxEntry
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id

Handler = Callable[[dict[str, Any]], Awaitable[None]]

LEASE = timedelta(seconds=60)
"""After this an entry whose worker died is tried again."""
BATCH = 20
ATTEMPTS = 12
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 3600.0
LONGEST_SLEEP_S = 60.0

log = structlog.get_logger()


def enqueue(session: AsyncSession, kind: str, key: str, payload: dict[str, Any]) -> OutboxEntry:
    """Add an event to the transaction that makes it true; wake the worker after the commit."""
    now = utc_now()
    entry = OutboxEntry(id=new_id("out"), kind=kind, key=key, payload=payload, created_at=now, next_at=now)
    session.add(entry)
    return entry


class OutboxWorker:
    """Delivers entries at least once, in order within a key; who receives one twice must notice.

    A kind without a handler is done at once: nobody has to hear of it.
    """

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was committed to the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._wake.clear()
            try:
                delivered = await self.deliver_due()
                pause = 0.0 if delivered else await self._until_next()
            except Exception:
                log.exception("outbox_unreachable")
                pause = FIRST_RETRY_S
            if pause > 0:
                await self._sleep(pause)

    async def deliver_due(self) -> int:
        """Deliver one batch of what is due; how many entries were tried."""
        async with self._database.write() as session:
            entries = await store.lease(session, utc_now(), LEASE, BATCH)
        for entry in entries:
            await self._deliver(entry)
        return len(entries)

    async def _deliver(self, entry: OutboxEntry) -> None:
        handler = self._handlers.get(entry.kind)
        changes: dict[str, object] = {"done_at": utc_now(), "error": None}
        try:
            if handler is not None:
                await handler(entry.payload)
        except Exception as error:
            log.exception("outbox_delivery_failed", kind=entry.kind, key=entry.key, attempts=entry.attempts)
            pause_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** (entry.attempts - 1))
            changes = {
                "next_at": utc_now() + timedelta(seconds=pause_s),
                "error": f"{type(error).__name__}: {error}"[:500],
                "dead": entry.attempts >= ATTEMPTS,
            }
        async with self._database.write() as session:
            await store.finish(session, entry.id, **changes)

    async def _until_next(self) -> float:
        async with self._database.read() as session:
            due = await store.next_due(session)
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.01, (due - utc_now()).total_seconds()))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
