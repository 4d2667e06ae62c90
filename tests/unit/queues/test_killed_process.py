"""Two processes on one Redis, one killed in mid-run (I3, I4).

Each keeps a ledger on disk, as calls keep their states: the next process of the same node goes on with it.
"""

import asyncio
import multiprocessing
import time
from collections import Counter, defaultdict
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path

from ari_app.queues.model import AgentState, Offer
from ari_app.queues.service import QueueService
from foundation.redis_client import redis_client
from tests.unit.queues.test_concurrency import PATIENCE_S, QUEUES

CALLS, AGENTS, AT_ONCE = 120, 6, 20
KILLED_AFTER = 40
"""Conversations of the first node before it is killed."""
TALK_S = 0.004
PROCESSES = multiprocessing.get_context("forkserver")
"""What the three processes import is imported once."""
PROCESSES.set_forkserver_preload([__name__])


class Ledger:
    """Lines of one node: word, call, agent, monotonic time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, word: str, call_id: str, agent_id: str) -> None:
        line = f"{word} {call_id} {agent_id} {time.monotonic_ns()}\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode())

    def read(self) -> dict[str, dict[str, tuple[str, int]]]:
        """Return agent and time, by word and call."""
        found: dict[str, dict[str, tuple[str, int]]] = {"talk": {}, "over": {}}
        for line in self._path.read_text().splitlines() if self._path.exists() else ():
            word, call_id, agent_id, at_ns = line.split()
            assert call_id not in found[word], f"{word} of {call_id} twice"
            found[word][call_id] = (agent_id, int(at_ns))
        return found


class Node:
    """One process: its callers wait, talk, and hang up."""

    def __init__(self, service: QueueService, name: str, ledger: Ledger) -> None:
        self._service = service
        self._ledger = ledger
        self._calls = [f"{name}-{number}" for number in range(CALLS)]
        self._inboxes: dict[str, asyncio.Queue[Offer]] = {call: asyncio.Queue() for call in self._calls}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        done = self._ledger.read()
        await self._service.start(lambda offer: self._inboxes[offer.call_id].put_nowait(offer))
        try:
            talking = {one.call_id: one.agent_id for one in (await self._service.snapshot()).agents}
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                for call in self._calls:
                    # A conversation of the process before: it ends now. Its agent may have been freed already.
                    agent = done["talk"].get(call, (talking.get(call), 0))[0]
                    if call in done["over"] and agent is not None:
                        await self._service.finished(agent, call)
                    elif agent is not None and await self._service.position(call) is None:
                        group.create_task(self._talk(call, agent, begun=call in done["talk"]))
                    else:
                        group.create_task(self._caller(call))
        finally:
            await self._service.aclose()

    async def _caller(self, call: str) -> None:
        async with self._places:
            await self._service.enter(call, "repair")
            while True:
                offer = await self._inboxes[call].get()
                if await self._service.connected(offer.reservation_id):
                    break
            await self._talk(call, offer.agent_id, begun=False)

    async def _talk(self, call: str, agent: str, *, begun: bool) -> None:
        if not begun:
            self._ledger.write("talk", call, agent)
        await asyncio.sleep(TALK_S)
        self._ledger.write("over", call, agent)
        await self._service.finished(agent, call)


def serve(url: str, name: str, ledger: str) -> None:
    """Run one process of a node."""

    async def main() -> None:
        async with redis_client(url) as client:
            await Node(QueueService(client, QUEUES, name, deadline_s=30), name, Ledger(Path(ledger))).run()

    asyncio.run(main())


async def test_i3_i4_a_killed_process_doubles_and_loses_no_call(redis_url: str, tmp_path: Path) -> None:
    ledgers = {name: tmp_path / name for name in ("one", "two")}

    def begin(name: str) -> BaseProcess:
        process = PROCESSES.Process(target=serve, args=(redis_url, name, str(ledgers[name])))
        process.start()
        return process

    async with redis_client(redis_url) as client:
        service = QueueService(client, QUEUES, "admin", deadline_s=30)
        for number in range(AGENTS):
            await service.sign_in(f"agent-{number}", ["repair"])
            await service.ready(f"agent-{number}")
        first, second = begin("one"), begin("two")
        async with asyncio.timeout(PATIENCE_S):
            while len(Ledger(ledgers["one"]).read()["over"]) < KILLED_AFTER:
                await asyncio.sleep(0.002)
        first.kill()
        first.join()
        unfinished = CALLS - len(Ledger(ledgers["one"]).read()["over"])
        assert unfinished > 0, "killed in mid-run"
        successor = begin("one")
        for process in (successor, second):
            await asyncio.to_thread(process.join, PATIENCE_S)
            assert process.exitcode == 0
        snapshot = await service.snapshot()

    done = [Ledger(path).read() for path in ledgers.values()]
    assert [len(one["over"]) for one in done] == [CALLS, CALLS], "each call was served once"
    assert snapshot.queues[0].waiting == 0
    assert Counter(agent.state for agent in snapshot.agents) == {AgentState.READY: AGENTS}
    talks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in done:
        for call, (agent, from_ns) in one["talk"].items():
            talks[agent].append((from_ns, one["over"][call][1]))
    for mine in talks.values():
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(sorted(mine))), "no agent with two calls"
