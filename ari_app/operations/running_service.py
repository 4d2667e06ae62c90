"""Running service, as a command that writes into its database sees it."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from pathlib import Path
from typing import TypeVar

import msgspec
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from ari_app.operations.errors import AnotherDatabase, DatabaseUnusable, ServiceRuns
from ari_app.operations.locations import Locations
from ari_app.runtime.node_lease import KEY, LEASE_S, Holder
from foundation.database import Database

REDIS_DEADLINE_S = 3.0

Value = TypeVar("Value")


class Contact(Enum):
    """Contact of the command line with the running service."""

    LISTENING = auto()
    NOT_LISTENING = auto()
    OUT_OF_REACH = auto()
    NOT_RUNNING = auto()


def service_of(of: Locations) -> "tuple[Contact, Redis | None]":
    """Find the Redis of a running service that uses the same database.

    Raises:
        AnotherDatabase: the running service uses another one.
    """
    try:
        redis, holders = _holders(of)
    except (RedisError, OSError):
        return Contact.OUT_OF_REACH, None
    for holder in holders:
        if holder.database and holder.database != of.database_name:
            raise AnotherDatabase(
                f"the running service uses another database: {holder.database}; "
                "set HOTLINE_DATABASE_URL as the service has it"
            )
    return (Contact.LISTENING, redis) if holders else (Contact.NOT_RUNNING, None)


def refuse_database_in_use(of: Locations, *names: str) -> None:
    """Check that no running service uses one of these databases.

    Raises:
        ServiceRuns: one does.
    """
    try:
        _, holders = _holders(of)
    except (RedisError, OSError):
        return
    for holder in holders:
        if holder.database in names:
            raise ServiceRuns(
                f"a service runs with {holder.database}: stop it first (after a kill, wait {LEASE_S:.0f} s)"
            )


def _holders(of: Locations) -> "tuple[Redis | None, list[Holder]]":
    """Return the running services that share the Redis of these settings."""
    if of.redis_url is None:
        return None, []
    redis = Redis.from_url(of.redis_url, socket_timeout=REDIS_DEADLINE_S, socket_connect_timeout=REDIS_DEADLINE_S)
    held = [redis.get(key) for key in redis.scan_iter(f"{KEY}*")]
    return redis, [msgspec.json.decode(one, type=Holder) for one in held if isinstance(one, bytes)]


def with_database(of: Locations, work: Callable[[Database], Awaitable[Value]]) -> Value:
    """Work on the database of a service that was started once.

    Raises:
        DatabaseUnusable: there is none, or it has no tables.
    """
    file = make_url(of.database_url).database if of.database_url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        raise DatabaseUnusable(f"there is no database {file} yet: start the service once, or set HOTLINE_DATABASE_URL")

    async def carry_out() -> Value:
        database = Database(of.database_url)
        try:
            return await work(database)
        finally:
            await database.aclose()

    try:
        return asyncio.run(carry_out())
    except SQLAlchemyError as error:
        raise DatabaseUnusable(
            f"the database cannot be used; has a service been started with it? ({type(error).__name__})"
        ) from error
