"""Live calls in Redis: stored in order, without waiting."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.calls.model import CallState
from ari_app.calls.store import KEY, CallStore
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from dev.ports import free_port
from dev.redis import Redis
from foundation.redis_client import SharedRedis, redis_client


def a_call(call_id: str = "call-1", *, node: str = "node-1") -> CallState:
    return CallState(
        id=call_id,
        node=node,
        direction=Direction.INBOUND,
        channel_id="channel-1",
        number="+8613800000001",
        access_number="96001",
        stage=CallStage.ARRIVED,
        started_at_ms=1,
    )


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[SharedRedis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


async def test_state_is_stored_before_later_requests(redis: SharedRedis) -> None:
    store, state = CallStore(redis, "node-1"), a_call()
    for stage in (CallStage.FLOW, CallStage.QUEUED, CallStage.RINGING):
        state.stage = stage
        store.put(state)
        (found,) = await store.of_node()
        assert found.stage is stage
    assert not store.unsaved


async def test_settled_waits_until_the_state_is_stored(redis: SharedRedis, redis_url: str) -> None:
    store, state = CallStore(redis, "node-1"), a_call()
    other = redis_client(redis_url)
    store.put(state)
    state.stage = CallStage.FLOW
    store.put(state)
    await store.settled(state.id)
    assert await other.exists(KEY + state.id)
    assert [found.stage for found in await CallStore(other, "node-1").of_node()] == [CallStage.FLOW]
    await store.settled("call-nobody-knows")
    await other.aclose()


async def test_forgotten_call_is_gone_also_right_after_it_was_put(redis: SharedRedis) -> None:
    store, state = CallStore(redis, "node-1"), a_call()
    store.put(state)
    store.forget(state.id)
    assert await store.all() == []
    assert not store.unsaved


async def test_f20_what_redis_did_not_take_is_known_and_stored_later(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Redis(free_port(), tmp_path_factory.mktemp("redis"), persistent=False)
    client = redis_client(server.url)
    store, state = CallStore(client, "node-1"), a_call()
    await store.save(state)
    assert store.unsaved == {state.id}
    store.forget("call-0")

    await asyncio.to_thread(server.start)
    try:
        await store.save(state)
        assert not store.unsaved
        assert [found.id for found in await store.of_node()] == [state.id]
    finally:
        await client.aclose()
        await asyncio.to_thread(server.stop)
