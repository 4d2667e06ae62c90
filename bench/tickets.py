"""Tickets appended to and signed for, per second.

With clocks, log and outbox, against the same statements on the bare driver.

What the service says to the database is recorded once, on a copy of a database with open tickets. Then, round by round,
the service does the work on one fresh copy, and the bare driver is given the recorded statements on another.
"""

import asyncio
import shutil
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
import psycopg
from sqlalchemy import event, make_url

from ari_app.runtime.schema import upgrade
from bench.harness import Context, Row, note, paired_rounds, ratio_row
from crm.categories.model import CategoryInput
from crm.categories.service import CategoryService
from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.sla.service import SlaService
from crm.tickets.inputs import AppendToTicket, FileTicket, Reporter
from crm.tickets.model import Actor, ActorKind
from crm.tickets.service import TicketService
from dev.ports import free_port
from dev.postgres import Postgres
from foundation.database import Database
from foundation.routes import Role
from foundation.sqlite import BUSY_TIMEOUT_MS

TICKETS = 300
"""Of each round, each added to once and signed for once."""
AIM = 2.0
AGENT = Actor(kind=ActorKind.STAFF, id="staff-agent", name="Agent (1001)", role=Role.AGENT)

Statement = tuple[str, Any]


class Server(Protocol):
    """Database server with addresses and copies of its databases."""

    def url(self, name: str) -> str: ...

    async def copy(self, name: str) -> str:
        """A fresh copy of the database with open tickets; its address."""

    async def replay(self, url: str, transactions: list[list[Statement]]) -> float:
        """Seconds the bare driver takes for recorded transactions, over one connection."""


@dataclass(frozen=True)
class Sqlite:
    """Files, and aiosqlite."""

    folder: Path

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db"

    async def copy(self, name: str) -> str:
        for left in self.folder.glob(f"{name}.db*"):
            left.unlink()
        shutil.copyfile(self.folder / "filed.db", self.folder / f"{name}.db")
        return self.url(name)

    async def replay(self, url: str, transactions: list[list[Statement]]) -> float:
        async with aiosqlite.connect(make_url(url).database or "", isolation_level=None) as connection:
            pragmas = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
            for pragma in (*pragmas, f"busy_timeout = {BUSY_TIMEOUT_MS}"):
                await connection.execute(f"PRAGMA {pragma}")
            begun = time.perf_counter()
            for statements in transactions:
                for statement, values in statements:
                    await connection.execute_fetchall(statement, values)
                await connection.commit()
            return time.perf_counter() - begun


@dataclass(frozen=True)
class Postgresql:
    """A server of the benchmark's own, and psycopg."""

    server: Postgres

    def url(self, name: str) -> str:
        return self.server.url(name)

    async def create(self, name: str, template: str = "template0") -> None:
        async with await psycopg.AsyncConnection.connect(_dsn(self.url("postgres")), autocommit=True) as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())

    async def copy(self, name: str) -> str:
        await self.create(name, "filed")
        return self.url(name)

    async def replay(self, url: str, transactions: list[list[Statement]]) -> float:
        async with await psycopg.AsyncConnection.connect(_dsn(url)) as connection:
            begun = time.perf_counter()
            for statements in transactions:
                for statement, values in statements:
                    cursor = await connection.execute(statement.encode(), values)
                    if cursor.description is not None:
                        await cursor.fetchall()
                await connection.commit()
            return time.perf_counter() - begun


@dataclass(frozen=True)
class Filed:
    """Tickets that every copy contains."""

    ticket_ids: list[str]
    worker: Actor
    """Of the department they were dispatched to."""


async def run(context: Context) -> list[Row]:
    """Both databases."""
    postgres = Postgres(free_port(), context.folder / "postgres")
    await asyncio.to_thread(postgres.start)
    try:
        rows = await _rows(context, "sqlite", Sqlite(context.folder))
        server = Postgresql(postgres)
        await server.create("filed")
        return [*rows, *await _rows(context, "postgresql", server)]
    finally:
        postgres.stop()


