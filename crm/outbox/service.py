"""Writing to the outbox, and the worker that delivers it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox import store
from crm.outbox.model import OutboxEntry
from foundation.clock import utc_now
from foundation.database import Database

Handler = Callable[[dict[str, Any]], Awaitable[None]]
"""Receives an entry's payload; raises where it must be tried again."""

LONGEST_SLEEP_S = 60.0
"""How often to look for entries of a node that died before it delivered them."""
SHORTEST_SLEEP_S = 0.05
UNREACHABLE_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class DeliveryRules:
    """How hard to try. The defaults give up after about half a day."""

    parallel: int = 8
    """Entries being delivered at once, each of a key of its own."""
    timeout_s: float = 30.0
    """For one attempt; shorter than the lease, so that no entry is delivered twice at once."""
    lease_s: float = 60.0
    """After this an entry whose worker died is tried again."""
    attempts: int = 24
    first_retry_s: float = 1.0
    longest_retry_s: float = 3600.0

    def pause_s(self, attempts: int) -> float:
        """How long to wait after an attempt that failed."""
        return min(self.longest_retry_s, self.first_retry_s * 2.0 ** (attempts - 1))


def enqueue(session: AsyncSession, kind: str, key: str, payload: dict[str, Any]) -> None:
    """Add an event to the transaction that makes it true; wake the worker after the commit."""
    now = utc_now()
    session.add(OutboxEntry(kind=kind, key=key, payload=payload, created_at=now, next_at=now))


class OutboxWorker:
    """Delivers entries at least once, in order within a key; who receives one twice must notice.

    Several workers, also on several nodes, share the work. A kind without a handler is done at once: nobody has to
    hear of it. An entry that fails too often is given up and no longer holds back those after it.
    """

    def __init__(self, database: Database, handlers: Mapping[str, Handler], rules: DeliveryRules | None = None) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._rules = rules or DeliveryRules()
        self._wake = asyncio.Event()
        self._delivering = 0

    def wake(self) -> None:
        """Something was committed to the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is being delivered then is given back."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                self._wake.clear()
                try:
                    pause_s = await self._begin_due(deliveries)
                except Exception:
                    log.exception("outbox_unreachable")
                    pause_s = UNREACHABLE_S
                await self._sleep(pause_s)

    async def _begin_due(self, deliveries: asyncio.TaskGroup) -> float:
        """Begin to deliver what is due; how long there is nothing more to begin, in seconds."""
        free = self._rules.parallel - self._delivering
        for entry in await self._lease(free) if free else ():
            self._delivering += 1
            deliveries.create_task(self._deliver(entry), name=f"outbox:{entry.sequence}")
        if self._delivering == self._rules.parallel:
            return LONGEST_SLEEP_S
        async with self._database.read() as session:
            due = await store.next_due(session)
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, (due - utc_now()).total_seconds()))

    async def _lease(self, limit: int) -> list[OutboxEntry]:
        now = utc_now()
        until = now + timedelta(seconds=self._rules.lease_s)
        async with self._database.write() as session:
            return list(await store.lease(session, now, until, limit))

    async def _deliver(self, entry: OutboxEntry) -> None:
        try:
            outcome = await self._attempt(entry)
            await self._finish(entry, outcome)
        except asyncio.CancelledError:
            await self._finish(entry, {"next_at": utc_now(), "attempts": entry.attempts - 1})
            raise
        finally:
            self._delivering -= 1
            self._wake.set()

    async def _attempt(self, entry: OutboxEntry) -> dict[str, object]:
        """Deliver; what to store of how it went."""
        handler = self._handlers.get(entry.kind)
        try:
            if handler is not None:
                async with asyncio.timeout(self._rules.timeout_s):
                    await handler(entry.payload)
        except Exception as error:
            given_up = entry.attempts >= self._rules.attempts
            retry_at = utc_now() + timedelta(seconds=self._rules.pause_s(entry.attempts))
            log.exception(
                "outbox_entry_given_up" if given_up else "outbox_delivery_failed",
                kind=entry.kind,
                key=entry.key,
                attempts=entry.attempts,
            )
            return {
                "next_at": None if given_up else retry_at,
                "error": f"{type(error).__name__}: {error}".replace("\x00", "")[:500],
            }
        return {"next_at": None, "done_at": utc_now(), "error": None}

    async def _finish(self, entry: OutboxEntry, outcome: dict[str, object]) -> None:
        try:
            async with self._database.write() as session:
                await store.finish(session, entry, **outcome)
        except Exception:
            # The lease ends by itself, and the entry is delivered again.
            log.exception("outbox_outcome_not_stored", kind=entry.kind, key=entry.key)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
