"""SQLite beside an event loop: whole steps run in a thread.

A change of threads costs several times what most statements do. A driver that changes threads for each statement, as
aiosqlite does, spends most of a change of a ticket on that; here a flush of five statements and its commit are one.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from itertools import islice
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlmodel.ext.asyncio.session import AsyncSession

from foundation.tasks import shield_until_done

BUSY_TIMEOUT_MS = 5000
LOOK_UP_THREADS = 4
"""Threads for look-ups of ringing phones, which never wait behind reports."""
SESSION_THREADS = 16
LIST_THREADS = 3
"""Threads for pages of lists: more would take turns at the interpreter, and each page would be late."""
FETCHED_AT_ONCE = {"prebuffer_rows": True}
"""Option that makes objects in the thread as well, not when the result is read."""

Result = TypeVar("Result")
Work = TypeVar("Work")


class LoadedLazily(Exception):
    """Statement outside of a session's steps, such as for an expired column."""


class WholeCursor(sqlite3.Cursor):
    """Cursor that has fetched every row when its statement is done."""

    _rows: Iterator[Any]
    """Those that were not handed over yet."""

    def execute(self, *given: Any) -> Self:
        """Execute it and fetch all there is."""
        super().execute(*given)
        self._rows = iter(super().fetchall() if self.description else ())
        return self

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return list(self._rows)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        """Return the next rows."""
        return list(islice(self._rows, size))

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None)


class WholeConnection(sqlite3.Connection):
    """Connection with cursors that fetch every row."""

    def cursor(self, factory: Any = WholeCursor) -> Any:
        """Return a cursor.

        Raises:
            LoadedLazily: on a thread with an event loop, which must not wait for a disk.
        """
        if _on_event_loop():
            raise LoadedLazily
        return super().cursor(factory)


def _step(name: str, *, fetches: bool = False) -> Any:
    """Return a session's method that runs in a thread."""

    async def step(self: "SqliteSession", *given: Any, **options: Any) -> Any:
        if fetches:
            options["execution_options"] = {**options.get("execution_options", {}), **FETCHED_AT_ONCE}
        return await self.carried(partial(getattr(self.sync_session, name), *given, **options))

    return step


class SqliteSession(AsyncSession):
    """Session in which each step is one change of threads.

    A cancellation comes after a step, never in the middle: the next step could meet it in another thread.
    """

    exec: Any = _step("exec", fetches=True)
    get: Any = _step("get")
    get_one: Any = _step("get_one")
    refresh: Any = _step("refresh")
    merge: Any = _step("merge")
    delete: Any = _step("delete")
    flush: Any = _step("flush")
    commit: Any = _step("commit")

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, *, writes: bool) -> None:
        super().__init__(expire_on_commit=False)
        self.sync_session.bind = engine
        self._threads = threads
        self._begins = writes
        """Its first step takes the write lock: a read that turns into a write could find its snapshot stale."""

    async def carried(self, step: Callable[[], Result]) -> Result:
        """Have a thread do it."""
        begins, self._begins = self._begins, False
        return await self._in_thread(partial(self._begin_with, step) if begins else step)

    async def rollback(self) -> None:
        """Undo what was done, and give the connection back."""
        await self._give_back(self.sync_session.rollback)

    async def close(self) -> None:
        """Give the connection back."""
        await self._give_back(self.sync_session.close)

    def _begin_with(self, step: Callable[[], Result]) -> Result:
        self.sync_session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return step()

    async def _give_back(self, ending: Callable[[], None]) -> None:
        if self.sync_session.in_transaction():
            await self._in_thread(ending)
        else:
            ending()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await shield_until_done(asyncio.get_running_loop().run_in_executor(self._threads, work))


class Sqlite:
    """SQLite file with its connections and threads.

    Connections are made on demand: a session that waited for one would hold a thread that another session needs. The
    one used last is used first: it has statements and pages at hand.
    """

    def __init__(self, url: str) -> None:
        options = {"isolation_level": None, "check_same_thread": False, "factory": WholeConnection}
        self.engine: Engine = create_engine(
            url, pool_size=SESSION_THREADS, max_overflow=-1, connect_args=options, pool_use_lifo=True
        )
        event.listen(self.engine, "connect", _configure)
        self._look_ups = ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="sqlite-look-up")
        self._sessions = ThreadPoolExecutor(SESSION_THREADS, thread_name_prefix="sqlite-session")
        self._lists = ThreadPoolExecutor(LIST_THREADS, thread_name_prefix="sqlite-list")

    def session(self, *, writes: bool) -> SqliteSession:
        """Return a new session that holds nothing yet."""
        return SqliteSession(self.engine, self._sessions, writes=writes)

    async def look_up(self, work: Callable[[Connection], Result]) -> Result:
        """Have a thread read."""
        return await asyncio.get_running_loop().run_in_executor(self._look_ups, _in_context(self._look_up, work))

    async def read_page(self, work: Callable[[Connection], Result]) -> Result:
        """Have a thread read, behind other pages."""
        return await asyncio.get_running_loop().run_in_executor(self._lists, _in_context(self._look_up, work))

    async def change(self, work: Callable[[Connection], Result]) -> Result:
        """Have a thread carry out one transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._look_ups, _in_context(self._change, work))

    async def aclose(self) -> None:
        """Wait for what is under way, and close every connection."""
        for threads in (self._look_ups, self._sessions, self._lists):
            await asyncio.to_thread(threads.shutdown)
        self.engine.dispose()

    def _look_up(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.connect() as connection:
            return work(connection)

    def _change(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return work(connection)


def _in_context(step: Callable[[Work], Result], work: Work) -> Callable[[], Result]:
    """Return the step with the context of the present task.

    The context says who acts, and in which language names are read.
    """
    return partial(copy_context().run, step, work)


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in (
        "journal_mode = WAL",
        # With WAL a crash of the process loses nothing; only a power cut may lose the last commits.
        "synchronous = NORMAL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
