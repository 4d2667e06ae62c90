"""The database: SQLite by default, PostgreSQL when there is more than one node.

Tables are SQLModel classes on the one shared metadata. `table=True` models do not validate: what comes from outside is
validated by a pydantic model first. Objects are read and written inside one `read()` or `write()` block, without lazy
loading. What runs for every call goes through `look_up()` and `change()` instead: statements of the core, made once, on
a plain connection. A session costs several times as much, and with SQLite each of its steps is a change of threads.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from foundation import sqlite_session
from foundation.tasks import seen_through

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

BUSY_TIMEOUT_MS = 5000
STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 5000
CONNECT_TIMEOUT_S = 3
POOL_TIMEOUT_S = 5.0
"""How long somebody waits for one of the connections, all of which may wait for a database that is away."""
SQLITE_THREADS = 4

Result = TypeVar("Result")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in either database: SQLite keeps none of the zone by itself."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive time: which zone it was meant in is not to be guessed.

        Raises:
            ValueError: the time is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back the aware time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[StrEnum]) -> Any:
    """The column type of an enum: its values as text in both databases, so that a new value needs no migration."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [member.value for member in members]
    )


def out_of_reach(error: BaseException) -> bool:
    """Whether the database could not be asked or did not answer; whether a commit under way was carried out is unknown.

    A statement it refused is something else: repeating that changes nothing.
    """
    return isinstance(error, OperationalError | InterfaceError | SqlTimeout | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


class Database:
    """The engine and its sessions. Close it with `aclose()`.

    SQLite has one writer: writers queue here instead of meeting `database is locked`.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self.engine: AsyncEngine = create_async_engine(url, **self._options(pool_size))
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)
        self._direct = _SqliteThreads(url) if self.is_sqlite else None
        # A look-up without BEGIN and ROLLBACK takes a third less; a statement sees what is committed either way.
        autocommit = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._lookups: AsyncEngine = self.engine.execution_options(**autocommit)
        self._sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)

    @property
    def sync_engines(self) -> list[Engine]:
        """Every engine that a statement may go through, for whoever watches statements."""
        direct = [self._direct.engine] if self._direct is not None else []
        return [self.engine.sync_engine, *direct]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; what it changes is not stored."""
        session = self._sessions()
        try:
            yield session
        finally:
            await seen_through(session.close())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises.

        A cancellation between two statements rolls back; one that arrives during the commit comes after it.
        """
        async with self._turn_to_write():
            session = self._sessions()
            try:
                await seen_through(self._begin(session))
                yield session
                await seen_through(session.commit())
            except BaseException:
                await seen_through(session.rollback())
                raise
            finally:
                await seen_through(session.close())

    async def look_up(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out reading statements, such as those a ringing phone waits for; each sees what is committed by then.

        `work` must only execute statements and fetch rows: with SQLite it runs in a thread.
        """
        if self._direct is not None:
            return await self._direct.look_up(work)
        async with self._lookups.connect() as connection:
            return await connection.run_sync(work)

    async def change(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out statements as one transaction: committed when `work` returns, rolled back when it raises.

        `work` must only execute statements and fetch rows: with SQLite it runs in a thread. A cancellation comes after
        it, never in the middle.
        """
        async with self._turn_to_write():
            if self._direct is not None:
                return await seen_through(self._direct.change(work))
            return await seen_through(self._change(work))

    async def _change(self, work: Callable[[Connection], Result]) -> Result:
        async with self.engine.begin() as connection:
            return await connection.run_sync(work)

    def _turn_to_write(self) -> AbstractAsyncContextManager[object]:
        return self._writer if self._writer is not None else nullcontext()

    async def _begin(self, session: AsyncSession) -> None:
        if self.is_sqlite:
            # Take the write lock at once: a read that turns into a write could find its snapshot stale.
            await (await session.connection()).exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await session.begin()

    async def aclose(self) -> None:
        """Close every connection."""
        if self._direct is not None:
            await self._direct.aclose()
        await self.engine.dispose()

    def _options(self, pool_size: int) -> dict[str, Any]:
        if self.is_sqlite:
            path = make_url(self.url).database or ""
            # What was begun is committed or rolled back here: a connection that is put back needs no ROLLBACK more.
            creator = partial(sqlite_session.connect, path)
            return {"pool_size": pool_size, "pool_reset_on_return": None, "async_creator": creator}
        timeouts = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        connect = {"options": timeouts, "connect_timeout": CONNECT_TIMEOUT_S}
        return {
            "pool_timeout": POOL_TIMEOUT_S,
            "pool_pre_ping": True,
            "pool_size": pool_size,
            "max_overflow": pool_size,
            "connect_args": connect,
        }


class _SqliteThreads:
    """SQLite from a few threads, each carrying a whole piece of work: one change of threads instead of one a step."""

    def __init__(self, url: str) -> None:
        options = {"isolation_level": None, "check_same_thread": False}
        self.engine: Engine = create_engine(
            url.replace("+aiosqlite", "", 1), pool_size=SQLITE_THREADS, connect_args=options
        )
        event.listen(self.engine, "connect", _configure_sqlite)
        self._threads = ThreadPoolExecutor(SQLITE_THREADS, thread_name_prefix="sqlite")

    async def look_up(self, work: Callable[[Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, work)

    async def change(self, work: Callable[[Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._change, work)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()

    def _look_up(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.connect() as connection:
            return work(connection)

    def _change(self, work: Callable[[Connection], Result]) -> Result:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return work(connection)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        # With WAL a crash of the process loses nothing; only a power cut may lose the last commits.
        "synchronous = NORMAL",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
