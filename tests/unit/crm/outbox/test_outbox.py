"""Outbox: no loss, order within a key, no delay between keys."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from crm.events import TicketChanged
from crm.outbox import metrics, store
from crm.outbox.errors import NoDeadLetter
from crm.outbox.model import OutboxEntry
from crm.outbox.service import KEPT_DAYS, OutboxService, OutboxWorker, enqueue
from crm.outbox.subscriptions import EventEnvelope, Subscriptions
from crm.outbox.worker import DeliveryRules, Worker
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role

IMPATIENT = DeliveryRules(first_retry_s=0.02, longest_retry_s=0.05, attempts=3, timeout_s=5)


Handler = Callable[[TicketChanged], Awaitable[None]]


class Receiver:
    """Handler that remembers the subjects of events; `until(count)` waits for so many."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self._more = asyncio.Condition()

    async def handle(self, event: TicketChanged) -> None:
        async with self._more:
            self.subjects.append(event.subject)
            self._more.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10), self._more:
            await self._more.wait_for(lambda: len(self.subjects) >= count)


def changed(key: str, subject: str, action: str = "urge") -> TicketChanged:
    """Return an event of a ticket."""
    return TicketChanged(action=action, ticket_id=key, subject=subject)


def urges(*handlers: Handler) -> Subscriptions:
    """Return subscriptions with handlers of one kind of events."""
    subscriptions = Subscriptions()
    for handler in handlers:
        subscriptions.on(TicketChanged, handler, kinds=TicketChanged.kinds_of("urge"))
    return subscriptions


async def add(database: Database, key: str, *subjects: str, action: str = "urge") -> None:
    async with database.write() as session:
        for subject in subjects:
            enqueue(session, changed(key, subject, action))


async def entries(database: Database) -> list[OutboxEntry]:
    async with database.read() as session:
        return list((await session.exec(select(OutboxEntry).order_by(col(OutboxEntry.sequence)))).all())


async def until(database: Database, holds: Callable[[list[OutboxEntry]], bool]) -> list[OutboxEntry]:
    """Return the entries once a condition holds."""
    async with asyncio.timeout(10):
        while not holds(found := await entries(database)):
            await asyncio.sleep(0.01)
    return found


@asynccontextmanager
async def working(
    database: Database, handler: Handler, rules: DeliveryRules = IMPATIENT
) -> AsyncIterator[OutboxWorker]:
    async with running(OutboxWorker(database, urges(handler), rules)) as worker:
        yield worker


@asynccontextmanager
async def running(worker: OutboxWorker) -> AsyncIterator[OutboxWorker]:
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_only_committed_events_are_delivered(database: Database) -> None:
    receiver = Receiver()

    async def fails() -> None:
        async with database.write() as session:
            enqueue(session, changed("a", "never happened"))
            raise RuntimeError("the ticket could not be stored")

    with pytest.raises(RuntimeError):
        await fails()
    async with working(database, receiver.handle) as worker:
        await add(database, "a", "happened")
        worker.wake()
        await receiver.until(1)
        (entry,) = await until(database, lambda found: found[0].done_at is not None)

    assert receiver.subjects == ["happened"]
    assert (entry.next_at, entry.attempts, entry.error) == (None, 1, None)


async def test_events_of_one_transaction_are_delivered_in_order(database: Database) -> None:
    receiver = Receiver()
    await add(database, "a", *map(str, range(30)))
    async with working(database, receiver.handle):
        await receiver.until(30)

    assert receiver.subjects == [str(number) for number in range(30)]


async def test_failing_key_is_retried_in_order_and_delays_no_other_key(database: Database) -> None:
    receiver = Receiver()
    refusals = 2

    async def reluctant(event: TicketChanged) -> None:
        nonlocal refusals
        if event.subject == "a1" and refusals:
            refusals -= 1
            raise ConnectionError("the SMS gateway is away")
        await receiver.handle(event)

    await add(database, "a", "a1", "a2")
    await add(database, "b", "b1")
    async with working(database, reluctant):
        await receiver.until(3)
        found = await until(database, lambda found: all(entry.done_at for entry in found))

    assert receiver.subjects == ["b1", "a1", "a2"]
    assert [entry.attempts for entry in found] == [3, 1, 1]


async def test_slow_handler_delays_only_its_own_key(database: Database) -> None:
    receiver, gate = Receiver(), asyncio.Event()

    async def slow_for_a(event: TicketChanged) -> None:
        if event.subject == "a1":
            await gate.wait()
        await receiver.handle(event)

    await add(database, "a", "a1", "a2")
    async with working(database, slow_for_a) as worker:
        for number in range(12):
            await add(database, f"other-{number}", f"{number:02}")
            worker.wake()
        await receiver.until(12)
        assert sorted(receiver.subjects) == [f"{number:02}" for number in range(12)]
        gate.set()
        await receiver.until(14)

    assert receiver.subjects[12:] == ["a1", "a2"]


