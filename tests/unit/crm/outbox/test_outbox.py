"""The outbox: nothing lost, order within a key, nobody held back by a neighbour, no busy waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from crm.outbox import metrics, store
from crm.outbox.errors import NoDeadLetter
from crm.outbox.model import OutboxEntry
from crm.outbox.service import KEPT_DAYS, Handler, OutboxEvent, OutboxService, OutboxWorker, enqueue
from crm.outbox.worker import DeliveryRules
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role

IMPATIENT = DeliveryRules(first_retry_s=0.02, longest_retry_s=0.05, attempts=3, timeout_s=5)


class Receiver:
    """Whoever must hear; `until(count)` waits for it."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._more = asyncio.Condition()

    async def hear(self, payload: dict[str, Any]) -> None:
        async with self._more:
            self.heard.append(payload["value"])
            self._more.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10), self._more:
            await self._more.wait_for(lambda: len(self.heard) >= count)


async def add(database: Database, key: str, *values: object, kind: str = "told") -> None:
    async with database.write() as session:
        for value in values:
            enqueue(session, kind, key, {"value": value})


async def entries(database: Database) -> list[OutboxEntry]:
    async with database.read() as session:
        return list((await session.exec(select(OutboxEntry).order_by(col(OutboxEntry.sequence)))).all())


async def until(database: Database, holds: Callable[[list[OutboxEntry]], bool]) -> list[OutboxEntry]:
    """The entries once what is awaited holds: how it went is stored a moment after the receiver heard."""
    async with asyncio.timeout(10):
        while not holds(found := await entries(database)):
            await asyncio.sleep(0.01)
    return found


@asynccontextmanager
async def working(
    database: Database, handlers: dict[str, Handler], rules: DeliveryRules = IMPATIENT
) -> AsyncIterator[OutboxWorker]:
    async with running(
        OutboxWorker(database, {kind: [handler] for kind, handler in handlers.items()}, rules)
    ) as worker:
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


async def test_what_was_committed_is_told_and_what_was_rolled_back_is_not(database: Database) -> None:
    receiver = Receiver()

    async def fails() -> None:
        async with database.write() as session:
            enqueue(session, "told", "a", {"value": "never happened"})
            raise RuntimeError("the ticket could not be stored")

    with pytest.raises(RuntimeError):
        await fails()
    async with working(database, {"told": receiver.hear}) as worker:
        await add(database, "a", "happened")
        worker.wake()
        await receiver.until(1)
        (entry,) = await until(database, lambda found: found[0].done_at is not None)

    assert receiver.heard == ["happened"]
    assert (entry.next_at, entry.attempts, entry.error) == (None, 1, None)


async def test_entries_of_one_transaction_are_told_in_the_order_they_were_added(database: Database) -> None:
    receiver = Receiver()
    await add(database, "a", *range(30))
    async with working(database, {"told": receiver.hear}):
        await receiver.until(30)

    assert receiver.heard == list(range(30))


async def test_a_key_that_fails_waits_in_order_and_holds_nobody_else_back(database: Database) -> None:
    receiver = Receiver()
    refusals = 2

    async def reluctant(payload: dict[str, Any]) -> None:
        nonlocal refusals
        if payload["value"] == "a1" and refusals:
            refusals -= 1
            raise ConnectionError("the SMS gateway is away")
        await receiver.hear(payload)

    await add(database, "a", "a1", "a2")
    await add(database, "b", "b1")
    async with working(database, {"told": reluctant}):
        await receiver.until(3)
        found = await until(database, lambda found: all(entry.done_at for entry in found))

    assert receiver.heard == ["b1", "a1", "a2"]
    assert [entry.attempts for entry in found] == [3, 1, 1]


async def test_a_slow_receiver_holds_back_only_its_own_key(database: Database) -> None:
    receiver, gate = Receiver(), asyncio.Event()

    async def slow_for_a(payload: dict[str, Any]) -> None:
        if payload["value"] == "a1":
            await gate.wait()
        await receiver.hear(payload)

    await add(database, "a", "a1", "a2")
    async with working(database, {"told": slow_for_a}) as worker:
        for number in range(12):
            await add(database, f"other-{number}", number)
            worker.wake()
        await receiver.until(12)
        assert sorted(receiver.heard) == list(range(12))
        gate.set()
        await receiver.until(14)

    assert receiver.heard[12:] == ["a1", "a2"]


