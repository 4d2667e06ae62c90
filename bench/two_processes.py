"""Two service processes on one Redis and PostgreSQL, beside one (G25).

The figure is the rate of calls at which the p99 of the time from a caller's arrival to the ring at an agent's phone is
twice what it is at a low rate. Processes run the service's own calls, queues, presence and records; agents' phones and
callers are simulated inside each of them (`service_process.py`), as Asterisk and a SIP generator would be what is
measured on a machine with few cores. Each process has a share of a core, so that the processes are the bottleneck and
not the machine: the ratio tells what a process adds, not what the machine carries. Then one of two is killed in
mid-run: no agent may be rung while in a call, and no call rung twice.
"""

import asyncio
import multiprocessing
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import msgspec

from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from ari_app.runtime.schema import upgrade
from bench.core_share import core_share
from bench.harness import Context, Row, cpu_ms, note, percentile
from bench.service_process import QUEUE, SETTINGS, Line, Order, agents, read_ledger, serve
from dev.ports import free_port
from dev.postgres import Postgres
from dev.redis import Redis
from foundation.redis_client import redis_client

AIM = 1.5
SHARE = 0.25
"""Of a core, for each process: two of them, Redis and PostgreSQL together need less than two cores."""
AGENTS = 150
LOW_PER_SECOND, LOW_S = 8.0, 20.0
FIRST_PER_SECOND, STEP, STEP_S = 14.0, 1.2, 5.0
MOST_STEPS = 14
WARM_S = 8.0
KILLED_AT_S, KILL_RUN_S = 2.5, 6.0
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["bench.service_process"])


@dataclass
class Server:
    """One process, with the parent's end of its connection."""

    process: ForkServerProcess
    orders: Connection


@dataclass
class Climb:
    """Measurements of a number of processes."""

    low_ms: list[float]
    steps: list[tuple[float, float]]
    """Calls a second, and the p99 in milliseconds."""
    doubles: int
    rung_again: int
    """Rings after the first of a call: the offer before had ended."""
    unfinished: int
    cpu_ms_per_call: float
    redis_ms_per_call: float

    @property
    def low_p99_ms(self) -> float:
        return percentile(self.low_ms, 0.99)

    @property
    def doubled_at(self) -> float:
        """Return the rate that doubled the p99, by logarithms between steps."""
        before, after = self.steps[-2], self.steps[-1]
        share = log(2 * self.low_p99_ms / before[1]) / log(after[1] / before[1])
        return exp(log(before[0]) + min(1.0, max(0.0, share)) * log(after[0] / before[0]))


class Room:
    """Redis, PostgreSQL, and agents who are ready."""

    def __init__(self, context: Context) -> None:
        self._folder = context.folder
        self._seed = context.seed
        self._runs = 0
        self.redis = Redis(free_port(), context.folder / "redis")
        self.postgres = Postgres(free_port(), context.folder / "postgres")

    async def start(self) -> None:
        """Start both, with all tables."""
        await asyncio.to_thread(self.redis.start)
        await asyncio.to_thread(self.postgres.start)
        await asyncio.to_thread(upgrade, self.postgres.url())

    def stop(self) -> None:
        """Stop both."""
        self.redis.stop()
        self.postgres.stop()

    @asynccontextmanager
    async def servers(self, count: int) -> AsyncIterator[list[Server]]:
        """Run so many service processes, on an empty Redis with ready agents."""
        async with redis_client(self.redis.url) as client:
            await client.flushall()
            queues = {QUEUE: QueueSettings(name=QUEUE, title_zh=QUEUE, title_en=QUEUE, **SETTINGS)}
            admin = QueueService(client, queues, "admin", deadline_s=30)
            for phone in agents(AGENTS).values():
                await admin.sign_in(phone.agent_id, [QUEUE])
                await admin.ready(phone.agent_id)
        async with AsyncExitStack() as opened:
            yield [await self._server(f"node-{number}", opened) for number in range(count)]

    async def _server(self, node: str, opened: AsyncExitStack) -> Server:
        ours, theirs = PROCESSES.Pipe()
        arguments = (self.redis.url, self.postgres.url(), node, AGENTS, theirs)
        process = PROCESSES.Process(target=serve, args=arguments)
        process.start()
        theirs.close()
        assert process.pid is not None
        opened.enter_context(core_share(process.pid, SHARE))
        opened.push_async_callback(asyncio.to_thread, process.join, 20)
        opened.callback(ours.close)
        await asyncio.to_thread(ours.recv_bytes)
        return Server(process, ours)

    async def place(self, servers: Sequence[Server], per_second: float, seconds: float) -> tuple[list[Path], int]:
        """Place calls at all processes; return ledgers and their number."""
        ledgers = self.order(servers, per_second, seconds)
        placed = [await asyncio.to_thread(server.orders.recv_bytes) for server in servers]
        return ledgers, sum(msgspec.msgpack.decode(raw, type=int) for raw in placed)

    def order(self, servers: Sequence[Server], per_second: float, seconds: float) -> list[Path]:
        """Have calls placed; return the ledgers."""
        self._runs += 1
        ledgers = [self._folder / f"ledger-{self._runs}-{index}" for index in range(len(servers))]
        for index, (server, ledger) in enumerate(zip(servers, ledgers, strict=True)):
            seed = self._seed * 1000 + self._runs * 10 + index
            order = Order(per_second / len(servers), seconds, seed, str(ledger))
            server.orders.send_bytes(msgspec.msgpack.encode(order))
        return ledgers


