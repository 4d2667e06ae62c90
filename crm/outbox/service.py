"""Writing to the outbox, delivering it, and what to do with what could not be delivered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox import metrics, store
from crm.outbox.errors import NoDeadLetter
from crm.outbox.model import DeadLetterView, OutboxEntry
from crm.outbox.worker import DeliveryRules, Outcome, Worker, told
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.routes import Principal
from foundation.signals import Signal

Handler = Callable[[dict[str, Any]], Awaitable[None]]
"""Receives an entry's payload; raises where it must be tried again."""

KEPT_DAYS = 30
"""How long what was delivered is kept, for whoever asks what happened."""
PRUNE_AT_ONCE = 500
PRUNE_EVERY_S = 600.0
COUNT_EVERY_S = 30.0

log = structlog.get_logger()


@dataclass(frozen=True)
class OutboxEvent:
    """An entry as it is told to whoever hears of everything."""

    id: str
    """The same however often it is told: by this a receiver knows what it had already (F26)."""
    kind: str
    key: str
    payload: dict[str, Any]
    at: datetime
    """When it became true."""


Listener = Callable[[OutboxEvent], Awaitable[None]]
"""Hears of every entry, whatever its kind; raises where it must be tried again."""


def enqueue(session: AsyncSession, kind: str, key: str, payload: dict[str, Any]) -> None:
    """Add an event to the transaction that makes it true; wake the worker after the commit."""
    now = utc_now()
    session.add(OutboxEntry(kind=kind, key=key, payload=payload, created_at=now, next_at=now))


class OutboxWorker:
    """Delivers entries at least once, in order within a key; who receives one twice must notice.

    Several workers, also on several nodes, share the work. A kind without a handler is done at once: nobody has to
    hear of it. One that fails too often is given up and no longer holds back those after it. Where one of several
    handlers fails, the others still hear of it, and all hear of it again.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Sequence[Handler]],
        rules: DeliveryRules | None = None,
        *,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._listeners = tuple(listeners)
        self._rules = rules or DeliveryRules()
        self._worker = Worker("outbox", self, self._rules)
        self.wake = self._worker.wake
        self.run = self._worker.run

    async def lease(self, now: datetime, until: datetime, limit: int) -> Sequence[OutboxEntry]:
        """Take what is due, at most one entry of a key."""
        async with self._database.write() as session:
            return await store.lease(session, now, until, limit)

    async def next_due(self) -> datetime | None:
        """When the next entry is to be tried."""
        async with self._database.read() as session:
            return await store.next_due(session)

    async def attempt(self, entry: OutboxEntry) -> Outcome:
        """Tell everybody who has to hear of an entry; what to store of how it went."""
        failures = await self._tell(entry)
        if not failures:
            metrics.DELIVERED.labels("done").inc()
            return {"next_at": None, "done_at": utc_now(), "error": None}
        given_up = entry.attempts >= self._rules.attempts
        metrics.DELIVERED.labels("given_up" if given_up else "failed").inc()
        for failure in failures:
            log.error(
                "outbox_entry_given_up" if given_up else "outbox_delivery_failed",
                kind=entry.kind,
                key=entry.key,
                attempts=entry.attempts,
                exc_info=failure,
            )
        return {
            "next_at": None if given_up else self._rules.retry_at(entry.attempts),
            "error": "; ".join(told(failure) for failure in failures)[:500],
        }

    async def finish(self, entry: OutboxEntry, outcome: Outcome) -> None:
        """Store how a delivery went."""
        async with self._database.write() as session:
            await store.finish(session, entry, **outcome)

    async def _tell(self, entry: OutboxEntry) -> list[Exception]:
        event = _event(entry)
        hearings = [partial(handler, entry.payload) for handler in self._handlers.get(entry.kind, ())]
        hearings += [partial(listener, event) for listener in self._listeners]
        failures: list[Exception] = []
        for hear in hearings:
            try:
                async with asyncio.timeout(self._rules.timeout_s / len(hearings)):
                    await hear()
            except Exception as error:  # noqa: BLE001 - told to the log and stored with the entry
                failures.append(error)
        return failures


def _event(entry: OutboxEntry) -> OutboxEvent:
    """The time is part of the id: SQLite gives a sequence again once the last entries were pruned."""
    event_id = f"event-{entry.sequence}-{milliseconds(entry.created_at)}"
    return OutboxEvent(event_id, entry.kind, entry.key, entry.payload, entry.created_at)


class OutboxService:
    """What could not be delivered, for somebody to act on; and keeping the outbox small."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.outbox_written = Signal[[]]()
        """An entry became due again."""

    async def dead_letters(self, *, kind: str | None, after: int | None, limit: int) -> list[DeadLetterView]:
        """What was given up, newest first; `after` is the sequence of the last one of the page before."""
        async with self._database.read() as session:
            found = await store.dead(session, kind=kind, before=after, limit=limit)
        return [DeadLetterView.model_validate(entry) for entry in found]

    async def redeliver(self, sequence: int) -> None:
        """Try one again, with all its attempts before it.

        Raises:
            NoDeadLetter: it is not there, or not given up.
        """
        async with self._database.write() as session:
            if not await store.revive(session, utc_now(), sequence=sequence):
                raise NoDeadLetter(f"no entry {sequence} was given up")
        self.outbox_written.announce()

    async def redeliver_all(self, *, kind: str | None) -> int:
        """Try everything again that was given up, of one kind or of all; how many."""
        async with self._database.write() as session:
            revived = await store.revive(session, utc_now(), kind=kind)
        self.outbox_written.announce()
        return revived

    async def drop(self, sequence: int, reason: str, by: Principal) -> None:
        """Nobody has to hear of it any more; who decided that and why is kept with it.

        Raises:
            NoDeadLetter: it is not there, or not given up.
        """
        async with self._database.write() as session:
            if not await store.drop(session, sequence, utc_now(), reason, f"{by.name} ({by.staff_number})"):
                raise NoDeadLetter(f"no entry {sequence} was given up")
        log.info("outbox_entry_dropped", sequence=sequence, by=by.staff_id)

    async def prune(self, now: datetime | None = None) -> int:
        """Remove what was delivered long ago, a batch at a time; how many."""
        before = (now or utc_now()) - timedelta(days=KEPT_DAYS)
        removed = 0
        while True:
            async with self._database.write() as session:
                batch = await store.prune(session, before, PRUNE_AT_ONCE)
            removed += batch
            if batch < PRUNE_AT_ONCE:
                return removed

    async def keep_small(self) -> None:
        """Prune now and then, until cancelled."""
        while True:
            removed = await self.prune()
            if removed:
                log.info("outbox_pruned", removed=removed)
            await asyncio.sleep(PRUNE_EVERY_S)

    async def keep_counting(self) -> None:
        """Count what waits and what was given up, until cancelled."""
        while True:
            async with self._database.read() as session:
                counts = await store.counts(session)
            metrics.WAITING.set(counts.waiting)
            metrics.DEAD.set(counts.dead)
            oldest_s = (utc_now() - counts.oldest).total_seconds() if counts.oldest is not None else 0.0
            metrics.OLDEST.set(max(0.0, oldest_s))
            await asyncio.sleep(COUNT_EVERY_S)