async def test_no_more_than_allowed_are_told_at_once(database: Database) -> None:
    receiver, at_once, most = Receiver(), 0, 0

    async def count(payload: dict[str, Any]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        await receiver.hear(payload)

    for number in range(10):
        await add(database, f"key-{number}", number)
    async with working(database, {"told": count}, DeliveryRules(parallel=3)):
        await receiver.until(10)

    assert most == 3


async def test_an_entry_that_always_fails_is_given_up_with_its_error_and_lets_the_next_pass(database: Database) -> None:
    receiver = Receiver()

    async def refuses_a1(payload: dict[str, Any]) -> None:
        if payload["value"] == "a1":
            raise ValueError("no such number\x00")
        await receiver.hear(payload)

    await add(database, "a", "a1", "a2")
    async with working(database, {"told": refuses_a1}):
        await receiver.until(1)
        given_up, told = await until(database, lambda found: found[1].done_at is not None)

    assert (given_up.done_at, given_up.next_at, given_up.attempts) == (None, None, 3)
    assert given_up.error == "ValueError: no such number"
    assert told.error is None


async def test_a_receiver_that_never_answers_counts_as_failed(database: Database) -> None:
    async def never(_: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    await add(database, "a", 1)
    rules = DeliveryRules(timeout_s=0.05, attempts=2, first_retry_s=0.01)
    async with working(database, {"told": never}, rules):
        (entry,) = await until(database, lambda found: found[0].next_at is None)

    assert entry.done_at is None
    assert entry.error is not None
    assert entry.error.startswith("TimeoutError")


async def test_a_kind_nobody_hears_of_is_done(database: Database) -> None:
    await add(database, "a", 1, kind="unheard")
    async with working(database, {}):
        await until(database, lambda found: found[0].done_at is not None)


async def test_what_a_dead_worker_had_is_told_by_another_once_its_lease_is_over(database: Database) -> None:
    receiver = Receiver()
    await add(database, "a", 1)
    now = utc_now()
    async with database.write() as session:
        assert len(await store.lease(session, now, now + timedelta(seconds=0.3), 10)) == 1
    async with working(database, {"told": receiver.hear}):
        await receiver.until(1)
        assert utc_now() - now >= timedelta(seconds=0.3)


async def test_a_worker_that_is_stopped_gives_back_what_it_was_telling(database: Database) -> None:
    begun = asyncio.Event()

    async def never(_: dict[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    await add(database, "a", 1)
    async with working(database, {"told": never}):
        await begun.wait()
    (entry,) = await entries(database)

    assert entry.attempts == 0
    assert entry.next_at is not None
    assert entry.next_at <= utc_now()


async def test_who_lost_the_lease_changes_nothing_any_more(database: Database) -> None:
    await add(database, "a", 1)
    async with database.write() as session:
        (stalled,) = await store.lease(session, utc_now(), utc_now(), 10)
    async with database.write() as session:
        await store.lease(session, utc_now(), utc_now() + timedelta(minutes=1), 10)
    async with database.write() as session:
        await store.finish(session, stalled, next_at=None, error="too late")
    (entry,) = await entries(database)

    assert entry.next_at is not None
    assert (entry.attempts, entry.error) == (2, None)


async def test_several_workers_tell_everything_once_and_in_order(database: Database) -> None:
    receiver = Receiver()
    rules = DeliveryRules(parallel=2)
    async with (
        working(database, {"told": receiver.hear}, rules) as first,
        working(database, {"told": receiver.hear}, rules) as second,
        working(database, {"told": receiver.hear}, rules) as third,
    ):
        for number in range(8):
            await asyncio.gather(*(add(database, key, f"{key}{number}") for key in "abcd"))
            for worker in (first, second, third):
                worker.wake()
        await receiver.until(32)

    assert len(receiver.heard) == 32
    for key in "abcd":
        assert [value for value in receiver.heard if value[0] == key] == [f"{key}{number}" for number in range(8)]


async def test_waiting_asks_the_database_nothing(database: Database) -> None:
    async def fails(_: dict[str, Any]) -> None:
        raise ConnectionError("away")

    await add(database, "a", "a1", "a2")
    rules = DeliveryRules(first_retry_s=3600)
    async with working(database, {"told": fails}, rules) as worker:
        await until(database, lambda found: found[0].error is not None)
        worker.wake()
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]), named=False)
        await asyncio.sleep(0.5)

    # One more look for the delivery that ended and one for the wake, each at most a lease and a next due.
    assert len([statement for statement in asked if statement.startswith("SELECT outbox")]) <= 2
    assert len(asked) <= 8


async def test_everybody_hears_of_a_kind_even_where_one_of_them_fails(database: Database) -> None:
    first, second, everything = Receiver(), Receiver(), Receiver()
    refusals = 1

    async def reluctant(payload: dict[str, Any]) -> None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise ConnectionError("away")
        await first.hear(payload)

    async def listen(event: OutboxEvent) -> None:
        await everything.hear({"value": (event.id, event.kind, event.key)})

    await add(database, "a", "a1")
    worker = OutboxWorker(database, {"told": [reluctant, second.hear]}, IMPATIENT, listeners=[listen])
    async with running(worker):
        await first.until(1)

    assert (first.heard, second.heard) == (["a1"], ["a1", "a1"])
    # Told twice under one id: by that a receiver notices.
    assert len(everything.heard) == 2
    assert len(set(everything.heard)) == 1
    assert everything.heard[0][1:] == ("told", "a")


async def give_up(database: Database, *kinds: str) -> list[OutboxEntry]:
    """Entries that were given up, one of each kind."""
    async with database.write() as session:
        for kind in kinds:
            enqueue(session, kind, f"ticket-{kind}", {"value": kind, "number": "+8613800000001"})

    async def fails(_: dict[str, Any]) -> None:
        raise ConnectionError("away")

    worker = OutboxWorker(database, {kind: [fails] for kind in kinds}, DeliveryRules(attempts=1))
    async with running(worker):
        return await until(database, lambda found: all(entry.next_at is None for entry in found))


async def test_what_was_given_up_is_listed_without_what_it_would_have_told(database: Database) -> None:
    entries = await give_up(database, "one", "two", "three")
    service = OutboxService(database)

    listed = await service.dead_letters(kind=None, after=None, limit=10)
    assert [(found.kind, found.error) for found in listed] == [
        (kind, "ConnectionError: away") for kind in ("three", "two", "one")
    ]
    assert "13800000001" not in "".join(found.model_dump_json() for found in listed)
    assert [found.kind for found in await service.dead_letters(kind="two", after=None, limit=10)] == ["two"]
    paged = await service.dead_letters(kind=None, after=entries[1].sequence, limit=10)
    assert [found.kind for found in paged] == ["one"]


async def test_what_was_given_up_is_told_again_when_somebody_says_so(database: Database) -> None:
    given_up = await give_up(database, "one", "two", "three")
    service, receiver = OutboxService(database), Receiver()
    sequence = given_up[0].sequence
    assert sequence is not None

    worker = OutboxWorker(database, {kind: [receiver.hear] for kind in ("one", "two", "three")}, IMPATIENT)
    service.outbox_written.add_listener(worker.wake)
    async with running(worker):
        await service.redeliver(sequence)
        await receiver.until(1)
        assert receiver.heard == ["one"]
        assert await service.redeliver_all(kind="two") == 1
        await receiver.until(2)
        assert await service.redeliver_all(kind=None) == 1
        await receiver.until(3)
        await until(database, lambda found: all(entry.done_at is not None for entry in found))
        with pytest.raises(NoDeadLetter):
            await service.redeliver(sequence)

    assert receiver.heard == ["one", "two", "three"]


async def test_what_nobody_has_to_hear_is_dropped_with_who_and_why(database: Database) -> None:
    (entry,) = await give_up(database, "one")
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


async def test_old_entries_go_and_what_waits_or_was_given_up_stays(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.outbox.service.PRUNE_AT_ONCE", 3)
    await give_up(database, "dead")
    receiver = Receiver()
    await add(database, "a", *range(7))
    async with working(database, {"told": receiver.hear}):
        await until(database, lambda found: sum(entry.done_at is not None for entry in found) == 7)
    await add(database, "a", "waits")
    service = OutboxService(database)

    assert await service.prune() == 0
    assert await service.prune(utc_now() + timedelta(days=KEPT_DAYS + 1)) == 7
    assert [entry.kind for entry in await entries(database)] == ["dead", "told"]


async def test_what_waits_and_what_was_given_up_is_counted(database: Database) -> None:
    await give_up(database, "dead")
    await add(database, "a", "waits", "waits too")
    task = asyncio.create_task(OutboxService(database).keep_counting())
    async with asyncio.timeout(5):
        while metrics.WAITING._value.get() != 2 or metrics.DEAD._value.get() != 1:
            await asyncio.sleep(0.01)
    task.cancel()
    assert metrics.OLDEST._value.get() >= 0