async def test_parallel_deliveries_are_limited(database: Database) -> None:
    receiver, at_once, most = Receiver(), 0, 0

    async def count(event: TicketChanged) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        await receiver.handle(event)

    for number in range(10):
        await add(database, f"key-{number}", str(number))
    async with working(database, count, DeliveryRules(parallel=3)):
        await receiver.until(10)

    assert most == 3


async def test_entry_that_always_fails_is_given_up_and_the_next_is_delivered(database: Database) -> None:
    receiver = Receiver()

    async def refuses_a1(event: TicketChanged) -> None:
        if event.subject == "a1":
            raise ValueError("no such number\x00")
        await receiver.handle(event)

    await add(database, "a", "a1", "a2")
    async with working(database, refuses_a1):
        await receiver.until(1)
        given_up, told = await until(database, lambda found: found[1].done_at is not None)

    assert (given_up.done_at, given_up.next_at, given_up.attempts) == (None, None, 3)
    assert given_up.error == "ValueError: no such number"
    assert told.error is None


async def test_handler_that_never_returns_counts_as_failed(database: Database) -> None:
    async def never(_: TicketChanged) -> None:
        await asyncio.Event().wait()

    await add(database, "a", "1")
    rules = DeliveryRules(timeout_s=0.05, attempts=2, first_retry_s=0.01)
    async with working(database, never, rules):
        (entry,) = await until(database, lambda found: found[0].next_at is None)

    assert entry.done_at is None
    assert entry.error is not None
    assert entry.error.startswith("TimeoutError")


async def test_event_without_handler_is_done(database: Database) -> None:
    await add(database, "a", "1", action="sign")
    async with running(OutboxWorker(database, urges(), IMPATIENT)):
        await until(database, lambda found: found[0].done_at is not None)


async def test_entry_of_a_dead_worker_is_delivered_by_another_after_its_lease(database: Database) -> None:
    receiver = Receiver()
    await add(database, "a", "1")
    now = utc_now()
    async with database.write() as session:
        assert len(await store.lease(session, now, now + timedelta(seconds=0.3), 10)) == 1
    async with working(database, receiver.handle):
        await receiver.until(1)
        assert utc_now() - now >= timedelta(seconds=0.3)


async def test_stopped_worker_returns_its_entries(database: Database) -> None:
    begun = asyncio.Event()

    async def never(_: TicketChanged) -> None:
        begun.set()
        await asyncio.Event().wait()

    await add(database, "a", "1")
    async with working(database, never):
        await begun.wait()
    (entry,) = await entries(database)

    assert entry.attempts == 0
    assert entry.next_at is not None
    assert entry.next_at <= utc_now()


async def test_worker_without_the_lease_cannot_store_an_outcome(database: Database) -> None:
    await add(database, "a", "1")
    async with database.write() as session:
        (stalled,) = await store.lease(session, utc_now(), utc_now(), 10)
    async with database.write() as session:
        await store.lease(session, utc_now(), utc_now() + timedelta(minutes=1), 10)
    async with database.write() as session:
        await store.finish(session, stalled, next_at=None, error="too late")
    (entry,) = await entries(database)

    assert entry.next_at is not None
    assert (entry.attempts, entry.error) == (2, None)


async def test_several_workers_deliver_every_event_once_and_in_order(database: Database) -> None:
    receiver = Receiver()
    rules = DeliveryRules(parallel=2)
    async with (
        working(database, receiver.handle, rules) as first,
        working(database, receiver.handle, rules) as second,
        working(database, receiver.handle, rules) as third,
    ):
        for number in range(8):
            await asyncio.gather(*(add(database, key, f"{key}{number}") for key in "abcd"))
            for worker in (first, second, third):
                worker.wake()
        await receiver.until(32)

    assert len(receiver.subjects) == 32
    for key in "abcd":
        assert [value for value in receiver.subjects if value[0] == key] == [f"{key}{number}" for number in range(8)]


async def test_waiting_worker_sends_no_statements(database: Database) -> None:
    async def fails(_: TicketChanged) -> None:
        raise ConnectionError("away")

    await add(database, "a", "a1", "a2")
    rules = DeliveryRules(first_retry_s=3600)
    async with working(database, fails, rules) as worker:
        await until(database, lambda found: found[0].error is not None)
        worker.wake()
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]), named=False)
        await asyncio.sleep(0.5)

    # One more look for the delivery that ended and one for the wake, each at most a lease and a next due.
    assert len([statement for statement in asked if statement.startswith("SELECT outbox")]) <= 2
    assert len(asked) <= 8


