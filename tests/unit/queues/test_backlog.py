"""Waiting calls and the agent freed in the same step."""

from ari_app.queues.model import DeclineReason, LeaveReason
from tests.unit.queues.conftest import Floor


async def test_interrupted_call_goes_to_the_agent_idle_longest_and_not_to_the_agent_just_freed(floor: Floor) -> None:
    """Another agent was ready before the one freed in this step."""
    await floor.agent_ready("anna")
    await floor.agent_ready("bert")
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    first, second = floor.offers
    assert (first.agent_id, second.agent_id) == ("anna", "bert")

    await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
    await floor.service.declined(first.reservation_id, DeclineReason.CALLER_GONE)
    floor.offers.clear()
    await floor.service.declined(second.reservation_id, DeclineReason.INTERRUPTED)

    assert floor.taken() == [("call-2", "anna")]


async def test_agent_ready_in_another_queue_does_not_get_the_call_of_a_backlog(floor: Floor) -> None:
    await floor.agent_ready("anna", "consult")
    await floor.service.enter("call-1", "repair")
    assert floor.taken() == []
    await floor.agent_ready("bert", "repair", "consult")
    assert floor.taken() == [("call-1", "bert")]
