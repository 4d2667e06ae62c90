"""Databases full of tickets and calls, in the service's own schema; kept in `.runtime/bench/history` for later runs."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy import URL, Column, make_url
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from ari_app.local.paths import RUNTIME
from ari_app.local.postgres import Postgres
from ari_app.local.processes import free_port
from ari_app.migrations import upgrade
from ari_app.migrations.schema import METADATA
from bench.harness import note

CACHE = RUNTIME / "bench" / "history"
EVERY_S = 10 * 86_400
"""Each customer has a ticket and a call every ten days: three in the last 30, never side by side in the table."""
EACH = {"ticket": 10, "call_record": 4}
"""How many of each; calls older than that would only cost loading time."""
STEP = 7919
"""A prime that scatters consecutive tickets over the customers."""
TICKET_COLUMNS = (
    "id, number, kind, channel, status, customer_id, shared, subject, description, address, address_key, area, "
    "urgency, form, form_version, urge_count, redo_count, escalated, added_to, reply, closing_grounds, "
    "registered_at, version"
)
CALL_COLUMNS = (
    "id, direction, number, access_number, customer_id, queue, started_at, outcome, wait_ms, talk_ms, hangup_by, keys"
)


@dataclass(frozen=True)
class Loaded:
    """A database with so many tickets, and the calls that go with them."""

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
        """How far back to look today for what was 30 days old at most when it was loaded."""
        return 31 + int((time.time() - self.loaded_at) // 86_400)


@dataclass(frozen=True)
class Words:
    """How one database writes what rows are made of; `i` is the row's number, from 0."""

    number: Callable[[str, int, str], str]
    """Text that begins so, and goes on with so many digits of an expression."""
    customer: str
    """The number of the customer the row belongs to."""
    moment: str
    """When it was."""
    false: str


@dataclass(frozen=True)
class Filling:
    """What a database is filled with."""

    name: str
    each: Mapping[str, int]
    """How many rows of each table every customer has."""
    rows: Callable[[Words], list[tuple[str, str, str]]]
    """Table, columns and values."""
    needed: tuple[str, ...]
    """The indexes that are built, as beginnings of names; the others would only cost loading time: no measured query
    can use them."""


async def sqlite_of(tickets: int, filling: Filling | None = None) -> Loaded:
    """The SQLite database with so many tickets."""
    filling = filling or HISTORY
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / f"{filling.name}-{tickets}.db"
    url = f"sqlite+aiosqlite:///{file}"
    return await asyncio.to_thread(_cached, file.with_suffix(".json"), url, tickets, partial(_fill_sqlite, filling))


async def postgres_of(server: Postgres, tickets: int, filling: Filling | None = None) -> Loaded:
    """The PostgreSQL database with so many tickets, on a running server."""
    filling = filling or HISTORY
    marker = CACHE / f"postgres-{filling.name}-{tickets}.json"
    url = server.url(f"{filling.name}_{tickets}")
    return await asyncio.to_thread(_cached, marker, url, tickets, partial(_fill_postgres, filling))


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


