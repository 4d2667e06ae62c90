"""Databases with a hotline's years, filled once for all runs."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
from sqlalchemy import URL, Column, DefaultClause, make_url
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from ari_app.runtime.schema import METADATA, upgrade
from bench.harness import note
from bench.hotline_data import EACH, EVERY_S, INDEXES, STEP, Words, rows_of
from dev.paths import RUNTIME
from dev.ports import free_port
from dev.postgres import Postgres
from foundation import text_index

CACHE = RUNTIME / "bench" / "databases"


@dataclass(frozen=True)
class Loaded:
    """A database with so many tickets, and the calls about them."""

    url: str
    tickets: int
    loaded_at: float
    """Seconds since the epoch: the newest ticket is as old as this."""
    load_s: float

    @property
    def customers(self) -> int:
        return self.tickets // EACH["ticket"]

    def customer_id(self, index: int) -> str:
        return f"customer-{index:026d}"

    @property
    def days(self) -> int:
        """Return how far back to look for 30 days of loading time."""
        return 31 + int((time.time() - self.loaded_at) // 86_400)


class Dropped(NamedTuple):
    """A key, reference or index that is absent during loading."""

    table: str
    name: str
    made: str | None
    """The statement that makes the same again; None where it is not needed."""


@dataclass(frozen=True)
class Databases:
    """Of each kind one for every size, in the sizes' order."""

    sqlite: list[Loaded]
    postgres: list[Loaded]


async def databases_of(server: Postgres, sizes: Sequence[int]) -> Databases:
    """Return the databases of each size, filling those that are missing.

    Both kinds are filled at once.
    """
    CACHE.mkdir(parents=True, exist_ok=True)

    async def each(name: str, url_of: Callable[[int], str], fill: Callable[[str, int, float], None]) -> list[Loaded]:
        return [
            await asyncio.to_thread(_cached, CACHE / f"{name}-{size}.json", url_of(size), size, fill) for size in sizes
        ]

    sqlite, postgres = await asyncio.gather(
        each("sqlite", lambda size: f"sqlite:///{CACHE / f'{size}.db'}", _fill_sqlite),
        each("postgres", lambda size: server.url(f"hotline_{size}"), _fill_postgres),
    )
    return Databases(sqlite, postgres)


def start_postgres() -> Postgres:
    """The benchmark's own server, with default memory; set to load quickly."""
    server = Postgres(free_port(), CACHE / "postgres")
    server.start()
    with _session(make_url(server.url())) as session:
        is_new = session.execute("SHOW wal_level").fetchone() != ("minimal",)
        if is_new:
            # Tables that are truncated and filled in one transaction need no write-ahead log.
            session.execute("ALTER SYSTEM SET wal_level = minimal")
            session.execute("ALTER SYSTEM SET max_wal_senders = 0")
            session.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
    if is_new:
        server.stop()
        server.start()
    return server


def bring_into_memory(databases: Sequence[Loaded]) -> None:
    """Read the files once, so that the disk is not measured."""
    paths = [make_url(loaded.url).database or "" for loaded in databases if loaded.url.startswith("sqlite")]
    for file in map(Path, paths) if paths else (CACHE / "postgres").rglob("base/*/*"):
        if file.is_file():
            with file.open("rb", buffering=0) as content:
                while content.read(1 << 24):
                    pass


CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, CASE WHEN contype IN ('p', 'u') THEN
  'ALTER TABLE ' || conrelid::regclass || ' ADD ' || pg_get_constraintdef(oid) END
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'p', 'u')
ORDER BY contype
"""
OTHER_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix\\_%'"


def _cached(marker: Path, url: str, tickets: int, fill: Callable[[str, int, float], None]) -> Loaded:
    if marker.exists():
        # The server's port is another at every start.
        return replace(msgspec.json.decode(marker.read_bytes(), type=Loaded), url=url)
    note(f"loading {tickets:,} tickets: {make_url(url).get_backend_name()}; the next run finds them")
    begun = time.time()
    fill(url, tickets, begun)
    loaded = Loaded(url, tickets, begun, round(time.time() - begun, 1))
    marker.write_bytes(msgspec.json.encode(loaded))
    return loaded


def _fill_sqlite(url: str, tickets: int, now: float) -> None:
    file = Path(make_url(url).database or "")
    for stale in file.parent.glob(f"{file.name}*"):
        stale.unlink()
    upgrade(url)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        indexes = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL"))
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA threads = 3")
        _remove_text_indexes(connection.execute, "sqlite")
        for name in indexes:
            connection.execute(f"DROP INDEX {name}")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
        customers = tickets // EACH["ticket"]
        connection.execute("BEGIN")
        for table, columns, values in whole_rows(PRINTED):
            fill = f"INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM n"  # noqa: S608 - all of it is ours
            bound = {"count": customers * EACH[table], "customers": customers, "now": now, "step": EVERY_S / customers}
            connection.execute(fill, bound)
        for name, index in indexes.items():
            if name.startswith(INDEXES):
                connection.execute(index)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


def _fill_postgres(url: str, tickets: int, now: float) -> None:
    name = make_url(url).database
    with _session(make_url(url).set(database="postgres")) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        session.execute(f"CREATE DATABASE {name}".encode())
    upgrade(url)
    customers = tickets // EACH["ticket"]
    moment = f"to_timestamp({now!r} - (count - i) * {EVERY_S / customers!r})"
    words = Words(_padded, f"((i * {STEP}) % {customers})", moment, "false")
    with _session(make_url(url)) as session:
        _remove_text_indexes(lambda statement: session.execute(statement.encode()), "postgresql")
        # Neither keys nor references are looked up while a table is filled, so that tables can be filled side by side.
        keys = _dropped(session, CONSTRAINTS, "ALTER TABLE {table} DROP CONSTRAINT {name}")
        indexes = _dropped(session, OTHER_INDEXES, "DROP INDEX {name}")
    afterwards = [*keys, *(index for index in indexes if index.name.startswith(INDEXES))]
    with ThreadPoolExecutor(len(EACH)) as threads:
        list(threads.map(partial(_fill_table, url, customers, afterwards), whole_rows(words)))


def _remove_text_indexes(execute: Callable[[str], object], dialect: str) -> None:
    """Remove the text indexes, which these benchmarks do not use."""
    for statement in text_index.removals(METADATA, dialect):
        execute(statement)


def _fill_table(url: str, customers: int, afterwards: Sequence[Dropped], rows: tuple[str, str, str]) -> None:
    table, columns, values = rows
    count = customers * EACH[table]
    source = f"generate_series(0, {count - 1}::bigint) AS n(i), (SELECT {count} AS count) AS size"
    with _session(make_url(url)) as session:
        session.execute("SET maintenance_work_mem = '512MB'")
        with session.transaction():
            # A table that is emptied and filled in one transaction needs no write-ahead log.
            session.execute(f"TRUNCATE {table}".encode())
            session.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {source}".encode())  # noqa: S608 - all of it is ours
            for dropped in afterwards:
                if dropped.table == table and dropped.made is not None:
                    session.execute(dropped.made.encode())
        session.execute(f"VACUUM (ANALYZE) {table}".encode())


def _dropped(session: "psycopg.Connection[tuple[Any, ...]]", listed: str, drop: str) -> list[Dropped]:
    """Drop what a query lists."""
    found = [Dropped(*row) for row in session.execute(listed.encode()).fetchall()]
    for each in found:
        session.execute(drop.format(table=each.table, name=each.name).encode())
    return found


def whole_rows(words: Words) -> list[tuple[str, str, str]]:
    """Yield the rows with the models' defaults for required columns."""
    rows = []
    for table, columns, values in rows_of(words):
        named = {name.strip() for name in columns.split(",")}
        missing = {
            column.name: _literal(column, words)
            for column in METADATA.tables[table].columns
            if not column.nullable and column.name not in named
        }
        rows.append((table, ", ".join([columns, *missing]), ", ".join([values, *missing.values()])))
    return rows


def _literal(column: Column[Any], words: Words) -> str:
    default = column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None
    if isinstance(default, bool):
        return {"0": "1", "false": "true"}[words.false] if default else words.false
    if isinstance(default, dict | list):
        return f"'{msgspec.json.encode(default).decode()}'"
    if default is None and isinstance(column.server_default, DefaultClause):
        return f"'{column.server_default.arg}'"
    if default is None:
        raise ValueError(f"{column.table.name}.{column.name} has no default: name it in the rows")
    return str(default) if isinstance(default, int) else f"'{default}'"


def _printed(beginning: str, digits: int, expression: str) -> str:
    return f"printf('{beginning}%0{digits}d', {expression})"


PRINTED = Words(
    _printed,
    f"((i * {STEP}) % :customers)",
    "strftime('%Y-%m-%d %H:%M:%f000', :now - (:count - i) * :step, 'unixepoch')",
    "0",
)
"""As SQLite writes it."""


def _padded(beginning: str, digits: int, expression: str) -> str:
    return f"'{beginning}' || lpad(({expression})::text, {digits}, '0')"


def _session(url: URL) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True)
