"""Strategies: which ready agent is rung."""

from collections import Counter

import pytest
from redis.asyncio import Redis

from ari_app.queues.model import DeclineReason
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
