"""A step of a session is one change of threads."""

import asyncio
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import SQLModel, select

from crm.departments.model import Department
from foundation.clock import utc_now
from foundation.database import Database, execute
from foundation.ids import new_id
from foundation.sqlite import LoadedLazily, SqliteSession

DEPARTMENT = SQLModel.metadata.tables["department"]


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that were gone to, in order."""
    found: list[str] = []
    in_thread = SqliteSession._in_thread

    async def listened(self: SqliteSession, work: Any) -> Any:
        def named() -> Any:
            found.append(threading.current_thread().name)
            return work()

        return await in_thread(self, named)

    monkeypatch.setattr(SqliteSession, "_in_thread", listened)
    return found


def department(name: str) -> Department:
    return Department(id=new_id("department"), name=name, created_at=utc_now())


async def test_statements_come_back_whole(sqlite_database: Database) -> None:
    async with sqlite_database.write() as session:
        await execute(session, text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        several = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
        assert (await execute(session, text("INSERT INTO thing (name) VALUES (:name)"), several)).rowcount == 3
        changed = await execute(session, text("UPDATE thing SET name = name || 'x' WHERE id < 3 RETURNING name"))
        assert [row.name for row in changed] == ["ax", "bx"]
        assert (await execute(session, text("DELETE FROM thing WHERE id = 1"))).rowcount == 1
        found = await execute(session, text("SELECT id, name FROM thing ORDER BY id"))
        assert list(found.keys()) == ["id", "name"]
        assert found.fetchmany(1) == [(2, "bx")]
        assert found.all() == [(3, "c")]
        assert (await execute(session, text("SELECT id FROM thing WHERE id = 9"))).one_or_none() is None


async def test_a_row_is_read_without_a_copy_of_those_behind_it(sqlite_database: Database) -> None:
    many = 20_000
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT i FROM n"

    def look(connection: Connection) -> tuple[int, int]:
        found = connection.execute(text(numbers), {"many": many})
        tracemalloc.start()
        first = found.fetchone()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert first is not None
        return peak, sum(1 for _ in found)

    peak, rest = await sqlite_database.look_up(look)
    assert rest == many - 1
    assert peak < many, "a copy of the list takes eight bytes a row"


async def test_a_transaction_with_its_beginning_and_its_end_is_two_steps(
    sqlite_database: Database, carried: list[str]
) -> None:
    said: list[str] = []
    async with sqlite_database.read() as session:
        assert (await session.exec(select(Department))).all() == []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *given: said.append(given[2].split()[0]))
    carried.clear()
    async with sqlite_database.write() as session:
        assert await session.get(Department, "none") is None
        session.add_all([department("a"), department("b")])
        await asyncio.sleep(0)
        session.add(department("c"))

    assert said[:2] == ["BEGIN", "SELECT"]
    assert set(said[2:]) == {"INSERT"}
    assert len(carried) == 2
    assert all(name.startswith("sqlite-session") for name in carried)
    async with sqlite_database.read() as session:
        assert len((await session.exec(select(Department))).all()) == 3


async def test_a_writer_holds_the_lock_from_its_first_statement_on(sqlite_database: Database) -> None:
    beside = Database(sqlite_database.url)
    event.listen(beside.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    try:
        async with sqlite_database.write() as session:
            await session.get(Department, "none")
            with pytest.raises(OperationalError, match="locked"):
                async with beside.write() as other:
                    await other.get(Department, "none")
        async with beside.write() as other:
            other.add(department("a"))
    finally:
        await beside.aclose()


async def test_failed_statement_raises_and_the_next_one_works(sqlite_database: Database) -> None:
    twice = [{"id": "x", "name": name, "area": "", "active": True, "created_at": utc_now()} for name in "ab"]
    with pytest.raises(IntegrityError, match="UNIQUE"):
        async with sqlite_database.write() as session:
            await execute(session, insert(DEPARTMENT), twice)
    async with sqlite_database.write() as session:
        assert (await session.exec(select(Department))).all() == []
        session.add(department("a"))


async def test_lazy_loading_on_the_event_loop_is_refused(sqlite_database: Database) -> None:
    async with sqlite_database.write() as session:
        added = department("a")
        session.add(added)
        await session.flush()
        session.expire(added)
        with pytest.raises(StatementError, match=LoadedLazily.__name__):
            _ = added.name
        await session.refresh(added)
        assert added.name == "a"


async def test_more_readers_than_threads_wait_for_none_of_each_other(sqlite_database: Database) -> None:
    everybody = asyncio.Barrier(40)

    async def read() -> None:
        async with sqlite_database.read() as session:
            await session.exec(select(Department))
            await everybody.wait()
            await session.exec(select(Department))

    async with asyncio.timeout(10):
        await asyncio.gather(*(read() for _ in range(40)))


async def test_a_file_that_cannot_be_opened_says_so_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    nowhere = Database(f"sqlite:///{tmp_path / 'nowhere' / 'hotline.db'}")
    with pytest.raises(OperationalError, match="unable to open"):
        async with nowhere.read() as session:
            await session.exec(select(Department))
    await nowhere.aclose()
    assert not [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("sqlite")]
