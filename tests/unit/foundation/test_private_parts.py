"""Undocumented parts of libraries: each failure names the part that moved."""

import inspect
import threading
import tomllib
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from redis import exceptions
from redis.asyncio.connection import AbstractConnection
from sqlalchemy import event
from sqlmodel import select

from crm.departments.model import Department
from dev.paths import PROJECT
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.redis_client import redis_client
from foundation.redis_line import PrivatePartMoved, refusal, transport_of

BOUNDED = ("aiohttp", "redis", "sqlalchemy")


def test_libraries_with_private_parts_in_use_have_an_upper_bound() -> None:
    dependencies = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    for library in BOUNDED:
        (dependency,) = (one for one in dependencies if one.startswith(library) and one[len(library)] in "[<>=")
        assert ",<" in dependency, f"{library} needs an upper bound: a new major version may move private parts"


async def test_redis_connection_has_its_transport(redis_url: str) -> None:
    client = redis_client(redis_url)
    connection = cast("AbstractConnection", client.connection_pool.make_connection())  # type: ignore[no-untyped-call]
    await connection.connect()  # type: ignore[no-untyped-call]
    assert not transport_of(connection).is_closing()
    await connection.disconnect()
    await client.aclose()


def test_moved_writer_of_redis_is_named() -> None:
    with pytest.raises(PrivatePartMoved, match=r"redis-py no longer stores its StreamWriter in Connection\._writer"):
        transport_of(cast("AbstractConnection", SimpleNamespace()))


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ("NOSCRIPT No matching script.", exceptions.NoScriptError, "No matching script."),
        ("READONLY You can't write against a read only replica.", exceptions.ReadOnlyError, "You can't write"),
        ("LOADING Redis is loading the dataset in memory", exceptions.BusyLoadingError, "Redis is loading"),
        ("ERR unknown command", exceptions.ResponseError, "ERR unknown command"),
        ("", exceptions.ResponseError, ""),
    ],
)
def test_refusals_of_redis_are_exceptions_by_their_code(
    message: str, kind: type[exceptions.RedisError], said: str
) -> None:
    assert type(refusal(message)) is kind
    assert str(refusal(message)).startswith(said)


async def test_sqlalchemy_makes_objects_in_the_thread_of_the_statement(sqlite_database: Database) -> None:
    async with sqlite_database.write() as session:
        session.add(Department(id=new_id("department"), name="East", created_at=utc_now()))
    threads: list[str] = []

    def loaded(*_: Any) -> None:
        threads.append(threading.current_thread().name)

    event.listen(Department, "load", loaded)
    try:
        async with sqlite_database.read() as session:
            found = await session.exec(select(Department))
            assert threads, (
                "SQLAlchemy no longer honours the execution option prebuffer_rows: objects are made on the event loop; "
                "adapt FETCHED_AT_ONCE in foundation/sqlite.py"
            )
            assert len(found.all()) == len(threads)
    finally:
        event.remove(Department, "load", loaded)
    assert all(name.startswith("sqlite-session") for name in threads)


def test_aiohttp_lets_a_connection_be_replaced() -> None:
    parameters = inspect.signature(web.RequestHandler.__init__).parameters
    for name in ("manager", "loop", "access_log", "keepalive_timeout"):
        assert name in parameters, f"aiohttp's RequestHandler no longer takes {name}: adapt ari_app/web/connections.py"
    given = list(inspect.signature(web.RequestHandler.handle_error).parameters)
    assert given == ["self", "request", "status", "exc", "message"], (
        "aiohttp's RequestHandler.handle_error has other arguments: adapt ari_app/web/connections.py"
    )
    for name in ("connection_made", "connection_lost"):
        assert hasattr(web.RequestHandler, name), f"aiohttp's RequestHandler no longer has {name}"
