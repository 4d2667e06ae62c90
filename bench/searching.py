"""Time to search and list customers and tickets, six at once.

A million of each, filled once. `BENCH_SEARCHED` names another number, `BENCH_KINDS` the beginnings of the kinds to be
measured.
"""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

import msgspec
from sqlalchemy import Connection, create_engine

from ari_app.runtime.process import SWITCH_S
from ari_app.runtime.schema import METADATA, upgrade
from bench import index_filling
from bench.harness import Context, Row, cpu_ms, machine, note, percentile, summary
from bench.loading import CACHE, Loaded, bring_into_memory, start_postgres
from bench.searched_data import fill
from bench.searched_kinds import Asking, Kind, kinds
from dev.postgres import Postgres
from foundation import text_index
from foundation.database import Database

ROWS = int(os.environ.get("BENCH_SEARCHED", "1000000"))
AT_ONCE = 6
SEARCHES = 40
"""Per kind and round, by each of those who search at once."""
AIM_MS = 50.0
CHOSEN = tuple(os.environ.get("BENCH_KINDS", "").split(","))


async def run(context: Context) -> list[Row]:
    """Both databases, in a process set up as the service's."""
    sys.setswitchinterval(SWITCH_S)
    server = start_postgres()
    try:
        urls = {
            "sqlite": f"sqlite:///{CACHE / f'searched-{ROWS}.db'}",
            "postgresql": server.url(f"hotline_searched_{ROWS}"),
        }
        rows = []
        for name, url in urls.items():
            found = await filled(name, url, server)
            rows += [await _measured(context, name, url, server), index_filling.row(name, ROWS, found)]
        return rows
    finally:
        server.stop()


async def _measured(context: Context, name: str, url: str, server: Postgres) -> Row:
    database = Database(url)
    asking = Asking.of(database)
    bring_into_memory([Loaded(url, ROWS, 0.0, 0.0)] if name == "sqlite" else [])
    taken: dict[str, list[float]] = {}
    found: dict[str, int] = {}
    cpu: dict[str, float] = {}
    wanted = {kind: ask for kind, ask in kinds().items() if kind.startswith(CHOSEN)}
    try:
        for count in (SEARCHES // 6, SEARCHES):
            for kind, ask in wanted.items():
                before = _cpu_ms(server)
                taken[kind], found[kind] = await _timed(asking, ask, kind, count)
                cpu[kind] = round((_cpu_ms(server) - before) / len(taken[kind]), 2)
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
            "cpu_ms": cpu,
            "found": found,
            "load_average": machine()["load_average"],
        },
    )


async def _timed(asking: Asking, ask: Kind, kind: str, count: int) -> tuple[list[float], int]:
    """Return how long each search took, and how much they found."""
    taken, found = [], []

    async def one(seed: int) -> None:
        chance = random.Random(f"{kind} {seed} {count}")
        for _ in range(count):
            row = chance.randrange(ROWS)
            begun = time.perf_counter_ns()
            found.append(await ask(asking, row))
            taken.append((time.perf_counter_ns() - begun) / 1e6)

    await asyncio.gather(*(one(seed) for seed in range(AT_ONCE)))
    return taken, sum(found)


def _cpu_ms(server: Postgres) -> float:
    """Return the CPU time of this process and of the database's processes."""
    used = time.process_time() * 1000
    postmaster = int((server.state / "data" / "postmaster.pid").read_text().split()[0])
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            used += cpu_ms(int(process.name)) if parent == postmaster else 0.0
        except (FileNotFoundError, ProcessLookupError):
            # It ended meanwhile.
            continue
    return used


async def filled(name: str, url: str, server: Postgres) -> index_filling.Filled:
    """Fill a database once; return the record of it."""
    marker = CACHE / f"searched-{name}-{ROWS}.json"
    if marker.exists():
        return msgspec.json.decode(marker.read_bytes(), type=index_filling.Filled)
    note(f"loading {ROWS:,} customers and tickets: {name}; the next run finds them")
    await asyncio.to_thread(_load, name, url, server)
    spent = await index_filling.fill(url, ROWS)
    await asyncio.to_thread(_settle, name, url)
    marker.write_bytes(msgspec.json.encode(spent))
    return spent


def _load(name: str, url: str, server: Postgres) -> None:
    """Store the rows, and begin the index as an upgrade does."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if name == "sqlite":
        for stale in CACHE.glob(f"searched-{ROWS}.db*"):
            stale.unlink()
    else:
        with create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT").connect() as admin:
            admin.exec_driver_sql(f"DROP DATABASE IF EXISTS hotline_searched_{ROWS}")
            admin.exec_driver_sql(f"CREATE DATABASE hotline_searched_{ROWS}")
    upgrade(url)
    engine = create_engine(url)

    def install(connection: Connection) -> None:
        text_index.install(connection, METADATA)

    for work in (lambda one: fill(one, ROWS), install):
        with engine.begin() as connection:
            work(connection)
    engine.dispose()


def _settle(name: str, url: str) -> None:
    """Do what a server does by itself in the night after."""
    engine = create_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if name == "sqlite" else "VACUUM ANALYZE")
    engine.dispose()
