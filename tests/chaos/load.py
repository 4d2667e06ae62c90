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

TALK_S, RING_S, LONG_S = 5.0, 1.0, 600.0
ARRIVAL_S = 0.1
"""Between two callers, when many come."""
FLOW = """\
flow: hotline
languages: [zh, en]
start: identify
fallback: person
steps:
  identify: { do: identify_caller, next: menu, failed: menu }
  menu: { ask: progress_hint, keys: { 1: team, 2: overflowing, 3: person }, timeout: 3s, retries: 0, otherwise: person }
  person: { queue: repair, kind: fault, otherwise: nobody_there }
  team: { queue: consult, kind: consultation, otherwise: nobody_there }
  overflowing: { queue: complaint, kind: complaint, otherwise: nobody_there }
  nobody_there: { when: { queue.ended == call_back: call_back }, next: unserved }
  call_back: { do: ask_call_back, next: asked, failed: unserved }
  asked: { hangup: call_back }
  unserved: { hangup: unserved, say: [goodbye] }
"""
QUEUES = """\
- name: repair
  title_zh: 故障报修
  title_en: Fault reports
  unstaffed_wait_s: null
  wrap_up_s: 0
  keys: { "2": call_back }
- name: consult
  title_zh: 业务咨询
  title_en: Consultation
  unstaffed_wait_s: null
  wrap_up_s: 0
  strategy: ring_all
- name: complaint
  title_zh: 投诉建议
  title_en: Complaints
  unstaffed_wait_s: null
  overflow: [{ waited_s: 3, to: { queue: repair } }]
"""
TEAM = ("consult",) * 4
"""Queues of the last agents; their phones ring all at once."""
PAUSE_S = 1.5
"""Before each key of a caller: the menu speaks, or the queue's music plays."""


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
        self._pressed: dict[CallerCall, str] = {}
        self._pressing: set[asyncio.Task[None]] = set()
        self._running = False

    async def start(self) -> None:
        """Start the system, seat the agents, begin to call."""
        self.media = Media()
        self.callers = Callers(self.media.port)
        self.phones = AgentPhones(TALK_S, ring_seconds=RING_S, media_port=self.media.port)
        self.outside = AgentPhones(LONG_S, ring_seconds=RING_S, media_port=self.media.port)
        await self.system.start(
            self._names,
            callers_port=self.callers.socket.local[1],
            agents_port=self.phones.socket.local[1],
            outside_port=self.outside.socket.local[1],
        )
        self.callers.on_media, self.callers.on_end = self._caller_answered, self._caller_ended
        self.callers.socket.server = self.system.sip
        for phones in (self.phones, self.outside):
            phones.socket.server = self.system.sip
            phones.on_offer, phones.on_end = self._offered, self._silence
        self._running = True
        for _ in range(self._concurrent):
            self.call_in()
            await asyncio.sleep(ARRIVAL_S)

    async def aclose(self) -> None:
        """Hang up and stop everything."""
        self._running = False
        for call in list(self._active):
            self.callers.hang_up(call)
        for pressing in self._pressing:
            pressing.cancel()
        await self.system.stop()
        await self.media.aclose()
        self.callers.close()
        self.phones.close()
        self.outside.close()

    def pause(self) -> None:
        """Stop new calls until `resume`."""
        self._running = False

    async def resume(self) -> None:
        """Wait until every stage has as many callers as before."""
        self._running = True
        while len(self._active) < self._concurrent:
            self.call_in()
            await asyncio.sleep(ARRIVAL_S)

    def snapshot(self) -> Snapshot:
        """Return the present callers; gaps of sound count from here."""
        talking = {call.caller: call for call in self.phones.calls if not call.over.is_set()}
        found = Snapshot()
        for call in self._active:
            agent = talking.get(call.number)
            if agent is not None:
                stage = "talking" if self.heard(agent) else "ringing"
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
        for phones in (self.phones, self.outside):
            for phone_call in phones.calls:
                phones.end(phone_call)

    def served(self, call: CallerCall) -> AgentCall | None:
        """The conversation a caller had, where an agent ended it."""
        return next(
            (agent for agent in reversed(self.phones.calls) if agent.caller == call.number and agent.by_agent), None
        )

    def conversations(self, call: CallerCall) -> int:
        """Count the agents who heard a caller."""
        return sum(agent.caller == call.number and self.heard(agent) for agent in self.phones.calls)

    def heard(self, agent: AgentCall) -> bool:
        """Tell whether a phone heard the other party."""
        stream = self._streams.get(agent)
        return stream is not None and stream.frames > 0

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

    def call_in(self, keys: str = "") -> CallerCall:
        """Have the next caller dial, who presses these keys."""
        call = self.callers.call(NUMBER, next(self._numbers))
        self._active.add(call)
        self._pressed[call] = keys
        return call

    def _caller_answered(self, call: CallerCall, port: int) -> None:
        self._streams[call] = self.media.add(port)
        if keys := self._pressed.pop(call):
            pressing = asyncio.create_task(self._press(call, keys), name=f"keys:{call.number}")
            self._pressing.add(pressing)
            pressing.add_done_callback(self._pressing.discard)

    async def _press(self, call: CallerCall, keys: str) -> None:
        for key in keys:
            await asyncio.sleep(PAUSE_S)
            self.callers.press(call, key)

    def _caller_ended(self, call: CallerCall) -> None:
        self._active.discard(call)
        self._silence(call)
        if self._running and len(self._active) < self._concurrent:
            self.call_in()

    def _offered(self, call: AgentCall) -> None:
        if call.invite.media_port is not None:
            self._streams[call] = self.media.add(call.invite.media_port)

    def _silence(self, call: object) -> None:
        stream = self._streams.get(call)
        if stream is not None:
            self.media.remove(stream)


MENU_NS = 8_000_000_000
"""About how long the menu takes who presses nothing."""