async def run(context: Context) -> list[Row]:
    """Return the row of G25: two, one, then two with one killed."""
    if (os.cpu_count() or 1) < 2:
        return [_not_measured("one core")]
    room = Room(context)
    await room.start()
    try:
        two = await _climb(room, 2)
        one = await _climb(room, 1)
        killed = await _killed(room, 0.7 * one.doubled_at)
    except PermissionError as error:
        return [_not_measured(f"a process cannot be given a share of a core: {error}")]
    finally:
        await asyncio.to_thread(room.stop)
    ratio = two.doubled_at / one.doubled_at
    doubles = two.doubles + one.doubles + killed["double_assignments"]
    detail = {
        "unit": "calls/s at which the p99 from arrival to ring is twice that at a low rate",
        "share_of_a_core": SHARE,
        "low": {
            "per_second": LOW_PER_SECOND,
            "p99_ms": {"two": round(two.low_p99_ms, 1), "one": round(one.low_p99_ms, 1)},
        },
        "steps": {"two": two.steps, "one": one.steps},
        "process_cpu_ms_per_call": {"two": two.cpu_ms_per_call, "one": one.cpu_ms_per_call},
        "redis_cpu_ms_per_call": {"two": two.redis_ms_per_call, "one": one.redis_ms_per_call},
        "rung_again": two.rung_again + one.rung_again,
        "calls_without_end": two.unfinished + one.unfinished,
        "double_assignments": doubles,
        "one_killed": killed,
    }
    context.keep("G25", {"two": two, "one": one, "killed": killed})
    met = ratio >= AIM and doubles == 0 and killed["calls_without_end"] == 0
    return [Row("G25", round(two.doubled_at, 1), round(one.doubled_at, 1), round(ratio, 3), f">= {AIM:g}", met, detail)]


def _not_measured(why: str) -> Row:
    return Row("G25", None, None, None, f">= {AIM:g}", None, {"why": why})


async def _climb(room: Room, count: int) -> Climb:
    """Raise the rate until the p99 is doubled at two steps."""
    async with room.servers(count) as servers:
        await room.place(servers, LOW_PER_SECOND * count, WARM_S)
        pids = [server.process.pid for server in servers if server.process.pid is not None]
        redis = room.redis.process
        assert redis is not None
        before, redis_before = sum(map(cpu_ms, pids)), cpu_ms(redis.pid)
        ledgers, placed = await room.place(servers, LOW_PER_SECOND * count, LOW_S)
        lines = [line for ledger in ledgers for line in read_ledger(ledger)]
        climb = Climb(
            waits_ms(lines),
            [(LOW_PER_SECOND * count, round(percentile(waits_ms(lines), 0.99), 1))],
            doubles_of(lines),
            rung_again(lines),
            placed - len(calls_over(lines)),
            round((sum(map(cpu_ms, pids)) - before) / placed, 2),
            round((cpu_ms(redis.pid) - redis_before) / placed, 2),
        )
        over = 0
        for number in range(MOST_STEPS):
            per_second = FIRST_PER_SECOND * count * STEP**number
            ledgers, placed = await room.place(servers, per_second, STEP_S)
            lines = [line for ledger in ledgers for line in read_ledger(ledger)]
            climb.doubles += doubles_of(lines)
            climb.rung_again += rung_again(lines)
            climb.unfinished += placed - len(calls_over(lines))
            p99_ms = percentile(waits_ms(lines), 0.99)
            note(f"G25: {count} processes, {per_second:.0f} calls/s: p99 {p99_ms:.0f} ms (low {climb.low_p99_ms:.0f})")
            climb.steps.append((round(per_second, 1), round(p99_ms, 1)))
            over = over + 1 if p99_ms > 2 * climb.low_p99_ms else 0
            if over == 2:
                climb.steps.pop()  # the first of both is the one that counts
                break
    return climb


async def _killed(room: Room, per_second: float) -> dict[str, int]:
    """Kill one of two processes in mid-run; count what went wrong."""
    async with room.servers(2) as (doomed, other):
        ledgers = room.order([doomed, other], per_second, KILL_RUN_S)
        await asyncio.sleep(KILLED_AT_S)
        doomed.process.kill()
        placed = msgspec.msgpack.decode(await asyncio.to_thread(other.orders.recv_bytes), type=int)
        both = [read_ledger(ledger) for ledger in ledgers]
    return {
        "calls_of_the_other": placed,
        "calls_without_end": placed - len(calls_over(both[1])),
        "agents_in_calls_at_its_death": sum(line.what == "rang" for line in both[0]) - len(calls_over(both[0])),
        "double_assignments": doubles_of([*both[0], *both[1]]),
    }


def waits_ms(lines: Sequence[Line]) -> list[float]:
    """Return the times from arrival to ring."""
    return [(line.at_ns - line.arrived_ns) / 1e6 for line in lines if line.what == "rang"]


def rung_again(lines: Sequence[Line]) -> int:
    """Count the rings after the first of each call."""
    rings = [line.number for line in lines if line.what == "rang"]
    return len(rings) - len(set(rings))


def calls_over(lines: Sequence[Line]) -> set[str]:
    """Return the callers of conversations that ended."""
    return {line.number for line in lines if line.what == "over"}


def doubles_of(lines: Sequence[Line]) -> int:
    """Count agents with two legs at a time, and callers with two.

    The legs of a process that was killed have no end: Asterisk would keep them.
    """
    ends = {line.leg: line.at_ns for line in lines if line.what == "over"}
    legs: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for ring in (line for line in lines if line.what == "rang"):
        for party in (ring.agent, ring.number):
            legs[party].append((ring.at_ns, ends.get(ring.leg, float("inf"))))
    return sum(earlier[1] > later[0] for mine in legs.values() for earlier, later in pairwise(sorted(mine)))