def bring_into_memory(folder: Path) -> None:
    """Read every file once: what is measured is the look-up, and not this machine's disk."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb", buffering=0) as content:
                while content.read(1 << 24):
                    pass


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


def _fill_sqlite(filling: Filling, url: str, tickets: int, now: float) -> None:
    file = Path(make_url(url).database or "")
    for stale in file.parent.glob(f"{file.name}*"):
        stale.unlink()
    upgrade(url)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        indexes = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL"))
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA threads = 3")
        for name in indexes:
            connection.execute(f"DROP INDEX {name}")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
        customers = tickets // EACH["ticket"]
        moment = "strftime('%Y-%m-%d %H:%M:%f000', :now - (:count - i) * :step, 'unixepoch')"
        words = Words(_printed, f"((i * {STEP}) % :customers)", moment, "0")
        connection.execute("BEGIN")
        for table, columns, values in _whole(filling, words):
            fill = f"INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM n"  # noqa: S608 - all of it is ours
            each = filling.each[table]
            bound = {"count": customers * each, "customers": customers, "now": now, "step": EVERY_S / customers}
            connection.execute(fill, bound)
        for name, index in indexes.items():
            if name.startswith(filling.needed):
                connection.execute(index)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


def _fill_postgres(filling: Filling, url: str, tickets: int, now: float) -> None:
    name = make_url(url).database
    server = make_url(url).set(database="postgres")
    with _session(server) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        session.execute(f"CREATE DATABASE {name}".encode())
    upgrade(url)
    customers = tickets // EACH["ticket"]
    moment = f"to_timestamp({now!r} - (count - i) * {EVERY_S / customers!r})"
    words = Words(_padded, f"((i * {STEP}) % {customers})", moment, "false")
    with _session(make_url(url)) as session:
        rows = session.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix\\_%'"
        )
        indexes: dict[str, str] = dict(rows.fetchall())
        session.execute("SET maintenance_work_mem = '512MB'")
        # References to customers are not checked, so that there need be none.
        session.execute("SET session_replication_role = replica")
        for index in indexes:
            session.execute(f"DROP INDEX {index}".encode())
        with session.transaction():
            session.execute(f"TRUNCATE {', '.join(filling.each)} CASCADE".encode())
            for table, columns, values in _whole(filling, words):
                count = customers * filling.each[table]
                source = f"generate_series(0, {count - 1}::bigint) AS n(i), (SELECT {count} AS count) AS size"
                fill = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {source}"  # noqa: S608 - all of it is ours
                session.execute(fill.encode())
            for name, index in indexes.items():
                if name.startswith(filling.needed):
                    session.execute(index.encode())
        for table in filling.each:
            session.execute(f"VACUUM (FREEZE, ANALYZE) {table}".encode())
        session.execute("CHECKPOINT")


def _whole(filling: Filling, words: Words) -> list[tuple[str, str, str]]:
    """A filling's rows with the models' defaults for whatever else must not be empty."""
    rows = []
    for table, columns, values in filling.rows(words):
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
    if default is None:
        raise ValueError(f"{column.table.name}.{column.name} has no default: name it in the filling")
    return str(default) if isinstance(default, int) else f"'{default}'"


def _printed(beginning: str, digits: int, expression: str) -> str:
    return f"printf('{beginning}%0{digits}d', {expression})"


def _padded(beginning: str, digits: int, expression: str) -> str:
    return f"'{beginning}' || lpad(({expression})::text, {digits}, '0')"


def _history(words: Words) -> list[tuple[str, str, str]]:
    """Tickets and calls of the last weeks."""
    description = "'卧室暖气片上半部不热，室温约十六度，请尽快上门检查处理。'"
    customer = words.number("customer-", 26, words.customer)
    ticket = (
        f"{words.number('ticket-', 26, 'i')}, {words.number('26', 9, 'i')}, 'fault', 'phone', 'archived', {customer}, "
        f"{words.false}, '暖气不热', {description}, '幸福路12号3单元402', '幸福路12-3-402', '城东', 'normal', "
        f"'{{}}', 0, 0, 0, {words.false}, {words.false}, "
        f"'已更换阀门', '用户确认已解决', {words.moment}, 5"
    )
    call = (
        f"{words.number('call-', 26, 'i')}, 'inbound', '+8613800000001', '96001', {customer}, 'repair', "
        f"{words.moment}, 'answered', 12000, 95000, 'caller', '[\"3\"]'"
    )
    return [("ticket", TICKET_COLUMNS, ticket), ("call_record", CALL_COLUMNS, call)]


HISTORY = Filling(
    "tickets",
    EACH,
    _history,
    ("ix_ticket_customer_id_registered_at", "ix_call_record_customer_id_started_at"),
)


def _session(url: URL) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True)
