"""Time of reports over a year of ten million calls.

A month of facts is stored, and counted as the service counts it; the sums of the months before are copies of its
days. `BENCH_CALLS` names another number of calls in the year.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import create_engine

from ari_app.campaigns.model import ANSWERS
from ari_app.runtime.schema import upgrade
from bench.figures_data import DAYS, FIRST, MONTHS, ZONE, calls_counted, copy_sums, fill_month
from bench.harness import Context, Row, machine, note, percentile, summary
from bench.loading import CACHE, start_postgres
from crm.reports.counting import CallCounting
from crm.reports.model import AgentQuery, CallQuery, FlowQuery
from crm.reports.service import ReportService
from dev.postgres import Postgres
from foundation.database import Database
from recordings.model import SEGMENTS

CALLS = int(os.environ.get("BENCH_CALLS", "10000000"))
TIMES = 20
AIM_MS = 1000.0
Ask = Callable[[], Awaitable[int]]


async def run(context: Context) -> list[Row]:
    """Both databases."""
    CACHE.mkdir(parents=True, exist_ok=True)
    server = start_postgres()
    try:
        urls = {
            "sqlite": f"sqlite:///{CACHE / f'figures-{CALLS}.db'}",
            "postgresql": server.url(f"hotline_figures_{CALLS}"),
        }
        rows = []
        for name, url in urls.items():
            spent = await _filled(name, url, server)
            rows.append(await _measured(context, name, url, spent))
        return rows
    finally:
        server.stop()


def _questions(reports: ReportService) -> dict[str, Ask]:
    """Return what is asked, by name."""
    first = FIRST.date()
    month, year = (first, first + timedelta(days=DAYS)), (first - timedelta(days=DAYS * (MONTHS - 1)), first)
    asked: dict[str, Ask] = {}

    def add(name: str, ask: Callable[[tuple[date, date], str], Awaitable[int]]) -> None:
        asked[f"month by day: {name}"] = lambda: ask(month, "day")
        asked[f"year by month: {name}"] = lambda: ask(year, "month")

    for group in ("none", "queue", "agent"):

        async def calls(times: tuple[date, date], by: str, group: str = group) -> int:
            query = {"since": times[0], "until": times[1], "by": by, "group": group}
            return len((await reports.calls(CallQuery.model_validate(query))).lines)

        add(f"calls by {group}", calls)

    async def agents(times: tuple[date, date], by: str) -> int:
        query = {"since": times[0], "until": times[1], "by": by}
        return len((await reports.agents(AgentQuery.model_validate(query))).lines)

    async def flows(times: tuple[date, date], by: str) -> int:
        query = {"since": times[0], "until": times[1], "by": by}
        return len((await reports.flows(FlowQuery.model_validate(query))).lines)

    add("agents", agents)
    add("flows", flows)
    return asked


async def _measured(context: Context, name: str, url: str, spent: dict[str, float]) -> Row:
    database = Database(url)
    taken: dict[str, list[float]] = {}
    lines: dict[str, int] = {}
    try:
        for what, ask in _questions(ReportService(database, ZONE.key, ANSWERS, SEGMENTS)).items():
            lines[what] = await ask()
            taken[what] = []
            for _ in range(TIMES):
                begun = time.perf_counter_ns()
                await ask()
                taken[what].append((time.perf_counter_ns() - begun) / 1e6)
            note(f"{name}: {what}: p95 {percentile(taken[what], 0.95):.0f} ms, {lines[what]} lines")
    finally:
        await database.aclose()
    p95 = {what: percentile(samples, 0.95) for what, samples in taken.items()}
    worst = max(p95, key=lambda what: p95[what])
    context.keep(f"figures-{name}", {"taken_ms": taken})
    return Row(
        "figures",
        round(p95[worst], 1),
        None,
        None,
        f"<= {AIM_MS:g} ms",
        p95[worst] <= AIM_MS,
        {
            "database": name,
            "unit": "ms (p95 of the slowest report)",
            "slowest": worst,
            "reports_ms": {what: summary(samples) for what, samples in taken.items()},
            "lines": lines,
            "spent": spent,
            "load_average": machine()["load_average"],
        },
    )


async def _filled(name: str, url: str, server: Postgres) -> dict[str, float]:
    """Fill a database unless it is there; return the seconds."""
    marker = CACHE / f"figures-{name}-{CALLS}.json"
    if marker.exists():
        return msgspec.json.decode(marker.read_bytes(), type=dict[str, float])
    note(f"loading {CALLS:,} calls: {name}; the next run finds them")
    await asyncio.to_thread(_emptied, name, server)
    upgrade(url)
    spent: dict[str, float] = {}
    engine = create_engine(url)

    def facts() -> None:
        with engine.begin() as connection:
            fill_month(connection, CALLS // MONTHS)

    def copies() -> None:
        with engine.begin() as connection:
            spent["copied_rows"] = copy_sums(connection)
            spent["calls"] = calls_counted(connection)

    def analysed() -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE" if name == "sqlite" else "VACUUM ANALYZE")

    database = Database(url)

    async def counted() -> None:
        await CallCounting(database, ZONE.key, SEGMENTS).catch_up()

    try:
        for what, work in (("facts", facts), ("analysed", analysed)):
            spent[what] = await _timed(asyncio.to_thread(work))
        spent["counted"] = await _timed(counted())
        spent["copies"] = await _timed(asyncio.to_thread(copies))
        spent["analysed"] += await _timed(asyncio.to_thread(analysed))
    finally:
        await database.aclose()
        engine.dispose()
    marker.write_bytes(msgspec.json.encode(spent))
    return spent


async def _timed(work: Awaitable[None]) -> float:
    begun = time.monotonic()
    await work
    return round(time.monotonic() - begun, 1)


def _emptied(name: str, server: Postgres) -> None:
    if name == "sqlite":
        for stale in Path(CACHE).glob(f"figures-{CALLS}.db*"):
            stale.unlink()
        return
    with create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.exec_driver_sql(f"DROP DATABASE IF EXISTS hotline_figures_{CALLS}")
        admin.exec_driver_sql(f"CREATE DATABASE hotline_figures_{CALLS}")
