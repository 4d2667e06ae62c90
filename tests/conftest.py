"""Real servers for every test that claims one: each worker process starts its own, on free ports, once."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis

from ari_app.runtime.schema import METADATA
from dev.asterisk import Asterisk, free_address
from dev.ports import free_port
from dev.postgres import Postgres
from dev.redis import Redis
from foundation.database import Database
from foundation.ids import new_id

# Speed is measured in bench/; a test on a busy machine may take its time.
hypothesis.settings.register_profile("hotline", deadline=None)
hypothesis.settings.load_profile("hotline")


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
    server = Postgres(free_port(), tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    """Address of an empty PostgreSQL database."""
    name = new_id("test").replace("-", "_")
    address = f"host=127.0.0.1 port={postgres_server.port} user=hotline dbname=postgres"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return postgres_server.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database with every table, of either kind."""
    opened = Database(database_url)
    await _create_tables(opened)
    yield opened
    await opened.aclose()


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database with every table."""
    opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    await _create_tables(opened)
    yield opened
    await opened.aclose()


async def _create_tables(database: Database) -> None:
    await database.change(METADATA.create_all)


@pytest.fixture(scope="session")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """One Asterisk for the worker, as shipped, with no phones of its own."""
    server = Asterisk(free_address(tmp_path_factory.mktemp("asterisk")))
    server.start()
    yield server
    server.stop()
