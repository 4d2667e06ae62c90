"""The database session: SQLite by default, PostgreSQL when there is more than one node.

Tables are SQLModel classes on the one shared metadata. `table=True` models do not validate: what comes from outside is
validated by a pydantic model first. Objects are read and written inside one `read()` or `write()` block, without lazy
loading.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, MetaData, TypeDecorator, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

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
        # A look-up without BEGIN and ROLLBACK takes a third less; a statement sees what is committed either way.
        autocommit = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self.lookups: AsyncEngine = self.engine.execution_options(**autocommit)
        """For single reading statements outside a session, such as those a ringing phone waits for."""
        self._sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)

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

    def _turn_to_write(self) -> AbstractAsyncContextManager[object]:
        return self._writer if self._writer is not None else nullcontext()

    async def _begin(self, session: AsyncSession) -> None:
        if self.is_sqlite:
            # Take the write lock at once: a read that turns into a write could find its snapshot stale.
            await session.exec(text("BEGIN IMMEDIATE"))  # type: ignore[call-overload]
        else:
            await session.begin()

    async def aclose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    def _options(self, pool_size: int) -> dict[str, Any]:
        if self.is_sqlite:
            return {"pool_size": pool_size, "connect_args": {"isolation_level": None}}
        timeouts = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        connect = {"options": timeouts}
        return {"pool_pre_ping": True, "pool_size": pool_size, "max_overflow": pool_size, "connect_args": connect}


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
