"""Time to find similar tickets and to make a screen pop (H4).

Similar tickets among a million; the pop among ten thousand and ten million.

`BENCH_SIZES` names other numbers of tickets, such as `10000,1000000`: the first is what the others are compared with.
"""

import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from bench.harness import Context, Row, note, paired_rounds, percentile, ratio_row, summary
from bench.hotline_data import CATEGORIES, CUSTOMERS_OF_AREA, PROBLEMS
from bench.loading import Loaded, bring_into_memory, databases_of, start_postgres
from crm.customers.service import CustomerService
from crm.history.service import HistoryService
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery, find
from foundation.database import Database

SIZES = [int(size) for size in os.environ.get("BENCH_SIZES", "10000,100000,1000000,10000000").split(",")]
MILLION = 1_000_000
LOOK_UPS = 120
"""Per round and size, each for another customer."""
LONGEST_MS = 50.0
GROWTH = 1.3

LookUp = Callable[[Loaded, int], Awaitable[None]]


class Desk:
    """Services that look things up in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._customers, self._history, self._tickets = (
            CustomerService(database),
            HistoryService(database),
            TicketService(database),
        )

    async def similar(self, loaded: Loaded, index: int) -> None:
        """Everything is known of the matter: six statements, hundreds of texts compared."""
        subject, description = PROBLEMS[index % len(PROBLEMS)]
        query = SimilarQuery(
            customer_id=loaded.customer_id(index),
            number=_number(index),
            address=f"幸福路{index:08d}号",
            area=f"片区{index // CUSTOMERS_OF_AREA:05d}",
            category_id=f"category-{index % CATEGORIES:026d}",
            text=f"{subject}，{description}",
        )
        if not await self._tickets.similar(query):
            raise RuntimeError(f"nothing is similar for customer {index}")

    async def pop(self, loaded: Loaded, index: int) -> None:
        """Look up caller, 30 days of history and similar tickets."""
        (customer,) = (await self._customers.identify(_number(index))).customers
        query = SimilarQuery(
            customer_id=customer.id, number=_number(index), address=customer.address, area=customer.area
        )
        history, _ = await self._database.look_up_both(
            self._history.past_of_customer(customer.id, days=loaded.days), lambda connection: find(connection, query)
        )
        if len(history.tickets) < 3:
            raise RuntimeError(f"{customer.id} has {len(history.tickets)} tickets")


async def run(context: Context) -> list[Row]:
    """Both databases, at every size."""
    server = start_postgres()
    try:
        databases = await databases_of(server, SIZES)
        rows = []
        for name, of_sizes in (("sqlite", databases.sqlite), ("postgresql", databases.postgres)):
            bring_into_memory(of_sizes)
            rows += await _rows(context, name, of_sizes)
        return rows
    finally:
        server.stop()


async def _rows(context: Context, name: str, databases: list[Loaded]) -> list[Row]:
    chance = random.Random(context.seed)
    async with AsyncExitStack() as opened:
        desks: dict[int, Desk] = {}
        for loaded in databases:
            database = Database(loaded.url)
            opened.push_async_callback(database.aclose)
            desks[loaded.tickets] = Desk(database)
        samples: dict[tuple[str, int], list[float]] = {}

        async def measure(what: str, loaded: Loaded) -> float:
            desk = desks[loaded.tickets]
            taken = await _timed(desk.similar if what == "similar" else desk.pop, loaded, chance)
            samples.setdefault((what, loaded.tickets), []).extend(taken)
            return percentile(taken, 0.5)

        for loaded in databases:
            for what in ("similar", "pop"):
                await measure(what, loaded)
                samples.clear()
        for loaded in databases:
            await measure("similar", loaded)
            await measure("similar", loaded)
        few, *between, most = databases
        for loaded in between:
            await measure("pop", loaded)
        growth = await paired_rounds(context.rounds, lambda _: measure("pop", most), lambda _: measure("pop", few))
    detail = {what: _by_size(samples, what) for what in ("similar", "pop")}
    context.keep(f"pop-{name}", {f"{what}-{size}": taken for (what, size), taken in samples.items()})
    return [_similar_row(name, samples, detail["similar"]), _pop_row(name, growth, detail["pop"])]


async def _timed(look_up: LookUp, loaded: Loaded, chance: random.Random) -> list[float]:
    taken = []
    for _ in range(LOOK_UPS):
        index = chance.randrange(loaded.customers)
        begun = time.perf_counter_ns()
        await look_up(loaded, index)
        taken.append((time.perf_counter_ns() - begun) / 1e6)
    return taken


def _by_size(samples: dict[tuple[str, int], list[float]], what: str) -> dict[str, dict[str, float]]:
    return {f"{size:_}": summary(taken) for (kind, size), taken in samples.items() if kind == what}


def _similar_row(name: str, samples: dict[tuple[str, int], list[float]], detail: dict[str, dict[str, float]]) -> Row:
    size = MILLION if ("similar", MILLION) in samples else max(SIZES)
    p99 = percentile(samples["similar", size], 0.99)
    note(f"similar tickets among {size:,} on {name}: p99 {p99:.1f} ms")
    return Row(
        "similar",
        round(p99, 3),
        None,
        None,
        f"<= {LONGEST_MS:g} ms",
        p99 <= LONGEST_MS,
        {"database": name, "tickets": size, "unit": "ms (p99)", "sizes_ms": detail},
    )


def _pop_row(name: str, pairs: list[tuple[float, float]], detail: dict[str, dict[str, float]]) -> Row:
    return ratio_row(
        "pop",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
        GROWTH,
        "ms (p50)",
        {"database": name, "tickets": [SIZES[-1], SIZES[0]], "sizes_ms": detail},
    )


def _number(index: int) -> str:
    return f"+86138{index:08d}"