async def test_failure_of_one_handler_does_not_stop_the_others(database: Database) -> None:
    first, second, everything = Receiver(), Receiver(), Receiver()
    refusals = 1

    async def reluctant(event: TicketChanged) -> None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise ConnectionError("away")
        await first.handle(event)

    async def listen(envelope: EventEnvelope) -> None:
        await everything.handle(changed(envelope.key, f"{envelope.id} {envelope.kind} {envelope.key}"))

    await add(database, "a", "a1")
    subscriptions = urges(reluctant, second.handle)
    subscriptions.on_every_event(listen)
    worker = OutboxWorker(database, subscriptions, IMPATIENT)
    async with running(worker):
        await first.until(1)

    assert (first.subjects, second.subjects) == (["a1"], ["a1", "a1"])
    # Delivered twice under one id, by which a receiver recognises it.
    assert len(everything.subjects) == 2
    assert len(set(everything.subjects)) == 1
    assert everything.subjects[0].split()[1:] == ["ticket.urge", "a"]


async def give_up(database: Database, *actions: str) -> list[OutboxEntry]:
    """Return entries that were given up, one for each action."""
    async with database.write() as session:
        for action in actions:
            enqueue(session, changed(f"ticket-{action}", "call 13800000001", action))

    async def fails(_: TicketChanged) -> None:
        raise ConnectionError("away")

    subscriptions = Subscriptions()
    subscriptions.on(TicketChanged, fails)
    worker = OutboxWorker(database, subscriptions, DeliveryRules(attempts=1))
    async with running(worker):
        return await until(database, lambda found: all(entry.next_at is None for entry in found))


async def test_dead_letters_are_listed_without_their_payload(database: Database) -> None:
    entries = await give_up(database, "sign", "park", "reply")
    service = OutboxService(database)

    listed = await service.dead_letters(kind=None, after=None, limit=10)
    assert [(found.kind, found.error) for found in listed] == [
        (f"ticket.{action}", "ConnectionError: away") for action in ("reply", "park", "sign")
    ]
    assert "13800000001" not in "".join(found.model_dump_json() for found in listed)
    of_kind = await service.dead_letters(kind="ticket.park", after=None, limit=10)
    assert [found.kind for found in of_kind] == ["ticket.park"]
    paged = await service.dead_letters(kind=None, after=entries[1].sequence, limit=10)
    assert [found.kind for found in paged] == ["ticket.sign"]


async def test_dead_letter_is_delivered_on_request(database: Database) -> None:
    given_up = await give_up(database, "sign", "park", "reply")
    service, delivered = OutboxService(database), asyncio.Queue[str]()
    sequence = given_up[0].sequence
    assert sequence is not None

    async def handle(event: TicketChanged) -> None:
        delivered.put_nowait(event.action)

    subscriptions = Subscriptions()
    subscriptions.on(TicketChanged, handle)
    worker = OutboxWorker(database, subscriptions, IMPATIENT)
    service.outbox_written.add_listener(worker.wake)
    async with running(worker), asyncio.timeout(10):
        await service.redeliver(sequence)
        assert await delivered.get() == "sign"
        assert await service.redeliver_all(kind="ticket.park") == 1
        assert await delivered.get() == "park"
        assert await service.redeliver_all(kind=None) == 1
        assert await delivered.get() == "reply"
        await until(database, lambda found: all(entry.done_at is not None for entry in found))
        with pytest.raises(NoDeadLetter):
            await service.redeliver(sequence)
    assert delivered.empty()


async def test_dead_letter_is_dropped_with_employee_and_reason(database: Database) -> None:
    (entry,) = await give_up(database, "sign")
    service = OutboxService(database)
    supervisor = Principal("staff-3", "3001", "Zhao", Role.SUPERVISOR)
    assert entry.sequence is not None
    await service.drop(entry.sequence, "the department was closed", supervisor)

    (dropped,) = await entries(database)
    assert (dropped.dropped_by, dropped.drop_reason) == ("Zhao (3001)", "the department was closed")
    assert dropped.error == "ConnectionError: away"
    assert await service.dead_letters(kind=None, after=None, limit=10) == []
    with pytest.raises(NoDeadLetter):
        await service.drop(entry.sequence, "again", supervisor)


