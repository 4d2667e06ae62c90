"""Time of one match beside one `PING` of redis-py (G17).

Also the cost of a long queue, and calls or agents that were assigned twice.

One caller in three needs a skill, in a line apart; priorities age.
The match is `ready` with callers waiting: one script that frees the agent, picks caller and agent, reserves both,
writes, publishes, and answers with the offer, decoded and handed over. Redis keeps its append-only file meanwhile.
The PING goes over redis-py as it is; one over the connection that the match goes over is in the detail.
`BENCH_ASSIGNMENTS` sets how many assignments are looked through for double ones; 10^6 take their time.
"""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise

import msgspec
import uvloop
from redis.asyncio import Redis

from ari_app.queues.model import DeclineReason, Offer
from ari_app.queues.rules import NeedStep, RoutingRule
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from bench.harness import Context, Row, note, ratio_row, summary
from dev.ports import free_port
from dev.redis import Redis as RedisServer
from foundation.redis_client import redis_client

AIM = 1.8
LINE_AIM = 1.3
SHORT_LINE, LONG_LINE = 50, 5000
STEPS = 800
"""Matches and PINGs a round, in turns."""
PROCESSES, TASKS, AGENTS = 4, 16, 32
ASSIGNMENTS = int(os.environ.get("BENCH_ASSIGNMENTS", "50000"))
RULES = (RoutingRule(asks=("cantonese",), steps=(NeedStep(skills={"cantonese": 3}, for_s=600),)),)
SKILLS = {"cantonese": 5}
QUEUES = {
    name: QueueSettings(
        name=name, title_zh=name, title_en=name, wrap_up_s=0, ring_s=60, misses_until_not_ready=10, rules=RULES
    )
    for name in ("consult", "complaint", "repair")
}


class Talk(msgspec.Struct, array_like=True):
    """A call with an agent, on the machine's monotonic clock."""

    call_id: str
    agent_id: str
    from_ns: int
    to_ns: int


async def run(context: Context) -> list[Row]:
    """Return the row of G17.

    It is met where nothing was assigned twice and a long queue costs at most its aim.
    """
    server = RedisServer(free_port(), context.folder / "redis")
    server.start()
    try:
        rounds: dict[int, list[dict[str, list[float]]]] = {SHORT_LINE: [], LONG_LINE: []}
        for number in range(context.rounds):
            order = (SHORT_LINE, LONG_LINE) if number % 2 == 0 else (LONG_LINE, SHORT_LINE)
            for waiting in order:
                rounds[waiting].append(await _measure(server.url, waiting))
            note(f"G17: round {number + 1} of {context.rounds}")
        talks, seconds = await _assign(server.url)
    finally:
        server.stop()

    def middles(waiting: int, kind: str) -> list[float]:
        return [statistics.median(one[kind]) for one in rounds[waiting]]

    doubles = _doubles(talks)
    line_ratio = statistics.median(
        long / short for long, short in zip(middles(LONG_LINE, "match"), middles(SHORT_LINE, "match"), strict=True)
    )
    context.keep("G17", {"rounds": {str(waiting): measured for waiting, measured in rounds.items()}})
    row = ratio_row(
        "G17",
        middles(SHORT_LINE, "match"),
        middles(SHORT_LINE, "ping"),
        AIM,
        "ms, p50",
        {
            "match": summary([sample for one in rounds[SHORT_LINE] for sample in one["match"]]),
            "ping": summary([sample for one in rounds[SHORT_LINE] for sample in one["ping"]]),
            "shared_ping": summary([sample for one in rounds[SHORT_LINE] for sample in one["shared_ping"]]),
            "cost_5000_waiting_to_50": round(line_ratio, 3),
            "cost_aim": f"<= {LINE_AIM:g}",
            "assignments": len(talks),
            "assignments_per_second": round(len(talks) / seconds),
            "double_assignments": doubles,
        },
    )
    return [replace(row, met=bool(row.met) and doubles == 0 and line_ratio <= LINE_AIM)]


async def _measure(url: str, waiting: int) -> dict[str, list[float]]:
    """Measure matches and PINGs in turns, with so many callers waiting."""
    async with redis_client(url) as client, Redis.from_url(url) as plain:
        await client.flushall()
        service = QueueService(client, QUEUES, "node-1", deadline_s=30)
        offers: asyncio.Queue[Offer] = asyncio.Queue()
        await service.start(offers.put_nowait)
        try:
            await service.sign_in("agent", list(QUEUES), SKILLS)
            names = list(QUEUES)
            for number in range(waiting):
                await service.enter(f"call-{number}", names[number % len(names)], asks=_asked(number))
            return await _steps(service, {"ping": plain, "shared_ping": client}, offers, waiting)
        finally:
            await service.aclose()


