"""Reference model of the queues: the oracle of the property tests.

Written without Redis, speed or crashes in mind: every step looks through everything from the start, so that nothing
can be forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ari_app.queues.model import AgentState, DeclineReason
from ari_app.queues.settings import HEAD_OF_QUEUE, QueueSettings, Strategy

LEASE_GRACE_MS = 5000
GONE_GRACE_MS = 800
GONE_KEPT_MS = 10_000
BUSY = (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING)
BLAMELESS = (DeclineReason.CALLER_GONE, DeclineReason.INTERRUPTED, DeclineReason.ANSWERED_ELSEWHERE)
MISSES = (DeclineReason.NO_ANSWER, DeclineReason.BUSY, DeclineReason.REFUSED)


@dataclass
class Call:
    """A call in line, being offered, connected, or hung up while ringing."""

    id: str
    queue: str
    priority: int
    order: int
    joined_ms: int
    asks: tuple[str, ...] = ()
    preferred: tuple[tuple[str, int], ...] = ()
    """Agents to be rung first, each with the time in milliseconds that is waited for the agent alone."""
    tried: int = 0
    """How many of them were waited for already, or did not come."""
    held: tuple[str, int] | None = None
    """The agent who is waited for, and until when."""
    state: str = "waiting"
    offers: "list[Reservation]" = field(default_factory=list)
    """One for each agent who is rung, or that of the conversation."""
    failed: dict[str, int] = field(default_factory=dict)
    last_failed: str = ""
    forget_at: int | None = None


@dataclass
class Agent:
    """An agent who is signed in."""

    id: str
    queues: tuple[str, ...]
    skills: dict[str, int] = field(default_factory=dict)
    number: int = 0
    calls: int = 0
    state: AgentState = AgentState.NOT_READY
    reason: str | None = "signed_in"
    idle: int = 0
    call_id: str | None = None
    queue: str | None = None
    offer: "Reservation | None" = None
    next: tuple[AgentState, str | None] | None = None
    wrapping: str | None = None
    """The call that is wrapped up after the one dialled meanwhile."""
    misses: int = 0
    until: int | None = None


@dataclass(eq=False)
class Reservation:
    """One offer."""

    call_id: str
    agent_id: str


class Reference:
    """Queues, calls and agents; `offers` has the reservations in order."""

    def __init__(self, queues: dict[str, QueueSettings], now: int) -> None:
        self.queues = queues
        self.now = now
        self.calls: dict[str, Call] = {}
        self.agents: dict[str, Agent] = {}
        self.offers: list[Reservation] = []
        self._stamp = 0
        self._memory: dict[str, int] = {}
        """The staff number that round robin rang last, by queue."""

    # What happens

    def enter(
        self,
        call_id: str,
        queue: str,
        priority: int,
        asks: tuple[str, ...] = (),
        preferred: tuple[tuple[str, int], ...] = (),
    ) -> None:
        call = self.calls.get(call_id)
        if call is None or call.state in {"gone", "connected"}:
            call = Call(call_id, queue, priority, self._next_stamp(), self.now, asks, preferred)
            self.calls[call_id] = call
            self._hold(call)
        elif call.state == "waiting" and call.queue != queue:
            call.queue, call.priority, call.asks, call.preferred = queue, priority, asks, preferred
            call.held, call.tried = None, 0
            self._hold(call)
        self._match()

    def leave(self, call_id: str) -> tuple[int, int] | None:
        """The place and the wait."""
        place = self.position(call_id)
        if place is None:
            return None
        call = self.calls.pop(call_id)
        self._stop_ringing(call)
        return place, self.now - call.joined_ms

    def ringing(self, offer: Reservation) -> bool:
        call, agent = self._parties(offer)
        if call is None or agent is None or call.state != "offered":
            return False
        if agent.state is AgentState.RESERVED:
            agent.state = AgentState.RINGING
            agent.until = self.now + self._ring_ms(call) + LEASE_GRACE_MS
        return True

    def connected(self, offer: Reservation) -> bool:
        call, agent = self._parties(offer)
        if call is None or agent is None:
            return False
        if call.state != "connected":
            self._stop_ringing(call, but=agent)
            call.offers = [offer]
            call.state, call.failed, call.last_failed = "connected", {}, ""
            agent.state, agent.until, agent.misses = AgentState.TALKING, None, 0
            agent.calls += 1
        return True

    def declined(self, offer: Reservation, reason: DeclineReason) -> bool:
        agent = self.agents.get(offer.agent_id)
        if agent is None or agent.offer is not offer or agent.state not in {AgentState.RESERVED, AgentState.RINGING}:
            return False
        self._release(agent, reason)
        self._match()
        return True

    def finished(self, agent_id: str, call_id: str) -> bool:
        agent = self.agents.get(agent_id)
        if agent is None or agent.state is not AgentState.TALKING or agent.call_id != call_id:
            return False
        call = self.calls.get(call_id)
        if call is not None and call.state == "connected" and agent.offer in call.offers:
            del self.calls[call_id]
        leaves = agent.next is not None and agent.next[0] is AgentState.OFFLINE and not agent.queues
        if leaves or agent.queue is None:
            self._free(agent, keep_idle=leaves)
        else:
            agent.state, agent.offer = AgentState.WRAP_UP, None
            agent.call_id, agent.wrapping = agent.wrapping or agent.call_id, None
            agent.until = self.now + int(self.queues[agent.queue].wrap_up_s * 1000)
        self._match()
        return True

    def occupied(self, agent_id: str, call_id: str, queue: str | None = None) -> bool:
        agent = self.agents.get(agent_id)
        if agent is None:
            agent = self.agents[agent_id] = Agent(agent_id, (), next=(AgentState.OFFLINE, None))
        elif agent.state in BUSY:
            return agent.state is AgentState.TALKING and agent.call_id == call_id
        elif agent.state is AgentState.NOT_READY:
            agent.next = (AgentState.NOT_READY, agent.reason)
        elif agent.state is AgentState.WRAP_UP:
            agent.wrapping = agent.call_id
        if queue is not None or agent.wrapping is None:
            agent.queue = queue
        agent.state, agent.reason, agent.until, agent.offer = AgentState.TALKING, None, None, None
        agent.call_id = call_id
        return True

    def pull(self, call_id: str, agent_id: str) -> bool:
        call = self.calls.get(call_id)
        if call is None or call.state != "waiting" or agent_id in self.agents:
            return False
        agent = self.agents[agent_id] = Agent(agent_id, (), next=(AgentState.OFFLINE, None))
        self._reserve(call, [agent])
        self._match()
        return True

    def lose_everything(self) -> None:
        """Forget all, as Redis without its data."""
        self.calls.clear()
        self.agents.clear()
        self._memory.clear()
        self._stamp = 0

    def sign_in(self, agent_id: str, queues: tuple[str, ...], skills: dict[str, int], number: int = 0) -> None:
        agent = self.agents.get(agent_id)
        if agent is None:
            self.agents[agent_id] = Agent(agent_id, queues, skills, number)
            return
        if agent.next is not None and agent.next[0] is AgentState.OFFLINE:
            agent.next = None
        agent.queues, agent.skills = queues, skills
        self._match()

    def sign_out(self, agent_id: str) -> None:
        agent = self.agents.get(agent_id)
        if agent is None:
            return
        if agent.state in BUSY:
            agent.next = (AgentState.OFFLINE, None)
        else:
            del self.agents[agent_id]
        self._match()

    def ready(self, agent_id: str) -> None:
        agent = self.agents[agent_id]
        agent.misses = 0
        if agent.state in BUSY:
            agent.next = None
        elif agent.state is not AgentState.READY:
            self._become_ready(agent, keep_idle=False)
        self._match()

    def not_ready(self, agent_id: str, reason: str) -> None:
        agent = self.agents[agent_id]
        if agent.state in BUSY or agent.state is AgentState.WRAP_UP:
            agent.next = (AgentState.NOT_READY, reason)
        else:
            self._become_not_ready(agent, reason)
        self._match()

    def wrap_up_done(self, agent_id: str) -> None:
        self._free(self.agents[agent_id])
        self._match()

    def pass_time(self, ms: int) -> None:
        """Let time pass, then end what ran out."""
        self.now += ms
        due = [(a.until, f"agent:{a.id}") for a in self.agents.values() if a.until is not None and a.until <= self.now]
        for _, name in sorted(due):
            agent = self.agents[name.removeprefix("agent:")]
            if agent.state is AgentState.WRAP_UP:
                self._free(agent)
            else:
                call = self.calls.get(agent.call_id or "")
                alive = call is not None and agent.offer in call.offers
                self._release(agent, DeclineReason.NO_ANSWER if alive else DeclineReason.CALLER_GONE)
        for call in list(self.calls.values()):
            if call.state == "gone" and call.forget_at is not None and call.forget_at <= self.now:
                del self.calls[call.id]
        self._match()

    # What is seen

    def line(self, queue: str) -> list[str]:
        """The calls not yet with an agent, in order."""
        inside = [call for call in self.calls.values() if call.queue == queue and call.state != "connected"]
        return [call.id for call in sorted(inside, key=self._urgency)]

    def position(self, call_id: str) -> int | None:
        call = self.calls.get(call_id)
        if call is None or call.state == "connected":
            return None
        return self.line(call.queue).index(call_id) + 1

    # How

    def _parties(self, offer: Reservation) -> tuple[Call | None, Agent | None]:
        call, agent = self.calls.get(offer.call_id), self.agents.get(offer.agent_id)
        return (
            call if call is not None and offer in call.offers else None,
            agent if agent is not None and agent.offer is offer else None,
        )

    def _stop_ringing(self, call: Call, but: Agent | None = None) -> None:
        for offer in call.offers:
            agent = self.agents[offer.agent_id]
            if agent is not but:
                assert agent.until is not None
                agent.until = min(agent.until, self.now + GONE_GRACE_MS)

    def _ring_ms(self, call: Call) -> int:
        return int(self.queues[call.queue].ring_s * 1000)

    def _next_stamp(self) -> int:
        self._stamp = max(self.now, self._stamp + 1)
        return self._stamp

    def _urgency(self, call: Call) -> tuple[bool, int, int]:
        """Return the time of joining, moved ahead by the priority."""
        settings = self.queues[call.queue]
        tenths = (settings.priority + call.priority) * 10 + settings.weight
        at_head = call.priority == HEAD_OF_QUEUE
        return not at_head, call.order - (0 if at_head else int(tenths * settings.point_s * 100)), -tenths

    def _will_come(self, call: Call, agent_id: str) -> bool:
        agent = self.agents.get(agent_id)
        if agent is None or agent.state is AgentState.NOT_READY or agent.next is not None:
            return False
        return call.queue in agent.queues and agent_id not in call.failed

    def _hold(self, call: Call) -> None:
        """Wait for the next preferred agent who will come."""
        call.held = None
        while call.tried < len(call.preferred) and call.held is None:
            agent_id, wait_ms = call.preferred[call.tried]
            call.tried += 1
            if self._will_come(call, agent_id):
                is_ready = self.agents[agent_id].state is AgentState.READY
                if is_ready or wait_ms > 0:
                    call.held = (agent_id, self.now + max(1, wait_ms))

    def _order(self, queue: str) -> Callable[[Agent], tuple[float, ...]]:
        """Return the order of a queue's ready agents."""
        strategy, memory = self.queues[queue].strategy, self._memory.get(queue)
        if strategy is Strategy.FEWEST_CALLS:
            return lambda agent: (agent.calls, agent.idle)
        if strategy is Strategy.ROUND_ROBIN:
            return lambda agent: (memory is not None and agent.number <= memory, agent.number)
        return lambda agent: (agent.idle,)

    def _need(self, call: Call) -> Mapping[str, int]:
        """Return the skills of the step that the wait has come to."""
        for rule in self.queues[call.queue].rules:
            if set(rule.asks) <= set(call.asks):
                left = self.now - call.joined_ms
                for step in rule.steps:
                    if step.for_s is None or left < step.for_s * 1000:
                        return step.skills
                    left -= int(step.for_s * 1000)
                return {}
        return {}

    def _still_held(self, call: Call) -> bool:
        return call.held is not None and call.held[1] > self.now and self._will_come(call, call.held[0])

    def _choose(self, call: Call) -> list[Agent]:
        ready = [a for a in self.agents.values() if a.state is AgentState.READY and call.queue in a.queues]
        if call.held is not None:
            return [agent for agent in ready if agent.id == call.held[0] and agent.id not in call.failed]
        ready = [a for a in ready if all(a.skills.get(name, 0) >= level for name, level in self._need(call).items())]
        for agent_id, _ in call.preferred:
            if agent_id in {agent.id for agent in ready} and agent_id not in call.failed:
                return [self.agents[agent_id]]
        ready.sort(key=self._order(call.queue))
        settings = self.queues[call.queue]
        if settings.strategy is Strategy.RING_ALL:
            return [agent for agent in ready if call.failed.get(agent.id, 0) <= self.now][: settings.ring_at_most]
        fresh = [agent for agent in ready if agent.id not in call.failed]
        retried = [agent for agent in ready if agent.id in call.failed and call.failed[agent.id] <= self.now]
        last = [agent for agent in retried if agent.id == call.last_failed]
        earlier = [agent for agent in retried if agent.id != call.last_failed]
        return (fresh + earlier + last)[:1]

    def _match(self) -> None:
        for call in self.calls.values():
            while call.state == "waiting" and call.held is not None and not self._still_held(call):
                self._hold(call)
        while True:
            waiting = sorted((call for call in self.calls.values() if call.state == "waiting"), key=self._urgency)
            found = next(((call, chosen) for call in waiting if (chosen := self._choose(call))), None)
            if found is None:
                return
            self._reserve(*found)

    def _reserve(self, call: Call, chosen: list[Agent]) -> None:
        self._next_stamp()
        call.state, call.held = "offered", None
        call.offers = [Reservation(call.id, agent.id) for agent in chosen]
        for agent, offer in zip(chosen, call.offers, strict=True):
            self._memory[call.queue] = agent.number
            agent.state, agent.reason, agent.offer = AgentState.RESERVED, None, offer
            agent.call_id, agent.queue = call.id, call.queue
            agent.until = self.now + self._ring_ms(call) + LEASE_GRACE_MS
        self.offers += call.offers

    def _release(self, agent: Agent, reason: DeclineReason) -> None:
        assert agent.queue is not None
        settings = self.queues[agent.queue]
        call = self.calls.get(agent.call_id or "")
        if call is None or agent.offer is None or agent.offer not in call.offers:
            reason = DeclineReason.CALLER_GONE
        elif reason is DeclineReason.CALLER_GONE:
            self._stop_ringing(call, but=agent)
            call.state, call.offers, call.forget_at = "gone", [], self.now + GONE_KEPT_MS
        else:
            call.offers.remove(agent.offer)
            if reason not in BLAMELESS:
                call.last_failed = agent.id
                call.failed[agent.id] = self.now + int(settings.retry_same_agent_s * 1000)
            if not call.offers:
                call.state = "waiting"
                self._hold(call)
        if reason in MISSES:
            agent.misses += 1
        if agent.next is not None and agent.next[0] is AgentState.OFFLINE:
            self._free(agent)
        elif reason is DeclineReason.UNAVAILABLE:
            self._become_not_ready(agent, "unavailable")
        elif agent.next is None and agent.misses >= settings.misses_until_not_ready:
            self._become_not_ready(agent, reason.value)
        else:
            self._free(agent, keep_idle=reason in BLAMELESS)

    def _free(self, agent: Agent, *, keep_idle: bool = False) -> None:
        if agent.next is None:
            self._become_ready(agent, keep_idle=keep_idle)
        elif agent.next[0] is AgentState.OFFLINE:
            del self.agents[agent.id]
        else:
            self._become_not_ready(agent, agent.next[1])

    def _become_ready(self, agent: Agent, *, keep_idle: bool) -> None:
        self._off_the_phone(agent)
        agent.state = AgentState.READY
        if not keep_idle:
            agent.idle = self._next_stamp()

    def _become_not_ready(self, agent: Agent, reason: str | None) -> None:
        self._off_the_phone(agent)
        agent.state, agent.reason = AgentState.NOT_READY, reason

    @staticmethod
    def _off_the_phone(agent: Agent) -> None:
        agent.call_id = agent.queue = agent.offer = agent.next = agent.until = agent.reason = agent.wrapping = None
