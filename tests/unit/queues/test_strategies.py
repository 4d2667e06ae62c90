"""Strategies: which ready agent is rung."""

from collections import Counter

import pytest
from redis.asyncio import Redis

from ari_app.queues.model import AgentState, DeclineReason, LeaveReason, Offer, PreferredAgent, PreferredBy
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, Strategy
from tests.unit.queues.conftest import Clock, Floor

NUMBERS = {"anna": "1001", "bert": "1002", "cleo": "1003", "dora": "1004"}


def floor_by(redis: Redis, strategy: Strategy, **more: object) -> Floor:
    queue = QueueSettings.model_validate(
        {"name": "repair", "title_zh": "报修", "title_en": "Repair", "strategy": strategy, "wrap_up_s": 0, **more}
    )
    clock = Clock()
    return Floor(QueueService(redis, {"repair": queue}, "node-1", deadline_s=10, now_ms=clock), clock)


async def all_ready(floor: Floor, *agents: str) -> None:
    for agent in agents:
        await floor.service.sign_in(agent, ["repair"], {}, NUMBERS[agent])
        await floor.service.ready(agent)


async def serve(floor: Floor, count: int, *, talk_s: float = 1) -> list[str]:
    """Serve calls one after the other; return who was rung."""
    rung = []
    for number in range(count):
        call = f"call-{floor.clock.ms}-{number}"
        await floor.service.enter(call, "repair")
        offer = floor.offers.pop()
        rung.append(offer.agent_id)
        assert await floor.service.connected(offer.reservation_id)
        floor.clock.pass_s(talk_s)
        await floor.service.finished(offer.agent_id, call)
    return rung


async def test_fewest_calls_rings_who_had_fewest_then_who_was_idle_longest(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.FEWEST_CALLS)
    await all_ready(floor, "anna")
    assert await serve(floor, 2) == ["anna", "anna"]
    await all_ready(floor, "bert", "cleo")
    assert await serve(floor, 5) == ["bert", "cleo", "bert", "cleo", "anna"]


async def test_round_robin_goes_on_after_the_agent_rung_last(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.ROUND_ROBIN)
    await all_ready(floor, "cleo", "anna", "bert")
    assert await serve(floor, 4) == ["anna", "bert", "cleo", "anna"]
    await floor.service.not_ready("bert", "break")
    assert await serve(floor, 1) == ["cleo"]
    await all_ready(floor, "dora", "bert")
    assert await serve(floor, 3) == ["dora", "anna", "bert"]


async def test_round_robin_offers_a_declined_call_to_the_next(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.ROUND_ROBIN, misses_until_not_ready=10)
    await all_ready(floor, "anna", "bert", "cleo")
    await serve(floor, 2)
    await floor.service.enter("call-1", "repair")
    for _ in range(2):
        await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.REFUSED)
    assert floor.taken() == [("call-1", "cleo"), ("call-1", "anna"), ("call-1", "bert")]


async def test_linear_rings_in_the_order_of_the_file_then_by_staff_number(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.LINEAR, order=("1003", "1002"))
    await all_ready(floor, "dora", "anna", "bert", "cleo")
    for number in range(4):
        await floor.service.enter(f"call-{number}", "repair")
    assert [agent for _, agent in floor.taken()] == ["cleo", "bert", "anna", "dora"]


async def test_random_rings_in_proportion_to_the_shares(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.RANDOM_WEIGHTED, shares={"1001": 6, "1002": 3})
    await all_ready(floor, "anna", "bert", "cleo")
    rung = Counter(await serve(floor, 1000, talk_s=0.007))
    # The standard deviation of each is at most 15; this fails by chance never, as chance comes from the test's clock.
    assert rung["anna"] == pytest.approx(600, abs=50)
    assert rung["bert"] == pytest.approx(300, abs=50)
    assert rung["cleo"] == pytest.approx(100, abs=35)


