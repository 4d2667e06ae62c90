"""Database: SQLite by default, PostgreSQL for more than one node.

Tables are SQLModel classes on the one shared metadata. `table=True` models do not validate: what comes from outside is
validated by a pydantic model first. Objects are read and written inside one `read()` or `write()` block, without lazy
loading. What runs for every call goes through `look_up()` and `change()` instead: statements of the core, made once, on
a plain connection. A session costs several times as much.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    MetaData,
    TypeDecorator,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from foundation.acting import ACTOR, actor
from foundation.sqlite import Sqlite
from foundation.tasks import shield_until_done

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

STATEMENT_TIMEOUT_MS = 10_000
LOCK_TIMEOUT_MS = 5000
CONNECT_TIMEOUT_S = 3
POOL_TIMEOUT_S = 5.0
"""Time to wait for a free connection: all of them may wait for a database that is away."""

Result = TypeVar("Result")
Other = TypeVar("Other")


class UtcDateTime(TypeDecorator[datetime]):
    """Column of aware UTC times; SQLite itself does not store a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive time: its zone cannot be guessed.

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
    """Return the column type of an enum.

    Its values are text in both databases, so that a new value needs no migration.
    """
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [member.value for member in members]
    )


def out_of_reach(error: BaseException) -> bool:
    """Return whether the database did not respond.

    Whether a commit under way was carried out is then unknown.

    A statement it refused is something else: repeating that changes nothing.
    """
    return isinstance(error, OperationalError | InterfaceError | SqlTimeout | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


async def execute(session: AsyncSession, statement: Executable, values: Any = None) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement of the core in a session's transaction.

    Such statements are about tables, not about classes.

    Args:
        values: what the statement's parameters are, or a sequence of such to execute it for each.
    """
    return cast("CursorResult[*tuple[Any, ...]]", await session.exec(statement, params=values))  # type: ignore[call-overload]


class Database:
    """Engine and sessions of one database; close it with `aclose()`.

    SQLite has one writer: writers queue here instead of meeting `database is locked`.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._server: Sqlite | _Postgresql = Sqlite(url) if self.is_sqlite else _Postgresql(url, pool_size)

    @property
    def engine(self) -> Engine:
        """Return the engine, for observers of statements."""
        return self._server.engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading; its changes are not stored."""
        session = self._server.session(writes=False)
        try:
            yield session
        finally:
            await shield_until_done(session.close())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction, committed at the end of the block.

        A cancellation between two statements rolls back; one that arrives during the commit comes after it.
        """
        async with self._turn_to_write():
            session = self._server.session(writes=True)
            # Statements may run in a thread, which has not the context of the task.
            session.info[ACTOR] = actor()
            try:
                yield session
                await shield_until_done(session.commit())
            except BaseException:
                await shield_until_done(session.rollback())
                raise
            finally:
                await shield_until_done(session.close())

    async def look_up(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out reading statements, such as those that a ringing phone needs.

        Each sees what is committed by then.

        `work` must only execute statements and fetch rows: with SQLite it runs in a thread.
        """
        return await self._server.look_up(work)

    async def read_page(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out the reading statements of a page.

        No ringing phone waits for them.

        `work` is as for `look_up`; what it makes of the rows is made there, too.
        """
        return await self._server.read_page(work)

    async def look_up_both(
        self, one: Callable[[Connection], Result], other: Callable[[Connection], Other]
    ) -> tuple[Result, Other]:
        """Carry out two look-ups, in parallel where there is a server."""
        if self.is_sqlite:
            return await self.look_up(lambda connection: (one(connection), other(connection)))
        of_one, of_other = await asyncio.gather(self.look_up(one), self.look_up(other))
        return of_one, of_other

    async def change(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out statements as one transaction.

        It is committed when `work` returns, and rolled back when it raises.

        `work` must only execute statements and fetch rows: with SQLite it runs in a thread. A cancellation comes after
        it, never in the middle.
        """
        async with self._turn_to_write():
            return await shield_until_done(self._server.change(work))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._server.aclose()

    def _turn_to_write(self) -> AbstractAsyncContextManager[object]:
        return self._writer if self._writer is not None else nullcontext()


class _Postgresql:
    """PostgreSQL server with a pool of connections."""

    def __init__(self, url: str, pool_size: int) -> None:
        timeouts = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            connect_args={"options": timeouts, "connect_timeout": CONNECT_TIMEOUT_S},
        )
        self.engine: Engine = self._engine.sync_engine
        # A look-up without BEGIN and ROLLBACK takes a third less; a statement sees what is committed either way.
        self._look_ups: AsyncEngine = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def session(self, *, writes: bool) -> AsyncSession:  # noqa: ARG002 - its first statement begins in either case
        return AsyncSession(self._engine, expire_on_commit=False)

    async def look_up(self, work: Callable[[Connection], Result]) -> Result:
        async with self._look_ups.connect() as connection:
            return await connection.run_sync(work)

    async def read_page(self, work: Callable[[Connection], Result]) -> Result:
        return await self.look_up(work)

    async def change(self, work: Callable[[Connection], Result]) -> Result:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def aclose(self) -> None:
        await self._engine.dispose()
