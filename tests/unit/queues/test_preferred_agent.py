"""Repeat callers go first to the agent who knows the matter (H15)."""

from ari_app.queues.model import DeclineReason, WaitingCall
from tests.unit.queues.conftest import Floor


async def test_preferred_agent_is_rung_before_the_agent_idle_longest(floor: Floor) -> None:
    for name in ("anna", "bert", "cleo"):
        await floor.agent_ready(name)
    await floor.service.enter("call-1", "repair", preferred_agent_id="cleo")
    assert floor.taken() == [("call-1", "cleo")]


async def test_preferred_agent_who_is_not_ready_is_not_waited_for(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.sign_in("cleo", ["repair"])
    await floor.service.enter("call-1", "repair", preferred_agent_id="cleo")
    assert floor.taken() == [("call-1", "anna")]


async def test_preferred_agent_of_another_queue_is_not_rung(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.agent_ready("cleo", "consult")
    await floor.service.enter("call-1", "repair", preferred_agent_id="cleo")
    assert floor.taken() == [("call-1", "anna")]


async def test_preferred_agent_who_declined_is_rung_again_only_after_the_others(floor: Floor) -> None:
    for name in ("anna", "cleo"):
        await floor.agent_ready(name)
    await floor.service.enter("call-1", "repair", preferred_agent_id="cleo")
    await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.REFUSED)
    assert floor.taken() == [("call-1", "cleo"), ("call-1", "anna")]


async def test_preference_survives_lost_data_of_redis(floor: Floor) -> None:
    for name in ("anna", "cleo"):
        await floor.agent_ready(name)
    await floor.service.restore([WaitingCall("call-1", "repair", 0, floor.clock.ms, "node-1", "cleo")])
    assert floor.taken() == [("call-1", "cleo")]