async def test_agent_of_many_queues_is_rung_no_more_than_others_of_one(redis: Redis) -> None:
    queues = {
        name: QueueSettings(name=name, title_zh=name, title_en=name, strategy=Strategy.FEWEST_CALLS, wrap_up_s=0)
        for name in ("repair", "consult")
    }
    clock = Clock()
    floor = Floor(QueueService(redis, queues, "node-1", deadline_s=10, now_ms=clock), clock)
    for agent, served in (("anna", ["repair", "consult"]), ("bert", ["repair"]), ("cleo", ["consult"])):
        await floor.service.sign_in(agent, served, {}, NUMBERS[agent])
        await floor.service.ready(agent)
    rung: Counter[str] = Counter()
    for number in range(30):
        await floor.service.enter(f"call-{number}", ("repair", "consult")[number % 2])
        offer = floor.offers.pop()
        rung[offer.agent_id] += 1
        await floor.service.connected(offer.reservation_id)
        clock.pass_s(5)
        await floor.service.finished(offer.agent_id, offer.call_id)
    assert rung == {"anna": 10, "bert": 10, "cleo": 10}


async def ring_all(redis: Redis, *agents: str, **more: object) -> tuple[Floor, Offer]:
    """Have a caller for whom all agents are rung."""
    floor = floor_by(redis, Strategy.RING_ALL, **more)
    await all_ready(floor, *agents)
    await floor.service.enter("call-1", "repair")
    (offer,) = floor.offers
    return floor, offer


async def state_of(floor: Floor, agent: str) -> AgentState:
    return (await floor.service.agent(agent)).state


async def test_ring_all_rings_the_longest_idle_up_to_its_bound(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "cleo", "anna", "bert", "dora", ring_at_most=3)
    assert [one.agent_id for one in offer.rung] == ["cleo", "anna", "bert"]
    assert await state_of(floor, "dora") is AgentState.READY
    await floor.service.enter("call-2", "repair")
    assert [one.agent_id for one in floor.offers[-1].rung] == ["dora"], "the next caller has who is left"


