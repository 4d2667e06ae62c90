"""A statement of a session changes threads once, and comes back with all that SQLAlchemy may ask of it."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from foundation import sqlite_session
from foundation.database import Database
from foundation.sqlite_session import WholeConnection


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was carried to a connection's thread."""
    found: list[str] = []
    carry_out = WholeConnection.carry_out

    async def listened(self: WholeConnection, work: Any, *given: Any) -> None:
        found.append(given[1])
        await carry_out(self, work, *given)

    monkeypatch.setattr(WholeConnection, "carry_out", listened)
    return found


async def test_each_statement_goes_there_once(sqlite_database: Database, carried: list[str]) -> None:
    async with sqlite_database.write() as session:
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        several = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
        assert (await connection.execute(text("INSERT INTO thing (name) VALUES (:name)"), several)).rowcount == 3
        changed = await connection.execute(text("UPDATE thing SET name = name || 'x' WHERE id < 3 RETURNING name"))
        assert [row.name for row in changed] == ["ax", "bx"]
        assert (await connection.execute(text("DELETE FROM thing WHERE id = 1"))).rowcount == 1
        found = await connection.execute(text("SELECT id, name FROM thing ORDER BY id"))
        assert list(found.keys()) == ["id", "name"]
        assert found.all() == [(2, "bx"), (3, "c")]
        assert (await connection.execute(text("SELECT id FROM thing WHERE id = 9"))).one_or_none() is None

    statements = [one for one in carried if not one.startswith("PRAGMA")]
    assert [one.split()[0] for one in statements] == [
        "BEGIN",
        "CREATE",
        "INSERT",
        "UPDATE",
        "DELETE",
        "SELECT",
        "SELECT",
    ]


async def test_what_a_statement_breaks_is_told_and_the_next_one_works(sqlite_database: Database) -> None:
    async with sqlite_database.write() as session:
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE thing (name TEXT UNIQUE)"))
        await connection.execute(text("INSERT INTO thing VALUES ('a')"))
    with pytest.raises(IntegrityError, match="UNIQUE"):
        async with sqlite_database.write() as session:
            await (await session.connection()).execute(text("INSERT INTO thing VALUES ('b'), ('a')"))
    async with sqlite_database.read() as session:
        assert (await (await session.connection()).execute(text("SELECT name FROM thing"))).scalars().all() == ["a"]


async def test_a_connection_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await sqlite_session.connect(str(tmp_path / "nowhere" / "hotline.db"))
    assert not [thread.name for thread in set(threading.enumerate()) - before if "connection_worker" in thread.name]