async def _rows(context: Context, name: str, server: Server) -> list[Row]:
    filed = await _file(server.url("filed"))
    rows = []
    for bench, work in (("append", _append), ("transition", _sign)):
        said = await _recorded(await server.copy("recorded"), filed, work)

        async def ours(_: int, work: Work = work) -> float:
            return await _timed(await server.copy("ours"), filed, work)

        async def bare(_: int, said: list[list[Statement]] = said) -> float:
            return await server.replay(await server.copy("bare"), said)

        await ours(0)  # what is compiled and planned once
        pairs = await paired_rounds(context.rounds, ours, bare)
        rows.append(_row(bench, name, said, pairs))
        context.keep(
            f"{bench}-{name}", {"tickets": TICKETS, "seconds": pairs, "said": [statement for statement, _ in said[0]]}
        )
    return rows


def _row(bench: str, name: str, said: list[list[Statement]], pairs: list[tuple[float, float]]) -> Row:
    ours, bare = ([1000 * pair[side] / TICKETS for pair in pairs] for side in (0, 1))
    per_second = [round(1000 / statistics.median(each)) for each in (ours, bare)]
    note(f"{bench} on {name}: {per_second[0]} tickets a second, the bare driver {per_second[1]}")
    detail = {"database": name, "per_second": per_second, "statements": len(said[-1]), "tickets": TICKETS}
    return ratio_row(bench, ours, bare, AIM, "ms a ticket", detail)


async def _file(url: str) -> Filed:
    """Open tickets, dispatched and waiting to be signed for."""
    await asyncio.to_thread(upgrade, url)
    database = Database(url)
    tickets = _service(database)
    east = await DepartmentService(database).create(DepartmentInput(name="城东维修工区", area="城东"))
    cause = await CategoryService(database).create(CategoryInput(name="暖气不热", department_id=east.id))
    ticket_ids = []
    for index in range(TICKETS):
        given = FileTicket(
            kind=TicketKind.FAULT,
            subject="暖气不热",
            category_id=cause.id,
            address=f"幸福路{index}号",
            reporter=Reporter(number=f"138{index:08d}", name="王秀英"),
        )
        ticket = await tickets.file(given, AGENT)
        await tickets.dispatch(ticket.id, east.id, AGENT)
        ticket_ids.append(ticket.id)
    await database.aclose()
    role = Role.DEPARTMENT
    return Filed(
        ticket_ids, Actor(kind=ActorKind.STAFF, id="staff-worker", name="Worker", role=role, department_id=east.id)
    )


def _service(database: Database) -> TicketService:
    return TicketService(database, listeners=[SlaService(database).deadlines])


Work = Callable[[TicketService, str, Filed], Awaitable[object]]


async def _append(tickets: TicketService, ticket_id: str, _: Filed) -> None:
    addition = AppendToTicket(text="卧室也不热了", reporter=Reporter(number="13900000001", name="李建国"))
    await tickets.append(ticket_id, addition, AGENT)


async def _sign(tickets: TicketService, ticket_id: str, filed: Filed) -> None:
    await tickets.sign(ticket_id, filed.worker)


async def _timed(url: str, filed: Filed, work: Work) -> float:
    database = Database(url)
    tickets = _service(database)
    await tickets.get(filed.ticket_ids[0])  # connected, as the bare driver is
    begun = time.perf_counter()
    for ticket_id in filed.ticket_ids:
        await work(tickets, ticket_id, filed)
    taken = time.perf_counter() - begun
    await database.aclose()
    return taken


async def _recorded(url: str, filed: Filed, work: Work) -> list[list[Statement]]:
    """Every statement of every transaction, with its values."""
    database = Database(url)
    tickets = _service(database)
    said: list[Statement] = []
    transactions = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        said.extend((statement, each) for each in (values if many else [values]))

    event.listen(database.engine, "before_cursor_execute", hear)
    for ticket_id in filed.ticket_ids:
        said.clear()
        await work(tickets, ticket_id, filed)
        transactions.append(list(said))
    await database.aclose()
    return transactions


def _dsn(url: str) -> str:
    return url.replace("+psycopg", "", 1)