async def test_ring_all_gives_the_caller_to_the_first_and_frees_the_others(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo")
    first, second, third = (one.reservation_id for one in offer.rung)
    for one in offer.rung:
        assert await floor.service.ringing(one.reservation_id)
    assert await floor.service.connected(second)
    assert not await floor.service.connected(first)
    assert not await floor.service.ringing(third)
    await floor.service.enter("call-2", "repair")
    assert len(floor.offers) == 1, "their phones still ring"
    await floor.service.declined(first, DeclineReason.ANSWERED_ELSEWHERE)
    assert len(floor.offers) == 1, "the last phone still rings"
    assert not await floor.service.declined(first, DeclineReason.ANSWERED_ELSEWHERE)
    await floor.service.declined(third, DeclineReason.ANSWERED_ELSEWHERE)
    assert [one.agent_id for one in floor.offers[-1].rung] == ["anna", "cleo"], "the next caller rings all again"
    assert await state_of(floor, "bert") is AgentState.TALKING


@pytest.mark.parametrize("gone", ["answered", "hung up"])
async def test_ring_all_waits_for_no_phone_that_says_nothing(redis: Redis, gone: str) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo")
    first, second, _third = (one.reservation_id for one in offer.rung)
    await floor.service.enter("call-2", "repair")
    if gone == "answered":
        assert await floor.service.connected(second)
        free = ["anna", "cleo"]
    else:
        await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
        free = ["anna", "bert", "cleo"]
    await floor.service.declined(first, DeclineReason.ANSWERED_ELSEWHERE)
    floor.clock.pass_s(0.79)
    await floor.service.sweep()
    assert [one.call_id for one in floor.offers] == ["call-1"]
    floor.clock.pass_s(0.01)
    await floor.service.sweep()
    assert [one.agent_id for one in floor.offers[-1].rung] == free


async def test_ring_all_rings_all_for_the_next_when_no_one_answered(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo", misses_until_not_ready=2)
    await floor.service.enter("call-2", "repair")
    for one in offer.rung:
        assert len(floor.offers) == 1
        await floor.service.declined(one.reservation_id, DeclineReason.NO_ANSWER)
    again = floor.offers[-1]
    assert (again.call_id, len(again.rung)) == ("call-2", 3)
    for one in again.rung[:2]:
        await floor.service.declined(one.reservation_id, DeclineReason.NO_ANSWER)
    assert await floor.service.connected(again.rung[2].reservation_id)
    floor.clock.pass_s(0.8)
    await floor.service.sweep()
    states = [await state_of(floor, one.agent_id) for one in again.rung]
    assert states == [AgentState.NOT_READY, AgentState.NOT_READY, AgentState.TALKING], "their misses are counted"


async def test_ring_all_lets_one_who_refuses_go_at_once(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo")
    await floor.service.enter("call-2", "repair")
    await floor.service.declined(offer.rung[1].reservation_id, DeclineReason.REFUSED)
    assert [one.agent_id for one in floor.offers[-1].rung] == ["bert"], "the others ring on"


async def test_ring_all_counts_a_miss_only_of_those_who_missed(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo", misses_until_not_ready=1)
    by_agent = {one.agent_id: one.reservation_id for one in offer.rung}
    await floor.service.declined(by_agent["anna"], DeclineReason.REFUSED)
    assert await state_of(floor, "anna") is AgentState.NOT_READY
    place = await floor.service.position("call-1")
    assert place is not None
    assert place.offered
    assert await floor.service.connected(by_agent["cleo"])
    await floor.service.declined(by_agent["bert"], DeclineReason.ANSWERED_ELSEWHERE)
    assert await state_of(floor, "bert") is AgentState.READY


async def test_ring_all_offers_again_when_the_last_has_declined(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", retry_same_agent_s=20, misses_until_not_ready=10)
    for one in offer.rung:
        await floor.service.declined(one.reservation_id, DeclineReason.NO_ANSWER)
    assert len(floor.offers) == 1
    floor.clock.pass_s(20)
    await floor.service.sweep()
    assert {one.agent_id for one in floor.offers[-1].rung} == {"anna", "bert"}
    assert not await floor.service.connected(offer.reservation_id), "the former reservation is over"


async def test_ring_all_rings_the_preferred_agent_alone_first(redis: Redis) -> None:
    floor = floor_by(redis, Strategy.RING_ALL)
    await all_ready(floor, "anna", "bert", "cleo")
    await floor.service.enter("call-1", "repair", 0, [PreferredAgent("bert", PreferredBy.TICKET)])
    assert [one.agent_id for one in floor.offers[-1].rung] == ["bert"]
    await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.REFUSED)
    assert [one.agent_id for one in floor.offers[-1].rung] == ["anna", "cleo"]


async def test_ring_all_ends_its_leases_together(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", misses_until_not_ready=1)
    for one in offer.rung:
        await floor.service.ringing(one.reservation_id)
    floor.clock.pass_s(25)
    await floor.service.sweep()
    assert [await state_of(floor, agent) for agent in ("anna", "bert")] == [AgentState.NOT_READY] * 2
    place = await floor.service.position("call-1")
    assert place is not None
    assert not place.offered


async def test_ring_all_rings_only_those_with_the_skills(redis: Redis) -> None:
    rules = [{"asks": ["cantonese"], "steps": [{"skills": {"cantonese": 2}}]}]
    floor = floor_by(redis, Strategy.RING_ALL, rules=rules)
    for agent, level in (("anna", 3), ("bert", 1), ("cleo", 2)):
        await floor.service.sign_in(agent, ["repair"], {"cantonese": level}, NUMBERS[agent])
        await floor.service.ready(agent)
    await floor.service.enter("call-1", "repair", 0, (), ["cantonese"])
    assert [one.agent_id for one in floor.offers[-1].rung] == ["anna", "cleo"]


async def test_sweep_of_another_process_names_all_who_are_rung(redis: Redis) -> None:
    floor, offer = await ring_all(redis, "anna", "bert", "cleo")
    await floor.service.declined(offer.reservation_id, DeclineReason.REFUSED)
    other = Floor(QueueService(redis, floor.service.queues, "node-1", deadline_s=10, now_ms=floor.clock), floor.clock)
    await other.service.sweep()
    (again,) = other.offers
    assert again.id == offer.id
    assert [one.agent_id for one in again.rung] == ["bert", "cleo"]
    assert len(floor.offers) == 1
