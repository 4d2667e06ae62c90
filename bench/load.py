"""Two kinds of load: a queue never empty, and a steady pace."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Self

from bench.sip_peer import AgentCall, AgentPhones, CallerCall, Callers
from bench.systems import NUMBER, System

END_SECONDS = 20.0
SETTLE_SECONDS = 1.0


@dataclass
class Offered:
    """Result of one round of steady calls."""

    offer_ms: list[float] = field(default_factory=list)
    """From the caller's INVITE to the agent's, for every call that reached an agent."""
    late_ms: list[float] = field(default_factory=list)
    """How much later than planned each call was placed: the generator's own fault."""
    failed: int = 0
    """Calls that no agent was offered."""
    resent: int = 0
    double_offers: int = 0
    calls: list[AgentCall] = field(default_factory=list)


@dataclass
class Backlog:
    """Result of one round with callers always waiting."""

    gap_ms: list[float] = field(default_factory=list)
    """From an agent's BYE to the next INVITE at the same phone."""
    served: int = 0
    failed: int = 0
    double_offers: int = 0


class Load:
    """Callers and agents' phones aimed at one system.

    Use: `async with Load(system, agents, talk_seconds=1) as load`.
    """

    def __init__(self, system: System, agents: list[str], *, talk_seconds: float, random: Random) -> None:
        self._system = system
        self._agents = agents
        self._talk_seconds = talk_seconds
        self._numbers = caller_numbers(random)

    async def __aenter__(self) -> Self:
        """Open the ports and start the system with all agents ready."""
        self.callers = Callers()
        self.phones = AgentPhones(self._talk_seconds)
        await self._system.start(
            self._agents, callers_port=self.callers.socket.local[1], agents_port=self.phones.socket.local[1]
        )
        self.callers.socket.server = self.phones.socket.server = self._system.sip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._system.stop()
        self.callers.close()
        self.phones.close()

    async def backlog(self, *, waiting: int, seconds: float) -> Backlog:
        """Have `waiting` callers in the queue for so many seconds.

        Each caller who was served is followed by the next.
        """
        found = Backlog()
        first_call, first_double = len(self.phones.calls), self.phones.double_offers
        freed: dict[str, int] = {}
        active: set[CallerCall] = set()
        running = True

        def call_in() -> None:
            active.add(self.callers.call(NUMBER, next(self._numbers)))

        def caller_ended(call: CallerCall) -> None:
            active.discard(call)
            found.failed += bool(call.failed)
            if running:
                call_in()

        def offered(call: AgentCall) -> None:
            if (since := freed.pop(call.agent, None)) is not None and running:
                found.gap_ms.append((call.offered_ns - since) / 1e6)

        def agent_ended(call: AgentCall) -> None:
            if call.by_agent:
                freed[call.agent] = call.ended_ns

        self.callers.on_end, self.phones.on_offer, self.phones.on_end = caller_ended, offered, agent_ended
        for _ in range(waiting + len(self._agents)):
            call_in()
        await asyncio.sleep(seconds)
        running = False
        for call in list(active):
            self.callers.hang_up(call)
        await self._until_over(list(active), first_call)
        self.callers.on_end = self.phones.on_offer = self.phones.on_end = None
        found.served = len(self.phones.calls) - first_call
        found.double_offers = self.phones.double_offers - first_double
        return found

    async def steady(self, *, per_second: float, count: int) -> Offered:
        """Place `count` calls at a steady pace and wait for all.

        One starts every 1/`per_second` seconds by the clock.
        """
        found = Offered()
        first_call, first_double = len(self.phones.calls), self.phones.double_offers
        placed: list[CallerCall] = []
        start = time.time_ns() + 20_000_000
        for index in range(count):
            due = start + round(index * 1e9 / per_second)
            await asyncio.sleep(max(0.0, (due - time.time_ns()) / 1e9))
            placed.append(self.callers.call(NUMBER, next(self._numbers)))
            found.late_ms.append((placed[-1].sent_ns - due) / 1e6)
        await self._until_over(placed, first_call)
        found.calls = self.phones.calls[first_call:]
        sent = {call.number: call.sent_ns for call in placed}
        found.offer_ms = [
            (call.offered_ns - sent.pop(call.caller)) / 1e6 for call in found.calls if call.caller in sent
        ]
        found.failed = len(sent)
        found.resent = sum(call.resent for call in placed)
        found.double_offers = self.phones.double_offers - first_double
        return found

    async def _until_over(self, placed: list[CallerCall], first_call: int) -> None:
        """Wait until every call is over and the system is idle.

        Raises:
            TimeoutError: calls hang.
        """
        async with asyncio.timeout(END_SECONDS + self._talk_seconds):
            for call in placed:
                await call.over.wait()
            for agent_call in self.phones.calls[first_call:]:
                await agent_call.over.wait()
        await asyncio.sleep(SETTLE_SECONDS)


def caller_numbers(random: Random) -> Iterator[str]:
    """Yield mobile numbers, none twice among ten million.

    The stride shares no factor with the range.
    """
    suffix = random.randrange(10_000_000)
    while True:
        suffix = (suffix + 7_654_321) % 10_000_000
        yield f"1380{suffix:07d}"