def _asked(number: int) -> tuple[str, ...]:
    """Return what a caller asks for: one in three needs a skill."""
    return ("cantonese",) if number % 3 == 0 else ()


async def _steps(
    service: QueueService, clients: Mapping[str, Redis], offers: asyncio.Queue[Offer], waiting: int
) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {"match": [], **{name: [] for name in clients}}
    for number in range(STEPS):
        start = time.perf_counter_ns()
        await service.ready("agent")
        samples["match"].append((time.perf_counter_ns() - start) / 1e6)
        offer = offers.get_nowait()
        for name, client in clients.items():
            start = time.perf_counter_ns()
            await client.ping()
            samples[name].append((time.perf_counter_ns() - start) / 1e6)
        # The agent talks, asks for a pause, hangs up, and a new caller takes the place in line.
        await service.connected(offer.reservation_id)
        await service.not_ready("agent", "bench")
        await service.finished("agent", offer.call_id)
        await service.enter(f"call-{waiting + number}", offer.queue, asks=_asked(number))
    return samples


async def _assign(url: str) -> tuple[list[Talk], float]:
    """Match in several processes; return the conversations and the seconds."""
    async with redis_client(url) as client:
        await client.flushall()
        service = QueueService(client, QUEUES, "admin", deadline_s=30)
        for number in range(AGENTS):
            await service.sign_in(f"agent-{number}", list(QUEUES), SKILLS)
            await service.ready(f"agent-{number}")
    loop = asyncio.get_running_loop()
    start = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = [loop.run_in_executor(pool, _work, url, f"node-{n}") for n in range(PROCESSES)]
        found = await asyncio.gather(*runs)
    return [talk for raw in found for talk in msgspec.msgpack.decode(raw, type=list[Talk])], time.monotonic() - start


def _work(url: str, name: str) -> bytes:
    """One process with its tasks."""

    async def main() -> list[Talk]:
        async with redis_client(url) as client:
            node = _Node(QueueService(client, QUEUES, name, deadline_s=30), name)
            return await node.run(ASSIGNMENTS // PROCESSES // TASKS)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return msgspec.msgpack.encode(runner.run(main()))


class _Node:
    """Serve callers in sequence; one in ten offers is refused."""

    def __init__(self, service: QueueService, name: str) -> None:
        self._service = service
        self._name = name
        self._inboxes: dict[str, asyncio.Queue[Offer]] = {}
        self._talks: list[Talk] = []

    async def run(self, calls_each: int) -> list[Talk]:
        await self._service.start(lambda offer: self._inboxes[offer.call_id].put_nowait(offer))
        async with asyncio.TaskGroup() as group:
            for task in range(TASKS):
                group.create_task(self._callers(task, calls_each))
        await self._service.aclose()
        return self._talks

    async def _callers(self, task: int, count: int) -> None:
        names = list(QUEUES)
        for number in range(count):
            call_id = f"{self._name}-{task}-{number}"
            inbox = self._inboxes[call_id] = asyncio.Queue()
            await self._service.enter(call_id, names[number % len(names)], asks=_asked(number))
            offer = await inbox.get()
            if number % 10 == 0:
                await self._service.declined(offer.reservation_id, DeclineReason.REFUSED)
                offer = await inbox.get()
            if not await self._service.connected(offer.reservation_id):
                raise RuntimeError(f"a reservation in force was refused: {offer}")
            start = time.monotonic_ns()
            await asyncio.sleep(0)
            self._talks.append(Talk(call_id, offer.agent_id, start, time.monotonic_ns()))
            await self._service.finished(offer.agent_id, call_id)


def _doubles(talks: list[Talk]) -> int:
    """Calls that were connected twice, and conversations of one agent that overlap."""
    calls: Counter[str] = Counter(talk.call_id for talk in talks)
    by_agent: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        by_agent[talk.agent_id].append(talk)
    doubles = sum(times - 1 for times in calls.values())
    for mine in by_agent.values():
        mine.sort(key=lambda talk: talk.from_ns)
        doubles += sum(earlier.to_ns > later.from_ns for earlier, later in pairwise(mine))
    return doubles
