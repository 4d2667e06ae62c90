"""A supervisor pulls a waiting caller, on the real Redis."""

import asyncio

import pytest

from ari_app.queues.model import AgentState, DeclineReason
from tests.unit.queues.conftest import Floor

BOSS = "staff-boss"


async def test_pulled_caller_is_offered_to_the_supervisor_alone(floor: Floor) -> None:
    await floor.service.enter("call-1", "repair")
    assert await floor.service.pull("call-1", BOSS)
    (offer,) = floor.offers
    assert (offer.call_id, offer.agent_id, offer.pulled) == ("call-1", BOSS, True)
    floor.offers.clear()
    await floor.agent_ready("agent-1")
    assert floor.offers == [], "the caller is the supervisor's"
    assert await floor.service.connected(offer.reservation_id)
    assert await floor.service.finished(BOSS, "call-1")
    assert (await floor.service.agent(BOSS)).state is AgentState.OFFLINE, "no wrap-up, signed out as before"


@pytest.mark.parametrize("reason", [DeclineReason.NO_ANSWER, DeclineReason.UNAVAILABLE, DeclineReason.REFUSED])
async def test_caller_whom_the_supervisor_does_not_take_waits_on_in_place(floor: Floor, reason: DeclineReason) -> None:
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    await floor.service.pull("call-1", BOSS)
    (offer,) = floor.offers
    floor.offers.clear()
    assert await floor.service.declined(offer.reservation_id, reason)
    assert (await floor.service.agent(BOSS)).state is AgentState.OFFLINE
    place = await floor.service.position("call-1")
    assert place is not None
    assert (place.position, place.offered) == (1, False)
    await floor.agent_ready("agent-1")
    assert floor.taken() == [("call-1", "agent-1")]


async def test_pull_and_match_in_the_same_tick_give_the_caller_to_one(floor: Floor) -> None:
    """The first on Redis wins; the other is refused or waits."""
    winners = set()
    for turn in range(20):
        call, agent = f"call-{turn}", f"agent-{turn}"
        await floor.service.enter(call, "repair")
        await floor.service.sign_in(agent, ["repair"])
        steps = [floor.service.ready(agent), floor.service.pull(call, BOSS)]
        results = await asyncio.gather(*(steps if turn % 2 else reversed(steps)))
        pulled = next(one for one in results if isinstance(one, bool))
        (offer,) = floor.offers
        floor.offers.clear()
        assert offer.agent_id == (BOSS if pulled else agent)
        winners.add(pulled)
        assert await floor.service.connected(offer.reservation_id)
        await floor.service.finished(offer.agent_id, call)
        await floor.service.sign_out(agent)
    assert winners == {True, False}


async def test_caller_who_left_and_busy_supervisor_are_refused(floor: Floor) -> None:
    assert not await floor.service.pull("call-1", BOSS)
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    assert await floor.service.pull("call-1", BOSS)
    assert not await floor.service.pull("call-2", BOSS)
    assert not await floor.service.pull("call-1", "staff-other")
