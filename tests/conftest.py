"""Real servers for tests, started once by each worker process.

Ports are free ones. A database is a copy of one that has every table: creating the tables each time takes longer than
most tests.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis
from sqlalchemy import create_engine

from ari_app.runtime.schema import METADATA
from dev.asterisk import Asterisk, free_address
from dev.paths import PROJECT
from dev.ports import free_port
from dev.postgres import Postgres
from dev.redis import Redis
from foundation.database import Database
from foundation.ids import new_id

# Speed is measured in bench/; a test on a busy machine may take its time.
hypothesis.settings.register_profile("hotline", deadline=None)
hypothesis.settings.load_profile("hotline")


SERVERS = frozenset({"redis_server", "postgres_server", "asterisk"})
"""Fixtures that start a server."""
SPREAD_OVER = 0.85
"""Part of a run over which the files that wait are spread: none of them is left for the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores: calls are heard in real time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that start a server; mix waiting files with computing ones."""
    for item in items:
        if needs_server(item):
            item.add_marker(pytest.mark.server)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if not _is_unit(path)]
    computing = [path for path in files if _is_unit(path)]
    places = {path: SPREAD_OVER * at / len(waiting) for at, path in enumerate(waiting)}
    places |= {path: at / len(computing) for at, path in enumerate(computing)}
    items[:] = [item for path in sorted(files, key=places.__getitem__) for item in files[path]]


def _is_unit(path: Path) -> bool:
    return "unit" in path.relative_to(PROJECT / "tests").parts


def needs_server(item: pytest.Item) -> bool:
    """Tell whether a test starts Redis, PostgreSQL or Asterisk."""
    if not _is_unit(item.path):
        return True
    callspec = getattr(item, "callspec", None)
    on_postgres = callspec is not None and callspec.params.get("database_kind") == "postgresql"
    return on_postgres or not SERVERS.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One Redis for the worker."""
    server = Redis(free_port(), tmp_path_factory.mktemp("redis"), persistent=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One PostgreSQL for the worker."""
    server = Postgres(free_port(), tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    """The name of a PostgreSQL database with every table."""
    name = _new_database(postgres_server)
    _create_tables(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, to make others from."""
    file = tmp_path_factory.mktemp("sqlite") / "hotline.db"
    _create_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    kind: str = request.param
    return kind


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """The address of an empty PostgreSQL database."""
    return postgres_server.url(_new_database(postgres_server))


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of either kind."""
    if database_kind == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with every table, of either kind."""
    if database_kind == "sqlite":
        opened = _copied(request.getfixturevalue("sqlite_template"), tmp_path)
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        opened = Database(server.url(_new_database(server, request.getfixturevalue("postgres_template"))))
    yield opened
    await opened.aclose()


@pytest.fixture
async def sqlite_database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database with every table."""
    opened = _copied(sqlite_template, tmp_path)
    yield opened
    await opened.aclose()


def _copied(template: Path, folder: Path) -> Database:
    """Open a copy of a SQLite file."""
    shutil.copyfile(template, folder / "hotline.db")
    return Database(f"sqlite:///{folder / 'hotline.db'}")


def _new_database(server: Postgres, template: str = "template1") -> str:
    """Create a database and return its name.

    It is a copy of another one, by default of an empty one.
    """
    name = new_id("test").replace("-", "_")
    with psycopg.connect(f"host=127.0.0.1 port={server.port} user=hotline dbname=postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return name


def _create_tables(url: str) -> None:
    engine = create_engine(url)
    METADATA.create_all(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """One Asterisk for the worker, as shipped, without phones."""
    server = Asterisk(free_address(tmp_path_factory.mktemp("asterisk")))
    server.start()
    yield server
    server.stop()
