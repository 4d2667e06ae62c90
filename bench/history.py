"""Time to look up 30 days of history (G9).

It is measured among ten million tickets and among ten thousand.
"""

import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, make_url
from sqlalchemy.dialects import sqlite

from bench.harness import Context, Row, paired_rounds, percentile, ratio_row, summary
from bench.loading import Loaded, bring_into_memory, databases_of, start_postgres
from crm.history.service import MOST, HistoryService
from crm.history.store import CALLS_OF_CUSTOMER, TICKETS_JOINED, TICKETS_OF_CUSTOMER
from foundation.clock import utc_now
from foundation.database import Database

MANY, FEW = 10_000_000, 10_000
LOOK_UPS = 400
"""Per round and size, each of another customer."""
EXPLAINED = 25
AIM = 2.0
FOUND = 3
"""Tickets, and calls, of every customer in 30 days, at least."""

Explain = Callable[[Loaded, str], Awaitable[dict[str, Any]]]


async def run(context: Context) -> list[Row]:
    """Both databases, each with many and with few tickets."""
    server = start_postgres()
    try:
        databases = await databases_of(server, (MANY, FEW))
        rows = []
        for name, (many, few), explain in (
            ("sqlite", databases.sqlite, _explain_sqlite),
            ("postgresql", databases.postgres, _explain_postgres),
        ):
            bring_into_memory([many, few])
            rows.append(await _row(context, name, many, few, explain))
        return rows
    finally:
        server.stop()


async def _row(context: Context, name: str, many: Loaded, few: Loaded, explain: Explain) -> Row:
    chance = random.Random(context.seed)
    raw: dict[str, list[float]] = {"many_ms": [], "few_ms": []}
    async with AsyncExitStack() as opened:
        services = {}
        for loaded in (many, few):
            database = Database(loaded.url)
            opened.push_async_callback(database.aclose)
            services[loaded.tickets] = HistoryService(database)
            await _look_up(services[loaded.tickets], loaded, chance, LOOK_UPS)

        async def measure(loaded: Loaded, key: str) -> float:
            samples = await _look_up(services[loaded.tickets], loaded, chance, LOOK_UPS)
            raw[key] += samples
            return percentile(samples, 0.5)

        pairs = await paired_rounds(
            context.rounds, lambda _: measure(many, "many_ms"), lambda _: measure(few, "few_ms")
        )
    customers = [chance.randrange(many.customers) for _ in range(EXPLAINED)]
    plans = [await explain(many, many.customer_id(index)) for index in customers]
    plans_few = [await explain(few, few.customer_id(index % few.customers)) for index in customers]
    detail: dict[str, Any] = {
        "database": name,
        "look_up": f"HistoryService.of_customer: {FOUND} tickets and {FOUND} calls in 30 days",
        "tickets": [many.tickets, few.tickets],
        "plan": _typical(plans),
        "plan_few": _typical(plans_few),
        "load_s": [many.load_s, few.load_s],
        "many_ms": summary(raw["many_ms"]),
        "few_ms": summary(raw["few_ms"]),
    }
    context.keep(f"G9-{name}", {**raw, "plans": plans, "plans_few": plans_few})
    return ratio_row("G9", [pair[0] for pair in pairs], [pair[1] for pair in pairs], AIM, "ms (p50)", detail)


async def _look_up(service: HistoryService, loaded: Loaded, chance: random.Random, count: int) -> list[float]:
    samples = []
    for _ in range(count):
        customer = loaded.customer_id(chance.randrange(loaded.customers))
        begun = time.perf_counter_ns()
        found = await service.of_customer(customer, days=loaded.days)
        samples.append((time.perf_counter_ns() - begun) / 1e6)
        if min(len(found.tickets), len(found.calls)) < FOUND:
            raise RuntimeError(f"{customer} has {len(found.tickets)} tickets and {len(found.calls)} calls")
    return samples


def _typical(plans: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the plan and the blocks its queries read.

    The blocks are the median and the maximum of all that were explained.
    """
    typical = dict(plans[0])
    for key, value in plans[0].items():
        if isinstance(value, int):
            values = [plan[key] for plan in plans]
            typical[key] = {"median": statistics.median(values), "most": max(values)}
    return typical


async def _explain_postgres(loaded: Loaded, customer: str) -> dict[str, Any]:
    """Return the queries' plans and the blocks they touched.

    Blocks count in shared buffers and outside.
    """
    database = Database(loaded.url)
    report: dict[str, Any] = {}
    try:
        for name, query in _queries().items():
            plan = await database.look_up(partial(_analysed, query, _bound(loaded, customer, utc_now())))
            report[name] = " > ".join(_nodes(plan))
            report[f"{name}_blocks"] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    finally:
        await database.aclose()
    return report


def _analysed(query: Select[Any], bound: dict[str, Any], connection: Connection) -> dict[str, Any]:
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query.compile(dialect=connection.dialect)}"
    for _ in range(2):  # the first look-up of a session also reads the catalogue
        plan: dict[str, Any] = connection.exec_driver_sql(asked, bound).scalar_one()[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> list[str]:
    name = " ".join([plan["Node Type"], plan.get("Scan Direction", ""), plan.get("Index Name", "")]).strip()
    return [name, *(step for inner in plan.get("Plans", []) for step in _nodes(inner))]


async def _explain_sqlite(loaded: Loaded, customer: str) -> dict[str, Any]:
    """Return the queries' plans and the pages read for them.

    The connection's cache is empty.
    """
    report: dict[str, Any] = {}
    file = Path(make_url(loaded.url).database or "")
    bound = _bound(loaded, customer, utc_now())
    bound["since"] = bound["since"].strftime("%Y-%m-%d %H:%M:%S.%f")
    for name, query in _queries().items():
        compiled = query.compile(dialect=sqlite.dialect(paramstyle="named"))
        asked, values = str(compiled), compiled.construct_params(bound)
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
            page_size = connection.execute("PRAGMA page_size").fetchone()[0]
            report[name] = " > ".join(step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {asked}", values))
            before = _read_bytes()
            connection.execute(asked, values).fetchall()
            report[f"{name}_blocks"] = (_read_bytes() - before) // page_size
    return report


def _read_bytes() -> int:
    """Return the bytes this thread has read from files."""
    counters = Path(f"/proc/self/task/{threading.get_native_id()}/io").read_text().split()
    return int(counters[counters.index("rchar:") + 1])


def _queries() -> dict[str, Select[Any]]:
    return {"tickets": TICKETS_OF_CUSTOMER, "joined": TICKETS_JOINED, "calls": CALLS_OF_CUSTOMER}


def _bound(loaded: Loaded, customer: str, now: datetime) -> dict[str, Any]:
    return {"customer_id": customer, "since": now - timedelta(days=loaded.days), "most": MOST}