async def test_pruning_removes_only_old_delivered_entries(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.outbox.service.PRUNE_AT_ONCE", 3)
    await give_up(database, "cancel")
    receiver = Receiver()
    await add(database, "a", *map(str, range(7)))
    async with working(database, receiver.handle):
        await until(database, lambda found: sum(entry.done_at is not None for entry in found) == 7)
    await add(database, "a", "waits")
    service = OutboxService(database)

    assert await service.prune() == 0
    assert await service.prune(utc_now() + timedelta(days=KEPT_DAYS + 1)) == 7
    assert [entry.kind for entry in await entries(database)] == ["ticket.cancel", "ticket.urge"]


async def test_waiting_and_dead_entries_are_counted(database: Database) -> None:
    await give_up(database, "cancel")
    await add(database, "a", "waits", "waits too")
    task = asyncio.create_task(OutboxService(database).count_regularly())
    async with asyncio.timeout(5):
        while metrics.WAITING._value.get() != 2 or metrics.DEAD._value.get() != 1:
            await asyncio.sleep(0.01)
    task.cancel()
    assert metrics.OLDEST._value.get() >= 0


async def test_row_stored_before_formats_is_delivered(database: Database) -> None:
    stored = {"ticket_id": "a", "action": "urge", "status": "dispatched", "kind": "fault", "subject": "暖气不热"}
    async with database.write() as session:
        now = utc_now()
        session.add(OutboxEntry(kind="ticket.urge", key="a", payload=stored, created_at=now, next_at=now))
    receiver = Receiver()
    async with working(database, receiver.handle):
        await receiver.until(1)
    assert receiver.subjects == ["暖气不热"]


async def test_row_of_a_newer_release_is_retried_and_given_up_and_delays_no_other(database: Database) -> None:
    async with database.write() as session:
        now = utc_now()
        newer = {"format": TicketChanged.FORMAT + 1, "ticket_id": "a"}
        session.add(OutboxEntry(kind="ticket.urge", key="a", payload=newer, created_at=now, next_at=now))
        session.add(OutboxEntry(kind="meter.read", key="b", payload={}, created_at=now, next_at=now))
    receiver = Receiver()
    await add(database, "a", "after it")
    async with working(database, receiver.handle):
        await receiver.until(1)
        newer_format, unknown_kind, _ = await until(database, lambda found: all(not one.next_at for one in found))

    assert receiver.subjects == ["after it"]
    assert [(entry.attempts, entry.done_at) for entry in (newer_format, unknown_kind)] == [(3, None)] * 2
    assert newer_format.error == "UnreadableEvent: format 2 of TicketChanged is newer than 1"
    assert unknown_kind.error == "UnreadableEvent: this release knows no events of kind meter.read"


async def test_retry_pause_is_capped() -> None:
    rules = DeliveryRules(first_retry_s=1, longest_retry_s=60, jitter=0.2)
    pauses = [rules.pause_s(attempts) for attempts in (1, 6, 7, 24, 500)]
    assert 1 <= pauses[0] <= 1.2
    assert 32 <= pauses[1] <= 38.4
    assert all(60 <= pause_s <= 72 for pause_s in pauses[2:])


async def test_handlers_of_an_event_share_the_time_of_an_attempt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together they must end before the lease does."""
    allowed_s: list[float | None] = []
    real = asyncio.timeout

    def timeout(seconds: float | None) -> asyncio.Timeout:
        allowed_s.append(seconds)
        return real(seconds)

    async def handle(_: TicketChanged) -> None:
        pass

    await add(database, "a", "1")
    worker = OutboxWorker(database, urges(handle, handle, handle), DeliveryRules(timeout_s=30, lease_s=60))
    (entry,) = await worker.lease(utc_now(), utc_now() + timedelta(seconds=60), 1)
    monkeypatch.setattr("crm.outbox.service.asyncio.timeout", timeout)
    await worker.attempt(entry)
    assert allowed_s == [10, 10, 10]


class Defective:
    """Queue of two entries, where delivering the first fails unexpectedly."""

    def __init__(self) -> None:
        self.waiting = [
            OutboxEntry(sequence=number, kind="told", key="one", payload={}, created_at=utc_now()) for number in (1, 2)
        ]
        self.finished: list[tuple[int | None, Mapping[str, object]]] = []
        self.done = asyncio.Event()

    async def lease(self, now: datetime, until: datetime, limit: int) -> list[OutboxEntry]:
        leased, self.waiting = self.waiting, []
        return leased

    async def next_due(self) -> datetime | None:
        return None

    async def attempt(self, entry: OutboxEntry) -> dict[str, object]:
        if entry.sequence == 1:
            raise RuntimeError("a defect of ours")
        await asyncio.sleep(0.01)
        return {}

    async def finish(self, entry: OutboxEntry, outcome: Mapping[str, object]) -> None:
        self.finished.append((entry.sequence, outcome))
        self.done.set()


async def test_delivery_with_a_defect_does_not_cancel_the_others() -> None:
    queue = Defective()
    worker = asyncio.create_task(Worker("test", queue, IMPATIENT).run())
    async with asyncio.timeout(10):
        await queue.done.wait()
    assert queue.finished == [(2, {})], "delivered, and not given back"
    assert not worker.done()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
