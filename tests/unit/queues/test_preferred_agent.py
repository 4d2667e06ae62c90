"""Repeat callers go first to the agent who knows the matter (H15)."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from redis.asyncio import Redis

from ari_app.queues.model import DeclineReason, PreferredAgent, PreferredBy, WaitingCall
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from tests.unit.queues.conftest import Clock, Floor

CLEO = (PreferredAgent("cleo", PreferredBy.TICKET),)


async def test_preferred_agent_is_rung_before_the_agent_idle_longest(floor: Floor) -> None:
    for name in ("anna", "bert", "cleo"):
        await floor.agent_ready(name)
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    assert floor.taken() == [("call-1", "cleo")]


async def test_preferred_agent_who_is_not_ready_is_not_waited_for(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.sign_in("cleo", ["repair"])
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    assert floor.taken() == [("call-1", "anna")]


async def test_preferred_agent_of_another_queue_is_not_rung(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.agent_ready("cleo", "consult")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    assert floor.taken() == [("call-1", "anna")]


async def test_preferred_agent_who_declined_is_rung_again_only_after_the_others(floor: Floor) -> None:
    for name in ("anna", "cleo"):
        await floor.agent_ready(name)
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.REFUSED)
    assert floor.taken() == [("call-1", "cleo"), ("call-1", "anna")]


async def test_preference_survives_lost_data_of_redis(floor: Floor) -> None:
    for name in ("anna", "cleo"):
        await floor.agent_ready(name)
    await floor.service.restore([WaitingCall("call-1", "repair", 0, floor.clock.ms, "node-1", CLEO)])
    assert floor.taken() == [("call-1", "cleo")]


# With a time: the caller waits for this agent alone while the agent is busy.


def patient_floor(redis: Redis) -> Floor:
    waits = {PreferredBy.TICKET: 15, PreferredBy.LAST_CALL: 10}
    queues = {
        name: QueueSettings(name=name, title_zh=name, title_en=name, preferred_wait_s=waits, wrap_up_s=0)
        for name in ("repair", "consult")
    }
    clock = Clock()
    return Floor(QueueService(redis, queues, "node-1", deadline_s=10, now_ms=clock), clock)


async def busy(floor: Floor, agent_id: str) -> Callable[[], Awaitable[bool]]:
    """Sign an agent in who talks; the result ends that call."""
    await floor.agent_ready(agent_id)
    await floor.service.occupied(agent_id, f"out-{agent_id}")
    return partial(floor.service.finished, agent_id, f"out-{agent_id}")


async def sweep_after(floor: Floor, seconds: float) -> None:
    floor.clock.pass_s(seconds)
    await floor.service.sweep()


async def test_caller_waits_for_a_busy_preferred_agent_though_others_are_free(redis: Redis) -> None:
    floor = patient_floor(redis)
    end = await busy(floor, "cleo")
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    await sweep_after(floor, 14.9)
    assert floor.taken() == []
    await end()
    assert floor.taken() == [("call-1", "cleo")]


async def test_after_the_time_the_next_preferred_agent_then_any_is_rung(redis: Redis) -> None:
    floor = patient_floor(redis)
    await busy(floor, "cleo")
    await busy(floor, "dora")
    await floor.agent_ready("anna")
    wanted = (*CLEO, PreferredAgent("dora", PreferredBy.LAST_CALL), PreferredAgent("elsa", PreferredBy.LAST_CALL))
    await floor.service.enter("call-1", "repair", preferred=wanted)
    await sweep_after(floor, 15)
    assert floor.taken() == []
    await sweep_after(floor, 9.9)
    assert floor.taken() == []
    await sweep_after(floor, 0.1)
    assert floor.taken() == [("call-1", "anna")]


@pytest.mark.parametrize("leave", ["signs_out", "pauses", "changes_queue"])
async def test_caller_goes_on_at_once_when_the_agent_will_not_come(redis: Redis, leave: str) -> None:
    floor = patient_floor(redis)
    await busy(floor, "cleo")
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    assert floor.taken() == []
    if leave == "signs_out":
        await floor.service.sign_out("cleo")
    elif leave == "pauses":
        await floor.service.not_ready("cleo", "break")
    else:
        await floor.service.sign_in("cleo", ["consult"])
    assert floor.taken() == [("call-1", "anna")]


@pytest.mark.parametrize("absence", ["offline", "paused", "pause_asked_for", "other_queue"])
async def test_agent_who_is_away_is_not_waited_for(redis: Redis, absence: str) -> None:
    floor = patient_floor(redis)
    if absence == "paused":
        await floor.service.sign_in("cleo", ["repair"])
    elif absence == "pause_asked_for":
        await busy(floor, "cleo")
        await floor.service.not_ready("cleo", "break")
    elif absence == "other_queue":
        await floor.agent_ready("cleo", "consult")
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    assert floor.taken() == [("call-1", "anna")]


async def test_preferred_agent_who_misses_the_call_is_not_waited_for_again(redis: Redis) -> None:
    floor = patient_floor(redis)
    await floor.agent_ready("cleo")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    await floor.agent_ready("anna")
    await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.NO_ANSWER)
    assert floor.taken() == [("call-1", "cleo"), ("call-1", "anna")]


async def test_caller_who_waits_for_one_agent_holds_up_no_other(redis: Redis) -> None:
    floor = patient_floor(redis)
    end = await busy(floor, "cleo")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    await floor.service.enter("call-2", "repair")
    await floor.agent_ready("anna")
    assert floor.taken() == [("call-2", "anna")]
    await end()
    assert floor.taken() == [("call-1", "cleo")]


async def test_older_caller_comes_before_the_one_who_waits_for_the_agent(redis: Redis) -> None:
    floor = patient_floor(redis)
    end = await busy(floor, "cleo")
    await floor.service.enter("old", "repair")
    await floor.service.enter("call-1", "repair", preferred=CLEO)
    await end()
    assert floor.taken() == [("old", "cleo")]
