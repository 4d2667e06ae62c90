"""Forty callers at any time, in every stage, and their agents."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from bench.load import caller_numbers
from bench.ours import OurSystem
from bench.sip_peer import AgentCall, AgentPhones, CallerCall, Callers
from bench.systems import NUMBER
from tests.chaos.media import Media, Stream

TALK_S, RING_S = 5.0, 1.0
ARRIVAL_S = 0.1
"""Between two callers, when many come."""
FLOW = """\
flow: hotline
languages: [zh, en]
start: identify
fallback: person
steps:
  identify: { do: identify_caller, next: menu, failed: menu }
  menu: { ask: progress_hint, keys: { 3: person }, timeout: 3s, retries: 0, otherwise: person }
  person: { queue: repair, kind: fault, otherwise: nobody_there }
  nobody_there: { hangup: unserved, say: [goodbye] }
"""


@dataclass(eq=False)
class Promise:
    """One caller at the moment of a fault, with the stage."""

    call: CallerCall
    stage: str
    agent: AgentCall | None


@dataclass
class Snapshot:
    """Callers at the moment of a fault."""

    promises: list[Promise] = field(default_factory=list)

    @property
    def stages(self) -> dict[str, int]:
        return dict(Counter(promise.stage for promise in self.promises))


class ChaosLoad:
    """Load of `concurrent` callers until it is stopped.

    Each caller who was served is followed by the next.
    """

    def __init__(self, system: OurSystem, *, concurrent: int, agents: int, random: Random) -> None:
        self.system = system
        self._concurrent = concurrent
        self._names = [f"agent{index}" for index in range(agents)]
        self._numbers: Iterator[str] = caller_numbers(random)
        self._streams: dict[object, Stream] = {}
        self._active: set[CallerCall] = set()
        self._running = False

    async def start(self) -> None:
        """Start the system, seat the agents, begin to call."""
        self.media = Media()
        self.callers = Callers(self.media.port)
        self.phones = AgentPhones(TALK_S, ring_seconds=RING_S, media_port=self.media.port)
        await self.system.start(
            self._names, callers_port=self.callers.socket.local[1], agents_port=self.phones.socket.local[1]
        )
        self.callers.socket.server = self.phones.socket.server = self.system.sip
        self.callers.on_media, self.callers.on_end = self._caller_answered, self._caller_ended
        self.phones.on_offer, self.phones.on_end = self._offered, self._agent_ended
        self._running = True
        for _ in range(self._concurrent):
            self._call_in()
            await asyncio.sleep(ARRIVAL_S)

    async def aclose(self) -> None:
        """Hang up and stop everything."""
        self._running = False
        for call in list(self._active):
            self.callers.hang_up(call)
        await self.system.stop()
        await self.media.aclose()
        self.callers.close()
        self.phones.close()

    def pause(self) -> None:
        """Stop new calls until `resume`."""
        self._running = False

    async def resume(self) -> None:
        """Wait until every stage has as many callers as before."""
        self._running = True
        while len(self._active) < self._concurrent:
            self._call_in()
            await asyncio.sleep(ARRIVAL_S)

    def snapshot(self) -> Snapshot:
        """Return the present callers; gaps of sound count from here."""
        talking = {call.caller: call for call in self.phones.calls if not call.over.is_set()}
        found = Snapshot()
        for call in self._active:
            agent = talking.get(call.number)
            if agent is not None:
                stage = "talking" if self._heard(agent) else "ringing"
            elif not call.answered_ns:
                stage = "arriving"
            else:
                stage = "menu" if time.time_ns() - call.answered_ns < MENU_NS else "queued"
            found.promises.append(Promise(call, stage, agent))
        self.media.mark()
        return found

    def cut_off(self) -> None:
        """End the calls of a dead Asterisk: both ends notice the silence."""
        for call in list(self._active):
            self.callers.end(call)
        for agent_call in self.phones.calls:
            self.phones.end(agent_call)

    def served(self, call: CallerCall) -> AgentCall | None:
        """The conversation a caller had, where an agent ended it."""
        return next(
            (agent for agent in reversed(self.phones.calls) if agent.caller == call.number and agent.by_agent), None
        )

    def conversations(self, call: CallerCall) -> int:
        """Count the agents who heard a caller."""
        return sum(agent.caller == call.number and self._heard(agent) for agent in self.phones.calls)

    def gap_s(self, promise: Promise) -> float:
        """Return the longest silence of talks during a fault.

        On either side; pauses of the generator itself do not count.
        """
        streams = [self._streams.get(promise.call), self._streams.get(promise.agent)]
        longest_s = max((stream.longest_gap_s for stream in streams if stream is not None), default=0.0)
        return max(0.0, longest_s - self.media.late_s)

    async def until_over(self, snapshot: Snapshot, seconds: float) -> None:
        """Wait until all callers of a snapshot were served or lost."""
        try:
            async with asyncio.timeout(seconds):
                for promise in snapshot.promises:
                    await promise.call.over.wait()
        except TimeoutError:
            return

    def _heard(self, agent: AgentCall) -> bool:
        stream = self._streams.get(agent)
        return stream is not None and stream.frames > 0

    def _call_in(self) -> None:
        self._active.add(self.callers.call(NUMBER, next(self._numbers)))

    def _caller_answered(self, call: CallerCall, port: int) -> None:
        self._streams[call] = self.media.add(port)

    def _caller_ended(self, call: CallerCall) -> None:
        self._active.discard(call)
        self._silence(call)
        if self._running:
            self._call_in()

    def _offered(self, call: AgentCall) -> None:
        if call.invite.media_port is not None:
            self._streams[call] = self.media.add(call.invite.media_port)

    def _agent_ended(self, call: AgentCall) -> None:
        self._silence(call)

    def _silence(self, call: object) -> None:
        stream = self._streams.get(call)
        if stream is not None:
            self.media.remove(stream)


MENU_NS = 8_000_000_000
"""About how long the menu takes who presses nothing."""
