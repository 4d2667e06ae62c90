"""Time to search texts of customers and tickets, six at once.

A million of each, filled once; the indexes are made then, as an upgrade makes them. `BENCH_SEARCHED` names another
number.
"""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import Connection, create_engine

from ari_app.runtime.schema import METADATA, upgrade
from bench.harness import Context, Row, machine, note, percentile, summary
from bench.loading import CACHE, Loaded, bring_into_memory, start_postgres
from bench.searched_data import digits_of, fill, name_of, place_of
from crm.customers.service import CustomerService
from crm.tickets.listing import ListQuery
from crm.tickets.service import TicketService
from dev.postgres import Postgres
from foundation import text_index
from foundation.database import Database

ROWS = int(os.environ.get("BENCH_SEARCHED", "1000000"))
AT_ONCE = 6
SEARCHES = 60
"""Per kind of text and round, by each of those who search at once."""
AIM_MS = 50.0

Search = Callable[[str], Awaitable[int]]
Text = Callable[[random.Random], str]
KINDS: dict[str, Text] = {
    "customer: name": lambda chance: name_of(chance.randrange(ROWS)),
    "customer: two characters of a name": lambda chance: name_of(chance.randrange(ROWS))[1:],
    "customer: part of an address": lambda chance: place_of(chance.randrange(ROWS))[1:-1],
    "customer: part of a telephone": lambda chance: digits_of(chance.randrange(ROWS))[2:9],
    "customer: last four digits": lambda chance: digits_of(chance.randrange(ROWS))[-4:],
    "customer: part of an account": lambda chance: f"{chance.randrange(ROWS):012d}"[-7:],
    "ticket: a common word": lambda chance: chance.choice(("暖气", "阀门", "漏水", "维修")),
    "ticket: place": lambda chance: place_of(chance.randrange(ROWS)),
    "ticket: reporter's name": lambda chance: name_of(chance.randrange(ROWS)),
    "ticket: part of a telephone": lambda chance: digits_of(chance.randrange(ROWS))[3:],
    "ticket: found nowhere": lambda chance: f"没有{chance.randrange(1000)}这样的",
}


async def run(context: Context) -> list[Row]:
    """Both databases."""
    server = start_postgres()
    try:
        urls = {
            "sqlite": f"sqlite:///{CACHE / f'search-{ROWS}.db'}",
            "postgresql": server.url(f"hotline_search_{ROWS}"),
        }
        rows = []
        for name, url in urls.items():
            spent = await asyncio.to_thread(_filled, name, url, server)
            rows.append(await _measured(context, name, url, spent))
        return rows
    finally:
        server.stop()


async def _measured(context: Context, name: str, url: str, spent: dict[str, float]) -> Row:
    database = Database(url)
    customers, tickets = CustomerService(database), TicketService(database)

    async def of_customers(text: str) -> int:
        return len(await customers.search(text))

    async def of_tickets(text: str) -> int:
        return len(await tickets.page(ListQuery(text=text)))

    searches: dict[str, Search] = {"customer": of_customers, "ticket": of_tickets}
    bring_into_memory([Loaded(url, ROWS, 0.0, 0.0)] if name == "sqlite" else [])
    taken: dict[str, list[float]] = {}
    found: dict[str, int] = {}
    try:
        for count in (SEARCHES // 6, SEARCHES):
            for kind, text in KINDS.items():
                taken[kind], found[kind] = await _timed(searches[kind.partition(":")[0]], text, kind, count)
    finally:
        await database.aclose()
    p95 = {kind: percentile(samples, 0.95) for kind, samples in taken.items()}
    everything = [one for samples in taken.values() for one in samples]
    worst = max(p95, key=lambda kind: p95[kind])
    note(
        f"search among {ROWS:,} on {name}: p95 {percentile(everything, 0.95):.1f} ms, worst {worst} {p95[worst]:.1f} ms"
    )
    context.keep(f"search-{name}", {"taken_ms": taken})
    return Row(
        "search",
        round(p95[worst], 3),
        None,
        None,
        f"<= {AIM_MS:g} ms",
        p95[worst] <= AIM_MS,
        {
            "database": name,
            "unit": f"ms (p95 of the slowest kind, {AT_ONCE} at once)",
            "rows": ROWS,
            "all_ms": summary(everything),
            "kinds_ms": {kind: summary(samples) for kind, samples in taken.items()},
            "found": found,
            "spent_s": spent,
            "load_average": machine()["load_average"],
        },
    )


async def _timed(search: Search, text: Text, kind: str, count: int) -> tuple[list[float], int]:
    """Return how long each search took, and how much they found."""
    taken, found = [], []

    async def one(seed: int) -> None:
        chance = random.Random(f"{kind} {seed} {count}")
        for _ in range(count):
            wanted = text(chance)
            begun = time.perf_counter_ns()
            found.append(await search(wanted))
            taken.append((time.perf_counter_ns() - begun) / 1e6)

    await asyncio.gather(*(one(seed) for seed in range(AT_ONCE)))
    return taken, sum(found)


def _filled(name: str, url: str, server: Postgres) -> dict[str, float]:
    """Fill a database unless it is there; return what that took."""
    marker = CACHE / f"search-{name}-{ROWS}.json"
    if marker.exists():
        return msgspec.json.decode(marker.read_bytes(), type=dict[str, float])
    note(f"loading {ROWS:,} customers and tickets: {name}; the next run finds them")
    if name == "sqlite":
        for stale in CACHE.glob(f"search-{ROWS}.db*"):
            stale.unlink()
    else:
        with create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT").connect() as admin:
            admin.exec_driver_sql(f"DROP DATABASE IF EXISTS hotline_search_{ROWS}")
            admin.exec_driver_sql(f"CREATE DATABASE hotline_search_{ROWS}")
    upgrade(url)
    engine = create_engine(url)
    spent: dict[str, float] = {}

    def _install(connection: Connection) -> None:
        text_index.install(connection, METADATA)

    for what, work in (("rows", lambda one: fill(one, ROWS)), ("index", _install)):
        begun = time.monotonic()
        with engine.begin() as connection:
            work(connection)
        spent[what] = round(time.monotonic() - begun, 1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if name == "sqlite" else "VACUUM ANALYZE")
    engine.dispose()
    marker.write_bytes(msgspec.json.encode(spent))
    return spent
