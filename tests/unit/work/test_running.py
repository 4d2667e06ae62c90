"""Present states of agents, as the reports count them."""

from redis.asyncio import Redis

from ari_app.queues.service import QueueService
from ari_app.queues.settings import usual_settings
from ari_app.work.running import running_states
from foundation.clock import milliseconds

BEGUN_MS = 1_800_000_000_000


async def test_every_signed_in_agent_has_the_present_state(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    at_ms = BEGUN_MS
    queues = QueueService(redis, {"repair": usual_settings("repair")}, "node-1", deadline_s=10, now_ms=lambda: at_ms)
    for agent in ("anna", "bert"):
        await queues.sign_in(agent, ["repair"])
    await queues.ready("anna")
    await queues.not_ready("bert", "meal")
    at_ms += 60_000
    found = await running_states(queues, {"meal"}.__contains__)
    assert milliseconds(found.at) == at_ms
    assert [(one.agent_id, one.state, one.reason, one.planned) for one in found.states] == [
        ("anna", "ready", None, None),
        ("bert", "not_ready", "meal", True),
    ]
    assert {(milliseconds(one.since), milliseconds(one.until)) for one in found.states} == {(BEGUN_MS, at_ms)}
    await redis.aclose()


async def test_without_redis_no_state_is_counted() -> None:
    nowhere = Redis(port=1)
    queues = QueueService(nowhere, {"repair": usual_settings("repair")}, "node-1", deadline_s=0.5)
    assert (await running_states(queues, lambda _reason: False)).states == ()
    await nowhere.aclose()
