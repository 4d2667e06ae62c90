"""SQLite for sessions: one change of threads for a statement and all its rows.

aiosqlite keeps a thread for each connection. Its own cursor goes there to be made, to execute, to fetch, and to be
closed; for a change of a ticket that is two dozen times, which cost several times what the statements do.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

import aiosqlite

CHUNK = 64
"""Rows at a time where somebody iterates; what the library takes by itself."""


class WholeCursor:
    """What SQLAlchemy asks of a cursor. It holds every row, as SQLAlchemy's own adapter would."""

    def __init__(self, connection: "WholeConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, values: Any = ()) -> Self:
        """Execute it and fetch all there is."""
        await self._connection.carry_out(self._whole, "execute", statement, values)
        return self

    async def executemany(self, statement: str, values: Iterable[Any]) -> Self:
        """Execute it for each of several."""
        await self._connection.carry_out(self._whole, "executemany", statement, values)
        return self

    async def fetchall(self) -> Sequence[Any]:
        """What was fetched; once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _whole(self, connection: sqlite3.Connection, method: str, statement: str, values: Any) -> None:
        cursor = connection.cursor()
        try:
            getattr(cursor, method)(statement, values)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            # A statement that returns what it changed has changed all of it only now.
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class WholeConnection(aiosqlite.Connection):
    """A connection whose cursors are such."""

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        return WholeCursor(self)

    async def carry_out(self, work: Any, *given: Any) -> None:
        """Have the connection's thread do it."""
        await self._execute(work, self._conn, *given)  # type: ignore[no-untyped-call]


async def connect(path: str) -> WholeConnection:
    """A connection that leaves transactions to whoever uses it.

    Raises:
        sqlite3.OperationalError: the file cannot be opened.
    """
    connection = WholeConnection(
        lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False), iter_chunk_size=CHUNK
    )
    # As SQLAlchemy does: a connection that was forgotten does not keep the process.
    connection._thread.daemon = True  # noqa: SLF001 - SQLAlchemy does it in no other way
    try:
        await connection
    except sqlite3.Error:
        # Told to end, its thread answers to this loop, which must still be there.
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - there is no other way to wait for it
        raise
    return connection
