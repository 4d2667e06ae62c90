"""Priority with ageing: the bound within which no caller is overtaken."""

import asyncio
from itertools import permutations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from ari_app.queues.service import QueueService
from ari_app.queues.settings import HEAD_OF_QUEUE, HIGHEST_PRIORITY, QueueSettings
from foundation.redis_client import redis_client
from tests.unit.queues.conftest import Clock, Floor

QUEUES = {
    name: QueueSettings(name=name, title_zh=name, title_en=name, priority=priority, weight=weight, wrap_up_s=0)
    for name, priority, weight in (("consult", 0, 0), ("complaint", 0, 9), ("repair", 5, 0))
}
ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(sorted(QUEUES)),
        st.sampled_from([0, 20, 60, HIGHEST_PRIORITY]),
        st.sampled_from([0.001, 1, 20, 90, 400]),
    ),
    min_size=4,
    max_size=25,
)


def floor_of(redis: Redis) -> Floor:
    clock = Clock()
    return Floor(QueueService(redis, QUEUES, "node-1", deadline_s=30, now_ms=clock), clock)


async def answer(floor: Floor) -> str:
    """Let the only agent talk with the best caller for a moment."""
    offer = floor.offers.pop()
    await floor.service.connected(offer.reservation_id)
    await floor.service.finished(offer.agent_id, offer.call_id)
    return offer.call_id


async def test_a_stream_of_protected_customers_lets_a_usual_caller_through_in_time(redis: Redis) -> None:
    floor = floor_of(redis)
    await floor.service.enter("usual", "consult")
    ahead_s = int(HIGHEST_PRIORITY * QUEUES["consult"].point_s)
    await floor.service.enter("protected-0", "consult", HIGHEST_PRIORITY)
    await floor.agent_ready("anna", *QUEUES)
    served = []
    for number in range(1, ahead_s // 30 + 10):
        served.append(await answer(floor))
        floor.clock.pass_s(30)
        await floor.service.enter(f"protected-{number}", "consult", HIGHEST_PRIORITY)
        # A second one each time: more come than are served.
        await floor.service.enter(f"protected-{number}-b", "consult", HIGHEST_PRIORITY)
    assert "usual" in served


async def test_caller_who_lost_the_agent_is_before_a_protected_one_who_waits_long(redis: Redis) -> None:
    floor = floor_of(redis)
    await floor.service.enter("protected", "repair", HIGHEST_PRIORITY)
    floor.clock.pass_s(3600)
    await floor.service.enter("returned", "consult", HEAD_OF_QUEUE)
    await floor.agent_ready("anna", *QUEUES)
    assert await answer(floor) == "returned"


async def _served(url: str, arrivals: list[tuple[str, int, float]]) -> None:
    redis = redis_client(url)
    try:
        await redis.flushall()
        floor = floor_of(redis)
        joined, ahead = {}, {}
        for number, (queue, priority, pause_s) in enumerate(arrivals):
            floor.clock.pass_s(pause_s)
            call = f"call-{number}"
            joined[call] = floor.clock.ms
            of_queue = QUEUES[queue]
            ahead[call] = (of_queue.priority + priority + of_queue.weight / 10) * of_queue.point_s * 1000
            await floor.service.enter(call, queue, priority)
        await floor.agent_ready("anna", *QUEUES)
        order = [await answer(floor) for _ in arrivals]
    finally:
        await redis.aclose()
    assert sorted(order) == sorted(joined), "nobody lost, nobody doubled"
    places = {call: place for place, call in enumerate(order)}
    for late, early in permutations(joined, 2):
        # Stamps of one millisecond differ by one each.
        if joined[late] - joined[early] > ahead[late] - ahead[early] + len(arrivals):
            assert places[early] < places[late], f"{late} overtook {early} beyond the bound"


@given(ARRIVALS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_is_overtaken_by_a_caller_who_joined_later_than_the_bound(
    redis_url: str, arrivals: list[tuple[str, int, float]]
) -> None:
    asyncio.run(_served(redis_url, arrivals))
