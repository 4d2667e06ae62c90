"""Sessions that are cancelled at any moment leave whole transactions."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from crm.departments.model import Department
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.reader import Language, reader, reading
from foundation.tasks import shield_until_done

DEPARTMENT = SQLModel.metadata.tables["department"]
ROUNDS = 150


async def names(database: Database) -> set[str]:
    async with database.read() as session:
        found = await session.exec(text("SELECT name FROM department"))  # type: ignore[call-overload]
        return {row[0] for row in found}


async def add_two(database: Database, number: int, committed: set[int]) -> None:
    async with database.write() as session:
        for half in "ab":
            session.add(Department(id=new_id("department"), name=f"{number}{half}", created_at=utc_now()))
            await session.flush()
    committed.add(number)


async def test_a_cancelled_transaction_is_whole_or_never_was_and_holds_no_lock(database: Database) -> None:
    chance = random.Random(7)
    committed: set[int] = set()
    for number in range(ROUNDS):
        task = asyncio.create_task(add_two(database, number, committed))
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        await asyncio.sleep(chance.choice([0, 0, 0.0005, 0.002]))
        # A hang-up and a deadline may both cut off the same transaction.
        for _ in range(chance.randrange(1, 8)):
            task.cancel()
            await asyncio.sleep(chance.choice([0, 0.0001, 0.0003]))
        await asyncio.wait({task})
    await add_two(database, ROUNDS, committed)

    stored = await names(database)
    assert {f"{number}{half}" for number in committed for half in "ab"} <= stored
    assert {name[:-1] for name in stored if name.endswith("a")} == {name[:-1] for name in stored if name.endswith("b")}


async def test_two_look_ups_at_once_are_each_answered(database: Database) -> None:
    await add_two(database, 1, set())

    def count(connection: Connection) -> int:
        return int(connection.execute(text("SELECT count(*) FROM department")).scalar_one())

    def first(connection: Connection) -> str:
        return str(connection.execute(text("SELECT min(name) FROM department")).scalar_one())

    assert await database.look_up_both(count, first) == (2, "1a")
    with pytest.raises(ZeroDivisionError):
        await database.look_up_both(count, lambda _: 1 // 0)
    assert await database.look_up_both(first, count) == ("1a", 2)


async def test_work_has_the_context_of_its_task(database: Database) -> None:
    async def read_in(language: Language) -> list[Language]:
        with reading(language):
            return [await database.look_up(lambda _: reader()), await database.change(lambda _: reader())]

    assert tuple(await asyncio.gather(read_in("en"), read_in("zh"))) == (["en", "en"], ["zh", "zh"])


async def test_cancelled_readers_give_their_connections_back(database: Database) -> None:
    chance = random.Random(8)
    for _ in range(ROUNDS):
        task = asyncio.create_task(names(database))
        for _ in range(chance.randrange(25)):
            await asyncio.sleep(0)
        for _ in range(chance.randrange(1, 8)):
            task.cancel()
            await asyncio.sleep(chance.choice([0, 0.0001, 0.0003]))
        await asyncio.wait({task})

    async with asyncio.timeout(5):
        assert await asyncio.gather(*(names(database) for _ in range(10))) == [set()] * 10


def adding_two(number: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for half in "ab":
            connection.execute(
                insert(DEPARTMENT).values(
                    id=f"{number}{half}", name=f"{number}{half}", area="", active=True, created_at=utc_now()
                )
            )

    return work


async def test_a_cancelled_change_is_whole_or_never_was_and_holds_no_lock(database: Database) -> None:
    chance = random.Random(9)
    for number in range(ROUNDS):
        task = asyncio.create_task(database.change(adding_two(number)))
        await asyncio.sleep(chance.choice([0, 0, 0.0005, 0.002]))
        for _ in range(chance.randrange(1, 4)):
            task.cancel()
            await asyncio.sleep(chance.choice([0, 0.0001, 0.0003]))
        await asyncio.wait({task})
    await database.change(adding_two(ROUNDS))

    stored = await names(database)
    assert {f"{ROUNDS}a", f"{ROUNDS}b"} <= stored
    assert {name[:-1] for name in stored if name.endswith("a")} == {name[:-1] for name in stored if name.endswith("b")}


async def test_a_change_that_fails_leaves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        adding_two(1)(connection)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await database.change(work)
    assert await names(database) == set()


async def test_changes_and_transactions_wait_for_each_other(database: Database) -> None:
    committed: set[int] = set()
    await asyncio.gather(
        *(database.change(adding_two(number)) for number in range(10)),
        *(add_two(database, number, committed) for number in range(10, 20)),
    )
    assert len(await names(database)) == 40


async def test_cancelled_look_ups_give_their_connections_back(database: Database) -> None:
    def count(connection: Connection) -> int:
        return int(connection.execute(text("SELECT count(*) FROM department")).scalar_one())

    chance = random.Random(10)
    for _ in range(ROUNDS):
        task = asyncio.create_task(database.look_up(count))
        await asyncio.sleep(chance.choice([0, 0, 0.0002]))
        task.cancel()
        await asyncio.wait({task})

    async with asyncio.timeout(5):
        assert await asyncio.gather(*(database.look_up(count) for _ in range(30))) == [0] * 30


async def test_shielded_work_ends_before_the_cancellation() -> None:
    done = asyncio.Event()

    async def work() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        done.set()

    task = asyncio.create_task(shield_until_done(work()))
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_a_failure_is_the_waiters_own() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await shield_until_done(work())


async def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        async with database.write() as session:
            session.add(Department(id="d", name="n", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
