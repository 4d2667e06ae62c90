"""Several processes on one Redis: no call and no agent twice (I3, I4).

Also F16 and F17: hang-ups and answers that cross.
"""

import asyncio
import multiprocessing
import random
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import msgspec

from ari_app.queues.model import DeclineReason, LeaveReason, Offer
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from foundation.redis_client import redis_client

NODES = 3
CALLS_PER_NODE = 150
AGENTS = 8
PATIENCE_S = 120.0
QUEUES = {
    "repair": QueueSettings(
        name="repair",
        title_zh="修",
        title_en="Repair",
        ring_s=1,
        wrap_up_s=0,
        misses_until_not_ready=10,
        retry_same_agent_s=0.05,
    )
}


class Talk(msgspec.Struct):
    """A conversation, on the machine's monotonic clock."""

    call_id: str
    agent_id: str
    from_ns: int
    to_ns: int


class Ledger(msgspec.Struct):
    """Events that one node saw."""

    offers: list[Offer] = []
    talks: list[Talk] = []
    left: list[str] = []


class Node:
    """A node with callers and agents who act at random."""

    def __init__(self, service: QueueService, name: str, seed: int) -> None:
        self.service = service
        self.name = name
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.inboxes: dict[str, asyncio.Queue[Offer]] = {}

    def on_offer(self, offer: Offer) -> None:
        self.ledger.offers.append(offer)
        self.inboxes[offer.call_id].put_nowait(offer)

    async def run(self) -> Ledger:
        await self.service.start(self.on_offer)
        names = [f"{self.name}-{number}" for number in range(CALLS_PER_NODE)]
        for name in names:
            self.inboxes[name] = asyncio.Queue()
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self.caller(name))
                await asyncio.sleep(0)
        await self.service.aclose()
        return self.ledger

    async def caller(self, call_id: str) -> None:
        patience_s = self.random.choice([0.0, 0.01, 0.05, PATIENCE_S, PATIENCE_S, PATIENCE_S])
        await self.service.enter(call_id, "repair")
        try:
            async with asyncio.timeout(patience_s):
                offer = await self.inboxes[call_id].get()
        except TimeoutError:
            # An offer may be on its way: its agent is freed by the lease's grace, as when a node is slow.
            await self.hang_up(call_id)
            return
        while not await self.answer(offer):
            offer = await self.inboxes[call_id].get()

    async def hang_up(self, call_id: str) -> None:
        if await self.service.leave(call_id, LeaveReason.CALLER_HUNG_UP) is not None:
            self.ledger.left.append(call_id)

    async def answer(self, offer: Offer) -> bool:
        """Tell whether the call has ended."""
        chance = self.random.random()
        if chance < 0.2:
            reason = self.random.choice([DeclineReason.NO_ANSWER, DeclineReason.REFUSED, DeclineReason.BUSY])
            await self.service.declined(offer.reservation_id, reason)
            await self.service.ready(offer.agent_id)
            return False
        if chance < 0.3:
            await self.hang_up(offer.call_id)
            await self.service.declined(offer.reservation_id, DeclineReason.CALLER_GONE)
            return True
        if not await self.service.connected(offer.reservation_id):
            return False
        start = time.monotonic_ns()
        await asyncio.sleep(self.random.random() * 0.002)
        self.ledger.talks.append(Talk(offer.call_id, offer.agent_id, start, time.monotonic_ns()))
        assert await self.service.finished(offer.agent_id, offer.call_id)
        return True


def work(url: str, name: str, seed: int) -> bytes:
    """One process."""

    async def main() -> Ledger:
        async with redis_client(url) as client:
            return await Node(QueueService(client, QUEUES, name, deadline_s=30), name, seed).run()

    return msgspec.msgpack.encode(asyncio.run(main()))


async def test_i3_i4_no_call_is_lost_or_doubled_among_processes(redis_url: str) -> None:
    async with redis_client(redis_url) as client:
        service = QueueService(client, QUEUES, "admin", deadline_s=30)
        for number in range(AGENTS):
            await service.sign_in(f"agent-{number}", ["repair"])
            await service.ready(f"agent-{number}")
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(NODES, mp_context=multiprocessing.get_context("spawn")) as pool:
            runs = [loop.run_in_executor(pool, work, redis_url, f"node-{n}", n) for n in range(NODES)]
            ledgers = [msgspec.msgpack.decode(raw, type=Ledger) for raw in await asyncio.gather(*runs)]
        snapshot = await service.snapshot()

    talks = [talk for ledger in ledgers for talk in ledger.talks]
    ends = Counter(talk.call_id for talk in talks) + Counter(call for ledger in ledgers for call in ledger.left)
    assert len(ends) == NODES * CALLS_PER_NODE
    assert set(ends.values()) == {1}, "one end each: connected once, or left once"
    assert len(talks) > CALLS_PER_NODE
    assert snapshot.queues[0].waiting == 0
    assert len(snapshot.agents) == AGENTS

    _no_agent_with_two_calls(talks)
    offers = sorted(
        (offer for ledger in ledgers for offer in ledger.offers),
        key=lambda offer: int(offer.reservation_id.rpartition("~")[2]),
    )
    assert len({offer.reservation_id for offer in offers}) == len(offers)
    _first_come_first_offered(offers)


def _no_agent_with_two_calls(talks: list[Talk]) -> None:
    by_agent: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        by_agent[talk.agent_id].append(talk)
    for mine in by_agent.values():
        mine.sort(key=lambda talk: talk.from_ns)
        for earlier, later in pairwise(mine):
            assert earlier.to_ns <= later.from_ns


def _first_come_first_offered(offers: list[Offer]) -> None:
    """Calls are offered in the order of their joining, to the millisecond."""
    first = list({offer.call_id: offer for offer in reversed(offers)}.values())[::-1]
    joined = [offer.joined_at_ms for offer in sorted(first, key=lambda o: int(o.reservation_id.rpartition("~")[2]))]
    assert joined == sorted(joined)
