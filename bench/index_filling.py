"""Filling of a million rows' text index, while the hotline works.

For a bounded time as the service does it, beside offers of calls and changes of tickets; the rest at once.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import msgspec
from sqlalchemy import Connection, create_engine

from ari_app.runtime.schema import METADATA
from bench.harness import Row, note, percentile
from bench.searched_data import digits_of, place_of
from crm.customers.service import CustomerService
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery
from foundation import text_index
from foundation.database import Database
from foundation.text_index_filling import TextIndexFilling

WATCHED_S = 40.0
"""Time for which the hotline works beside it, and as long before it for comparison."""
LAG_EVERY_S = 0.01
OFFERS_EVERY_S = 0.1
AIM_MS = 50.0
"""Most that an offer's look-up, a change of a ticket and the loop may take beside it (p99)."""


class Watched(msgspec.Struct, frozen=True):
    """Times of the hotline's work, in ms (p99)."""

    offer: float
    change: float
    lag: float
    lag_max: float


class Filled(msgspec.Struct, frozen=True):
    """Record of a filling."""

    idle: Watched
    beside: Watched
    rows_per_s: float
    """While the hotline works."""
    rest_s: float
    """Seconds for the rest, at once."""


async def fill(url: str, rows: int) -> Filled:
    """Fill every index of a database."""
    database = Database(url)
    try:
        idle = await _watch(database, rows)
        before = await asyncio.to_thread(_entries, url)
        filling = asyncio.create_task(TextIndexFilling(database, METADATA).run())
        begun = time.monotonic()
        beside = await _watch(database, rows)
        watched_s = time.monotonic() - begun
        filling.cancel()
        with suppress(asyncio.CancelledError):
            await filling
        rows_per_s = (await asyncio.to_thread(_entries, url) - before) / watched_s
    finally:
        await database.aclose()
    begun = time.monotonic()
    await asyncio.to_thread(_fill_rest, url)
    found = Filled(idle, beside, round(rows_per_s, 1), round(time.monotonic() - begun, 1))
    note(f"filling the index: {found}")
    return found


def row(name: str, rows: int, filled: Filled) -> Row:
    """Return the row that is printed."""
    longest = max(filled.beside.offer, filled.beside.change, filled.beside.lag)
    return Row(
        "search-fill",
        longest,
        None,
        None,
        f"<= {AIM_MS:g} ms",
        longest <= AIM_MS,
        {
            "database": name,
            "unit": "ms (p99 of an offer's look-up, a ticket's change or the loop's lag, whichever is most)",
            "minutes_for_all": round(2 * rows / filled.rows_per_s / 60, 1),
            **msgspec.to_builtins(filled),
        },
    )


async def _watch(database: Database, rows: int) -> Watched:
    """Work as a hotline for a while."""
    customers, tickets = CustomerService(database), TicketService(database)
    chance = random.Random(1)
    until = time.monotonic() + WATCHED_S
    taken: dict[str, list[float]] = {"offer": [], "change": [], "lag": []}

    async def offer() -> None:
        number = chance.randrange(rows)
        (customer, *_) = (await customers.identify(f"+86{digits_of(number)}")).customers
        await tickets.similar(SimilarQuery(customer_id=customer.id, address=place_of(number)))

    async def change() -> None:
        await tickets.urge(f"ticket-{rows - 1 - chance.randrange(1000):026d}", SYSTEM, "agent")

    async def again(kind: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        while time.monotonic() < until:
            begun = time.perf_counter_ns()
            await work()
            taken[kind].append((time.perf_counter_ns() - begun) / 1e6)
            await asyncio.sleep(every_s)

    async def lag() -> None:
        loop = asyncio.get_running_loop()
        while time.monotonic() < until:
            due = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            taken["lag"].append((loop.time() - due) * 1000)

    await asyncio.gather(again("offer", offer, OFFERS_EVERY_S), again("change", change, OFFERS_EVERY_S), lag())
    p99 = {kind: round(percentile(samples, 0.99), 2) for kind, samples in taken.items()}
    return Watched(p99["offer"], p99["change"], p99["lag"], round(max(taken["lag"]), 2))


def _entries(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {index.name}").scalar_one()  # noqa: S608 - ours
            for index in text_index.indexes(METADATA)
        ]
    engine.dispose()
    return sum(counts)


def _fill_rest(url: str) -> None:
    engine = create_engine(url)
    for index in text_index.indexes(METADATA):
        more: Callable[[Connection], bool] = partial(text_index.fill, index=index, rows=50_000)
        left = True
        while left:
            with engine.begin() as connection:
                left = more(connection)
    engine.dispose()
