"""Store events in the outbox, deliver them, manage dead letters."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.events import Event, UnreadableEvent, decode, encode
from crm.outbox import metrics, store
from crm.outbox.errors import NoDeadLetter
from crm.outbox.model import DeadLetterView, OutboxEntry
from crm.outbox.subscriptions import EventEnvelope, Subscriptions
from crm.outbox.worker import DeliveryRules, Outcome, Worker, error_text
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.routes import Principal
from foundation.signals import Signal

KEPT_DAYS = 30
"""How long delivered entries are kept, to find out later what happened."""
PRUNE_AT_ONCE = 500
PRUNE_EVERY_S = 600.0
COUNT_EVERY_S = 30.0

log = structlog.get_logger()


def enqueue(session: AsyncSession, event: Event) -> None:
    """Store an event in the transaction that makes it true.

    Wake the worker after the commit.
    """
    now = utc_now()
    session.add(OutboxEntry(kind=event.kind, key=event.key, payload=encode(event), created_at=now, next_at=now))


class OutboxWorker:
    """Delivers events at least once, in order within a key.

    Receivers must recognise a repeated event.

    Several workers, also on several nodes, share the work. An entry without a handler is done at once. One that fails
    too often is given up and no longer delays those after it, as is one that this release cannot read. Where one of
    several handlers fails, the others still receive the event, and all receive it again.
    """

    def __init__(self, database: Database, subscriptions: Subscriptions, rules: DeliveryRules | None = None) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._rules = rules or DeliveryRules()
        self._worker = Worker("outbox", self, self._rules)
        self.wake = self._worker.wake
        self.run = self._worker.run

    async def lease(self, now: datetime, until: datetime, limit: int) -> Sequence[OutboxEntry]:
        """Lease entries that are due, at most one of a key."""
        async with self._database.write() as session:
            return await store.lease(session, now, until, limit)

    async def next_due(self) -> datetime | None:
        """Return when the next entry is due."""
        async with self._database.read() as session:
            return await store.next_due(session)

    async def attempt(self, entry: OutboxEntry) -> Outcome:
        """Deliver an entry; return its outcome by column."""
        failures = await self._deliver(entry)
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
            "error": "; ".join(error_text(failure) for failure in failures)[:500],
        }

    async def finish(self, entry: OutboxEntry, outcome: Outcome) -> None:
        """Store the outcome of a delivery."""
        async with self._database.write() as session:
            await store.finish(session, entry, **outcome)

    async def _deliver(self, entry: OutboxEntry) -> list[Exception]:
        """Call every handler of an entry; return the failures.

        Each handler has an equal share of the attempt's time: together they end before the lease does.
        """
        try:
            calls = self._subscriptions.calls(_envelope(entry))
        except UnreadableEvent as error:
            return [error]
        failures: list[Exception] = []
        for call in calls:
            try:
                async with asyncio.timeout(self._rules.timeout_s / len(calls)):
                    await call()
            except Exception as error:  # noqa: BLE001 - logged and stored with the entry
                failures.append(error)
        return failures


def _envelope(entry: OutboxEntry) -> EventEnvelope:
    """Read an entry.

    The id has the time in it: SQLite uses a sequence again once the last entries are pruned.

    Raises:
        UnreadableEvent: this release cannot read it.
    """
    event_id = f"event-{entry.sequence}-{milliseconds(entry.created_at)}"
    return EventEnvelope(event_id, decode(entry.kind, entry.key, entry.payload), entry.created_at)


class OutboxService:
    """Entries that were given up, pruning, and metrics of the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.outbox_written = Signal[[]]()
        """An entry became due again."""

    async def dead_letters(self, *, kind: str | None, after: int | None, limit: int) -> list[DeadLetterView]:
        """List dead letters, newest first, after a sequence."""
        async with self._database.read() as session:
            found = await store.dead(session, kind=kind, before=after, limit=limit)
        return [DeadLetterView.model_validate(entry) for entry in found]

    async def redeliver(self, sequence: int) -> None:
        """Deliver one entry again, with the full number of attempts.

        Raises:
            NoDeadLetter: no such entry was given up.
        """
        async with self._database.write() as session:
            if not await store.revive(session, utc_now(), sequence=sequence):
                raise NoDeadLetter(f"no entry {sequence} was given up")
        self.outbox_written.announce()

    async def redeliver_all(self, *, kind: str | None) -> int:
        """Deliver dead letters again, of one kind or all; return their number."""
        async with self._database.write() as session:
            revived = await store.revive(session, utc_now(), kind=kind)
        self.outbox_written.announce()
        return revived

    async def drop(self, sequence: int, reason: str, by: Principal) -> None:
        """Drop a dead letter; its reason and the employee are stored.

        Raises:
            NoDeadLetter: no such entry was given up.
        """
        async with self._database.write() as session:
            if not await store.drop(session, sequence, utc_now(), reason, f"{by.name} ({by.staff_number})"):
                raise NoDeadLetter(f"no entry {sequence} was given up")
        log.info("outbox_entry_dropped", sequence=sequence, by=by.staff_id)

    async def prune(self, now: datetime | None = None) -> int:
        """Remove old delivered entries in batches; return their number."""
        before = (now or utc_now()) - timedelta(days=KEPT_DAYS)
        removed = 0
        while True:
            async with self._database.write() as session:
                batch = await store.prune(session, before, PRUNE_AT_ONCE)
            removed += batch
            if batch < PRUNE_AT_ONCE:
                return removed

    async def prune_regularly(self) -> None:
        """Prune at intervals until cancelled."""
        while True:
            removed = await self.prune()
            if removed:
                log.info("outbox_pruned", removed=removed)
            await asyncio.sleep(PRUNE_EVERY_S)

    async def count_regularly(self) -> None:
        """Update the metrics of waiting and given-up entries until cancelled."""
        while True:
            async with self._database.read() as session:
                counts = await store.counts(session)
            metrics.WAITING.set(counts.waiting)
            metrics.DEAD.set(counts.dead)
            oldest_s = (utc_now() - counts.oldest).total_seconds() if counts.oldest is not None else 0.0
            metrics.OLDEST.set(max(0.0, oldest_s))
            await asyncio.sleep(COUNT_EVERY_S)
