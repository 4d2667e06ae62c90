"""Random histories against the reference model (I3, I4)."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from ari_app.queues.errors import AgentNotSignedIn, NothingToWrapUp
from ari_app.queues.model import AgentState, DeclineReason, LeaveReason, Offer, PreferredAgent, PreferredBy
from ari_app.queues.rules import NeedStep, RoutingRule
from ari_app.queues.service import QueueService
from ari_app.queues.settings import HEAD_OF_QUEUE, QueueSettings, Strategy
from foundation.redis_client import redis_client
from tests.unit.queues.conftest import Clock
from tests.unit.queues.reference import Reference, Reservation

AGENTS = ("anna", "bert", "cleo", "dora")
RULES = (
    RoutingRule(asks=("cantonese", "bills"), steps=(NeedStep(skills={"bills": 1, "cantonese": 1}, for_s=25),)),
    RoutingRule(
        asks=("cantonese",),
        steps=(NeedStep(skills={"cantonese": 3}, for_s=10), NeedStep(skills={"cantonese": 1}, for_s=20)),
    ),
)
WAITS = {PreferredBy.TICKET: 20, PreferredBy.LAST_CALL: 10}
QUEUES = {
    name: QueueSettings(
        name=name,
        title_zh=name,
        title_en=name,
        priority=priority,
        weight=weight,
        retry_same_agent_s=20,
        wrap_up_s=30,
        rules=RULES,
        strategy=strategy,
        preferred_wait_s=WAITS,
        ring_at_most=3,
    )
    for name, priority, weight, strategy in (
        ("consult", 0, 0, Strategy.LONGEST_IDLE),
        ("complaint", 0, 1, Strategy.FEWEST_CALLS),
        ("repair", 5, 0, Strategy.ROUND_ROBIN),
        ("service", 0, 2, Strategy.RING_ALL),
    )
}

agents = st.sampled_from(AGENTS)
queue_names = st.sampled_from(sorted(QUEUES))
words = st.sampled_from([(), (), ("cantonese",), ("cantonese", "bills")])
skill_sets = st.sampled_from([{}, {"cantonese": 1}, {"cantonese": 3}, {"cantonese": 2, "bills": 1}])
wishes = st.lists(st.builds(PreferredAgent, agents, st.sampled_from(PreferredBy)), max_size=2)
some_queues = st.lists(queue_names, unique=True, max_size=3).map(tuple)
picks = st.integers(min_value=0, max_value=10_000)


class Histories(RuleBasedStateMachine):
    """Events of callers and agents in any order, also stale and repeated."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.redis = redis_client(url)
        self.service = QueueService(self.redis, QUEUES, "node-1", deadline_s=30, now_ms=self.clock)
        self.offers: list[Offer] = []
        self.service._on_offer = self._note
        self.reference = Reference(QUEUES, self.clock.ms)
        self.calls: list[str] = []
        self.runner.run(self._empty())

    def _note(self, offer: Offer) -> None:
        """Keep an offer for each agent who is rung."""
        self.offers += [
            msgspec.structs.replace(offer, agent_id=one.agent_id, reservation_id=one.reservation_id)
            for one in offer.rung
        ]

    async def _empty(self) -> None:
        await self.redis.flushall()

    def teardown(self) -> None:
        self.runner.run(self.redis.aclose())
        self.runner.close()

    def do(self, step: Any) -> Any:
        return self.runner.run(step)

    def pick_offer(self, pick: int) -> tuple[Offer, Reservation]:
        """Any offer ever made; recent ones are likelier."""
        back = min(pick % 6, len(self.offers) - 1)
        index = len(self.offers) - 1 - back
        return self.offers[index], self.reference.offers[index]

    def pick_call(self, pick: int) -> str:
        return self.calls[pick % len(self.calls)]

    # Callers

    @rule(queue=queue_names, priority=st.sampled_from([0, 0, 0, 10, HEAD_OF_QUEUE]), asks=words, wishes=wishes)
    def enter(self, queue: str, priority: int, asks: tuple[str, ...], wishes: list[PreferredAgent]) -> None:
        call_id = f"call-{len(self.calls)}"
        self.calls.append(call_id)
        self._enter(call_id, queue, priority, asks, wishes)

    @precondition(lambda self: self.calls)
    @rule(pick=picks, queue=queue_names, asks=words)
    def enter_again(self, pick: int, queue: str, asks: tuple[str, ...]) -> None:
        self._enter(self.pick_call(pick), queue, 0, asks, [])

    def _enter(
        self, call_id: str, queue: str, priority: int, asks: tuple[str, ...], wishes: list[PreferredAgent]
    ) -> None:
        entered = self.do(self.service.enter(call_id, queue, priority, wishes, asks))
        first: dict[str, int] = {}
        for wish in wishes:
            first.setdefault(wish.agent_id, WAITS.get(wish.by, 0) * 1000)
        self.reference.enter(call_id, queue, priority, asks, tuple(first.items()))
        assert entered.position == self.reference.position(call_id)
        assert entered.offered == (self.reference.calls[call_id].state == "offered")

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def leave(self, pick: int) -> None:
        call_id = self.pick_call(pick)
        departure = self.do(self.service.leave(call_id, LeaveReason.CALLER_HUNG_UP))
        expected = self.reference.leave(call_id)
        assert (departure and (departure.position, departure.waited_ms)) == expected

    # Offers

    @precondition(lambda self: self.offers)
    @rule(pick=picks)
    def ringing(self, pick: int) -> None:
        offer, reservation = self.pick_offer(pick)
        assert self.do(self.service.ringing(offer.reservation_id)) == self.reference.ringing(reservation)

    @precondition(lambda self: self.offers)
    @rule(pick=picks)
    def connected(self, pick: int) -> None:
        offer, reservation = self.pick_offer(pick)
        assert self.do(self.service.connected(offer.reservation_id)) == self.reference.connected(reservation)

    @precondition(lambda self: self.offers)
    @rule(pick=picks, reason=st.sampled_from(DeclineReason))
    def declined(self, pick: int, reason: DeclineReason) -> None:
        offer, reservation = self.pick_offer(pick)
        assert self.do(self.service.declined(offer.reservation_id, reason)) == self.reference.declined(
            reservation, reason
        )

    @precondition(lambda self: self.offers)
    @rule(pick=picks)
    def finished(self, pick: int) -> None:
        offer, _ = self.pick_offer(pick)
        expected = self.reference.finished(offer.agent_id, offer.call_id)
        assert self.do(self.service.finished(offer.agent_id, offer.call_id)) == expected

    # Agents

    @rule(agent=agents, queues=some_queues, skills=skill_sets)
    def sign_in(self, agent: str, queues: tuple[str, ...], skills: dict[str, int]) -> None:
        number = AGENTS.index(agent) + 1
        self.do(self.service.sign_in(agent, queues, skills, str(number)))
        self.reference.sign_in(agent, queues, skills, number)

    @rule(agent=agents, skills=skill_sets)
    def take_calls_of_every_queue(self, agent: str, skills: dict[str, int]) -> None:
        self.sign_in(agent, tuple(sorted(QUEUES)), skills)
        self.ready(agent)

    @rule(agent=agents)
    def sign_out(self, agent: str) -> None:
        self.do(self.service.sign_out(agent))
        self.reference.sign_out(agent)

    @rule(agent=agents)
    def ready(self, agent: str) -> None:
        if agent not in self.reference.agents:
            with pytest.raises(AgentNotSignedIn):
                self.do(self.service.ready(agent))
            return
        self.do(self.service.ready(agent))
        self.reference.ready(agent)

    @rule(agent=agents)
    def not_ready(self, agent: str) -> None:
        if agent in self.reference.agents:
            self.do(self.service.not_ready(agent, "break"))
            self.reference.not_ready(agent, "break")

    @rule(agent=agents)
    def wrap_up_done(self, agent: str) -> None:
        known = self.reference.agents.get(agent)
        if known is None or known.state is not AgentState.WRAP_UP:
            with pytest.raises(NothingToWrapUp):
                self.do(self.service.wrap_up_done(agent))
            return
        self.do(self.service.wrap_up_done(agent))
        self.reference.wrap_up_done(agent)

    @precondition(lambda self: self.calls)
    @rule(pick=picks, agent=agents)
    def pulls(self, pick: int, agent: str) -> None:
        call_id = self.pick_call(pick)
        expected = self.reference.pull(call_id, agent)
        assert self.do(self.service.pull(call_id, agent)) == expected

    @rule(agent=agents, number=st.integers(min_value=0, max_value=2))
    def dials_out(self, agent: str, number: int) -> None:
        call_id = f"out-{agent}-{number}"
        expected = self.reference.occupied(agent, call_id)
        assert self.do(self.service.occupied(agent, call_id)) == expected

    @rule(agent=agents, number=st.integers(min_value=0, max_value=2))
    def hangs_up_the_call_dialled_out(self, agent: str, number: int) -> None:
        call_id = f"out-{agent}-{number}"
        assert self.do(self.service.finished(agent, call_id)) == self.reference.finished(agent, call_id)

    # Time and faults

    @rule(seconds=st.sampled_from([0.001, 0.8, 5, 10, 20, 25, 30]))
    def time_passes(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.do(self.service.sweep())
        self.reference.pass_time(int(seconds * 1000))

    @rule()
    def redis_loses_its_data(self) -> None:
        """Hold on the agents who talk; they are signed out afterwards (F19)."""
        talking = [one for one in self.reference.agents.values() if one.state is AgentState.TALKING]
        self.do(self.redis.flushall())
        self.reference.lose_everything()
        self.clock.pass_s(1)
        self.reference.pass_time(1000)
        for one in talking:
            assert one.call_id is not None
            assert self.do(self.service.hold_on(one.id, one.call_id, one.queue))
            assert self.reference.occupied(one.id, one.call_id, one.queue)

    @rule()
    def the_code_is_forgotten(self) -> None:
        self.do(self.redis.function_flush())

    # What must be true after every step

    @invariant()
    def the_same_offers_in_the_same_order(self) -> None:
        ours = [(offer.call_id, offer.agent_id) for offer in self.offers]
        assert ours == [(offer.call_id, offer.agent_id) for offer in self.reference.offers]
        ids = [offer.reservation_id for offer in self.offers]
        assert len(set(ids)) == len(ids)

    @invariant()
    def the_same_lines_and_agents(self) -> None:
        snapshot = self.do(self.service.snapshot())
        seen = {
            agent.agent_id: (agent.state, agent.call_id, agent.queue, agent.reason, agent.until_ms, agent.queues)
            for agent in snapshot.agents
        }
        assert seen == {
            agent.id: (agent.state, agent.call_id, agent.queue, agent.reason, agent.until, agent.queues)
            for agent in self.reference.agents.values()
        }
        pauses = {agent.agent_id: agent.next_state for agent in snapshot.agents}
        assert pauses == {a.id: a.next[0] if a.next else None for a in self.reference.agents.values()}
        assert {q.queue: q.waiting for q in snapshot.queues} == {q: len(self.reference.line(q)) for q in QUEUES}
        for queue in snapshot.queues:
            line = self.reference.line(queue.queue)
            waits = [self.clock.ms - self.reference.calls[call_id].joined_ms for call_id in line]
            assert queue.longest_wait_ms == max(waits, default=0)

    @invariant()
    def nobody_has_two(self) -> None:
        """Check the store: one call and one agent hold each reservation."""
        held = self.do(self._reservations("agent"))
        assert len(set(held)) == len(held)
        for reservation in self.do(self._reservations("call")):
            assert held.count(reservation) == 1

    @invariant()
    def each_agent_is_rung_for_one_call(self) -> None:
        """Check the store: calls that are offered or connected share no agent."""
        rung = [agent for agents in self.do(self._rung()) for agent in agents]
        assert len(set(rung)) == len(rung)

    async def _rung(self) -> list[list[str]]:
        async with self.redis.pipeline() as pipe:
            for key in await self.redis.keys("hotline:acd:call:*"):
                pipe.hmget(key, "state", "agent")
            found = await pipe.execute()
        return [agents.decode().split(",") for state, agents in found if state in {b"offered", b"connected"}]

    async def _reservations(self, kind: str) -> list[Any]:
        async with self.redis.pipeline() as pipe:
            for key in await self.redis.keys(f"hotline:acd:{kind}:*"):
                pipe.hget(key, "reservation")
            return [reservation for reservation in await pipe.execute() if reservation]

    @invariant()
    def no_call_is_lost(self) -> None:
        for call_id in self.calls[-8:]:
            place = self.do(self.service.position(call_id))
            assert (place and place.position) == self.reference.position(call_id)


def test_random_histories_equal_the_reference(redis_url: str) -> None:
    run_state_machine_as_test(
        lambda: Histories(redis_url),  # type: ignore[arg-type]  # any factory will do
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
