"""A service process of G25: real calls and queues, acting phones.

Calls, queues, presence and records are the service's own, on Redis and PostgreSQL; Asterisk is the fake one of the unit
tests, in the same process. Each ring and each end of an agent's leg is a line in a file, which outlives the process.
"""

import asyncio
import gc
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import msgspec
import structlog
import uvloop

from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.call_services import AgentPhone
from ari_app.queues.model import AgentSnapshot
from ari_app.work.facts import FactKeeper
from crm.history.service import HistoryService
from foundation.database import Database
from foundation.redis_client import SharedRedis, redis_client
from tests.fakes.ari import FakeAmi, FakeAri
from tests.fakes.asterisk import FakeAsterisk, FakeChannel
from tests.fakes.hotline import FakeHotline

QUEUE = "repair"
RINGS_S, TALK_S, RING_LIMIT_S = 0.02, 0.3, 20.0
SETTINGS: dict[str, Any] = {"wrap_up_s": 0, "ring_s": RING_LIMIT_S, "announce_every_s": 0}
DRAIN_S = 10.0


class Order(msgspec.Struct):
    """Calls to be placed: at random moments, so many a second."""

    per_second: float
    seconds: float
    seed: int
    ledger: str


class Line(NamedTuple):
    """A ring or an end of an agent's leg.

    Times are monotonic nanoseconds.
    """

    what: str
    leg: str
    agent: str
    number: str
    arrived_ns: int
    at_ns: int


def agents(count: int) -> dict[str, AgentPhone]:
    """Return agents by staff number."""
    numbers = [str(10001 + index) for index in range(count)]
    return {number: AgentPhone(f"staff-{number}", number, f"agent {number}", f"agent{number}") for number in numbers}


def read_ledger(path: Path) -> list[Line]:
    """Return the whole lines of a ledger."""
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    parts = (line.split() for line in whole.splitlines())
    return [Line(what, leg, agent, number, int(arrived), int(at)) for what, leg, agent, number, arrived, at in parts]


class ActingAsterisk(FakeAsterisk):
    """Phones that answer, talk and hang up, as the ledger says."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__(dispatcher)
        self._arrived: dict[str, int] = {}
        self._ledger: Any = None

    def note_in(self, path: Path) -> None:
        """Write the ledger to this file from now on."""
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = path.open("ab", buffering=0)

    def arrive(self, number: str, due_ns: int) -> None:
        """Have a caller arrive, who was due a moment ago."""
        self._arrived[number] = due_ns
        self.call(number)

    def ring(self, channel: FakeChannel, timeout_s: float) -> None:
        """Ring a phone, which answers soon."""
        super().ring(channel, timeout_s)
        self._write("rang", channel)
        asyncio.get_running_loop().call_later(RINGS_S, self._answer, channel.id)

    def end(self, channel: FakeChannel, cause: int) -> None:
        """End a channel, and forget it."""
        is_there = channel.id in self.channels
        super().end(channel, cause)
        self.gone.pop(channel.id, None)
        if is_there and channel.answered_with:
            self._write("over", channel)

    def changed(self) -> None:
        """Wake those who wait; what parties hear is not kept."""
        self._changed.set()

    def _answer(self, channel_id: str) -> None:
        channel = self.channels.get(channel_id)
        if channel is not None and channel.state == "Ringing":
            self.pick_up(channel_id)
            asyncio.get_running_loop().call_later(TALK_S, self._hang_up, channel_id)

    def _hang_up(self, channel_id: str) -> None:
        if channel_id in self.channels:
            self.hang_up(channel_id)

    def _write(self, what: str, channel: FakeChannel) -> None:
        number = channel.number.removeprefix("+86")
        line = f"{what} {channel.id} {channel.endpoint} {number} {self._arrived.get(number, 0)} {time.monotonic_ns()}\n"
        self._ledger.write(line.encode())


class ServiceProcess(FakeHotline):
    """The calls of one process, with real history and presence."""

    def __init__(self, redis: SharedRedis, node: str, count: int, history: HistoryService) -> None:
        self._history = history
        self.news = 0
        super().__init__(redis, SETTINGS, node=node, agents=agents(count))

    def _start(self) -> None:
        self.history = cast("Any", self._history)
        self.asterisk = self.acting = ActingAsterisk(self.dispatcher)
        self.ari, self.ami = FakeAri(self.acting), FakeAmi(self.acting)
        super()._start()

    async def start(self) -> None:
        """Listen to the queues as a service does, for offers and presence."""
        self._deadlines.cancel()
        with suppress(asyncio.CancelledError):
            await self._deadlines
        self.queues.watch_agents(self._heard)
        await self.queues.start(self.calls.offered)
        await self.reconciler.adopt()

    def _heard(self, _agent: AgentSnapshot) -> None:
        self.news += 1

    async def place(self, order: Order) -> int:
        """Place calls, wait until all are over; return how many were placed."""
        self.acting.note_in(Path(order.ledger))
        random, placed, due_ns = Random(order.seed), 0, time.monotonic_ns()
        until_ns = due_ns + round(order.seconds * 1e9)
        first = random.randrange(100_000_000)
        while (due_ns := due_ns + round(random.expovariate(order.per_second) * 1e9)) < until_ns:
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            self.acting.arrive(f"138{(first + placed * 7_654_321) % 100_000_000:08d}", due_ns)
            placed += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self.calls.calls:  # noqa: ASYNC110 - a call says nothing to strangers
                    await asyncio.sleep(0.02)
        return placed


def serve(redis_url: str, database_url: str, node: str, count: int, orders: Connection) -> None:
    """Run a process until its parent closes the connection."""
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))

    async def main() -> None:
        database = Database(database_url)
        loop = asyncio.get_running_loop()
        async with redis_client(redis_url) as client:
            service = ServiceProcess(client, node, count, HistoryService(database))
            await service.start()
            gc.freeze()  # as the service does
            keeper = asyncio.create_task(FactKeeper(client, database).run(), name="facts")
            orders.send_bytes(b"ready")
            with suppress(EOFError):
                while True:
                    raw = await loop.run_in_executor(None, orders.recv_bytes)
                    placed = await service.place(msgspec.msgpack.decode(raw, type=Order))
                    orders.send_bytes(msgspec.msgpack.encode(placed))
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await service.calls.aclose()
            await service.queues.aclose()
        await database.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
