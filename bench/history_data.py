"""Databases full of tickets and calls, in the service's own schema; kept in `.runtime/bench/history` for later runs."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy import URL, make_url

from ari_app.local.paths import RUNTIME
from ari_app.local.postgres import Postgres
from ari_app.local.processes import free_port
from ari_app.migrations import upgrade
from bench.harness import note

CACHE = RUNTIME / "bench" / "history"
EVERY_S = 10 * 86_400
"""Each customer has a ticket and a call every ten days: three in the last 30, never side by side in the table."""
EACH = {"ticket": 10, "call_record": 4}
"""How many of each; calls older than that would only cost loading time."""
STEP = 7919
"""A prime that scatters consecutive tickets over the customers."""
NEEDED = ("ix_ticket_customer_id_registered_at", "ix_call_record_customer_id_started_at")
"""The indexes that are built; the others would only cost loading time: no measured query can use them."""

TICKET_COLUMNS = (
    "id, number, kind, channel, status, customer_id, shared, subject, description, address, address_key, area, "
    "urgency, form, form_version, urge_count, redo_count, escalated, reply, closing_grounds, registered_at, version"
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


async def sqlite_of(tickets: int) -> Loaded:
    """The SQLite database with so many tickets."""
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / f"tickets-{tickets}.db"
    url = f"sqlite+aiosqlite:///{file}"
    return await asyncio.to_thread(_cached, file.with_suffix(".json"), url, tickets, _fill_sqlite)


async def postgres_of(server: Postgres, tickets: int) -> Loaded:
    """The PostgreSQL database with so many tickets, on a running server."""
    marker = CACHE / f"postgres-{tickets}.json"
    return await asyncio.to_thread(_cached, marker, server.url(f"tickets_{tickets}"), tickets, _fill_postgres)


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
        for name in indexes:
            connection.execute(f"DROP INDEX {name}")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
        customers = tickets // EACH["ticket"]
        moment = "strftime('%Y-%m-%d %H:%M:%f000', :now - (:count - i) * :step, 'unixepoch')"
        customer = f"printf('customer-%026d', (i * {STEP}) % :customers)"
        connection.execute("BEGIN")
        for table, columns, values in _contents("printf('{}%0{}d', i)", customer, moment, "0"):
            fill = f"INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM n"  # noqa: S608 - all of it is ours
            bound = {"count": customers * EACH[table], "customers": customers, "now": now, "step": EVERY_S / customers}
            connection.execute(fill, bound)
        for name in NEEDED:
            connection.execute(indexes[name])
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode = WAL")


def _fill_postgres(url: str, tickets: int, now: float) -> None:
    name = make_url(url).database
    server = make_url(url).set(database="postgres")
    with _session(server) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        session.execute(f"CREATE DATABASE {name}".encode())
    upgrade(url)
    customers = tickets // EACH["ticket"]
    customer = f"'customer-' || lpad(((i * {STEP}) % {customers})::text, 26, '0')"
    moment = f"to_timestamp({now!r} - (count - i) * {EVERY_S / customers!r})"
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
            session.execute(f"TRUNCATE {', '.join(EACH)} CASCADE".encode())
            for table, columns, values in _contents("'{}' || lpad(i::text, {}, '0')", customer, moment, "false"):
                count = customers * EACH[table]
                source = f"generate_series(0, {count - 1}::bigint) AS n(i), (SELECT {count} AS count) AS size"
                fill = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {source}"  # noqa: S608 - all of it is ours
                session.execute(fill.encode())
            for index in NEEDED:
                session.execute(indexes[index].encode())
        for table in EACH:
            session.execute(f"VACUUM (FREEZE, ANALYZE) {table}".encode())
        session.execute("CHECKPOINT")


def _contents(counted: str, customer: str, moment: str, false: str) -> list[tuple[str, str, str]]:
    """Table, columns and values of both tables; `counted` makes a text of a beginning and so many digits."""
    description = "'卧室暖气片上半部不热，室温约十六度，请尽快上门检查处理。'"
    ticket = (
        f"{counted.format('ticket-', 26)}, {counted.format('26', 9)}, 'fault', 'phone', 'archived', {customer}, "
        f"{false}, '暖气不热', {description}, '幸福路12号3单元402', '幸福路12-3-402', '城东', 'normal', "
        f"'{{}}', 0, 0, 0, {false}, "
        f"'已更换阀门', '用户确认已解决', {moment}, 5"
    )
    call = (
        f"{counted.format('call-', 26)}, 'inbound', '+8613800000001', '96001', {customer}, 'repair', {moment}, "
        "'answered', 12000, 95000, 'caller', '[\"3\"]'"
    )
    return [("ticket", TICKET_COLUMNS, ticket), ("call_record", CALL_COLUMNS, call)]


def _session(url: URL) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True)
