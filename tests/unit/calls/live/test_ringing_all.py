"""Ring all: the first of several agents to answer has the caller."""

import asyncio

import pytest

from ari_app.desk.call_states import CallAction
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from crm.history.model import CallOutcome
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import AGENTS, RING_S, FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_adoption import renewed
from tests.unit.calls.live.test_picking_up import taken
from tests.unit.calls.live.test_transfers import nothing_is_left

REFUSED, NOT_THERE = 21, 20
ALL = ("1001", "1002", "1003")

pytestmark = pytest.mark.parametrize("hotline", [{"strategy": "ring_all"}], indirect=True)


async def all_ring(hotline: FakeHotline, *numbers: str) -> tuple[FakeChannel, list[FakeChannel]]:
    """Have a caller for whom all these agents are rung."""
    for number in numbers or ALL:
        await hotline.agent_ready(number)
    caller = hotline.call()
    return caller, [await hotline.rung(number) for number in numbers or ALL]


async def test_first_to_answer_has_the_caller_and_the_others_stop_at_once(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    assert {agent for agent, _ in hotline.desks.popped} == {AGENTS[number].agent_id for number in ALL}
    assert hotline.live.state.agents == {AGENTS[number].agent_id for number in ALL}
    at = asyncio.get_running_loop().time()
    leg = await hotline.talking("1002")

    await until(lambda: legs[0].id in hotline.asterisk.gone and legs[2].id in hotline.asterisk.gone)
    assert asyncio.get_running_loop().time() - at < 0.5
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    await hotline.becomes(AgentState.READY, "1001", within_s=1)
    await hotline.becomes(AgentState.READY, "1003", within_s=1)
    assert (await hotline.agent("1002")).state is AgentState.TALKING
    assert hotline.desks.missed == []
    assert sorted(hotline.desks.answered_elsewhere) == [("staff-1001", "agent 1002"), ("staff-1003", "agent 1002")]
    assert hotline.live.state.rung == []
    assert hotline.live.state.agents == {"staff-1002"}
    hotline.asterisk.hang_up(leg.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1002"
    assert [entry.agent_id for entry in hotline.recordings.entries.values()] == ["staff-1002"], (
        "the recording names who talked"
    )


async def test_two_who_answer_in_one_moment_leave_one_conversation(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    for leg in legs:
        hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.live.state.bridged)
    await until(lambda: len(hotline.asterisk.gone.keys() & {leg.id for leg in legs}) == 2)
    (leg,) = [leg for leg in legs if leg.id not in hotline.asterisk.gone]
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    states = [(await hotline.agent(number)).state for number in ALL]
    assert sorted(states) == sorted([AgentState.TALKING, AgentState.READY, AgentState.READY])
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_next_caller_rings_all_whose_phones_stopped(hotline: FakeHotline) -> None:
    _caller, _legs = await all_ring(hotline)
    second = hotline.call("13800000002")
    await until(lambda: hotline.asterisk.hears(second.id) == "music:default")
    assert [state.stage for state in hotline.calls.live] == [CallStage.RINGING, CallStage.QUEUED]
    await hotline.talking("1001")
    (waiting,) = [state for state in hotline.calls.live if state.channel_id == second.id]
    await until(lambda: waiting.stage is CallStage.RINGING)
    assert waiting.agents == {"staff-1002", "staff-1003"}
    leg = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(second.id) == {leg.id}
    await until(lambda: hotline.ringing("1002") is None)


async def test_refusal_leaves_the_others_ringing(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    hotline.asterisk.hang_up(legs[0].id, REFUSED)
    await hotline.becomes(AgentState.READY, "1001", within_s=1)
    assert hotline.live.state.stage is CallStage.RINGING
    assert hotline.live.state.agents == {"staff-1002", "staff-1003"}
    assert hotline.desks.missed == [("staff-1001", 2)]
    leg = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}


async def test_phone_that_is_not_there_leaves_the_others_ringing(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    hotline.asterisk.hang_up(legs[0].id, NOT_THERE)
    await hotline.becomes(AgentState.NOT_READY, "1001", within_s=1)
    assert (await hotline.agent("1001")).reason == "unavailable"
    leg = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}


async def test_agent_without_a_phone_leaves_the_others_ringing(hotline: FakeHotline) -> None:
    await hotline.queues.sign_in("staff-9", ["repair"])
    await hotline.queues.ready("staff-9")
    caller, _ = await all_ring(hotline)
    assert (await hotline.queues.agent("staff-9")).reason == "unavailable"
    leg = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}


async def test_all_who_did_not_answer_are_rung_again_later(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    await until(lambda: all(leg.id in hotline.asterisk.gone for leg in legs), within_s=RING_S + 5)
    await until(lambda: hotline.live.state.stage is CallStage.QUEUED)
    assert hotline.asterisk.hears(caller.id) == "music:default"
    assert sorted(agent for agent, _ in hotline.desks.missed) == ["staff-1001", "staff-1002", "staff-1003"]
    for number in ALL:
        await hotline.rung(number)
    assert hotline.asterisk.longest_silence_s(caller.id) < 1


async def test_caller_who_hangs_up_stops_all_phones(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    assert all(leg.id in hotline.asterisk.gone for leg in legs)
    assert [(await hotline.agent(number)).state for number in ALL] == [AgentState.READY] * 3
    assert hotline.desks.missed == []
    assert hotline.history.only.outcome == CallOutcome.ABANDONED
    assert hotline.history.only.abandon_position == 1


async def test_next_process_goes_on_with_all_phones(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    await hotline.store.settled(hotline.live.state.id)
    await renewed(hotline)
    assert {leg.id for leg in legs} <= hotline.asterisk.channels.keys()
    leg = await hotline.talking("1003")
    assert leg.id == legs[2].id
    await until(lambda: legs[0].id in hotline.asterisk.gone and legs[1].id in hotline.asterisk.gone)
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    assert hotline.desks.missed == []
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_answer_while_no_process_listened_counts(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    await hotline.store.settled(hotline.live.state.id)
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.pick_up(legs[1].id)
    hotline.asterisk.told = True
    await hotline.restart()
    await until(lambda: hotline.asterisk.heard_by(caller.id) == {legs[1].id})
    await until(lambda: legs[0].id in hotline.asterisk.gone and legs[2].id in hotline.asterisk.gone)
    assert (await hotline.agent("1002")).state is AgentState.TALKING


async def test_answer_after_redis_lost_its_data(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    await hotline.redis.flushall()
    await hotline.reconciler.repair_queues()
    for number in ALL:
        await hotline.queues.sign_in(AGENTS[number].agent_id, ["repair"])
    hotline.asterisk.pick_up(legs[0].id)
    hotline.asterisk.pick_up(legs[2].id)
    await until(lambda: hotline.live.state.bridged)
    await until(lambda: len(hotline.asterisk.gone.keys() & {leg.id for leg in legs}) == 2)
    assert len(hotline.asterisk.heard_by(caller.id)) == 1
    states = [(await hotline.agent(number)).state for number in ALL]
    assert sorted(states) == [AgentState.READY, AgentState.READY, AgentState.TALKING], "those who lost are free"
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    assert len(hotline.history.records) == 1


async def test_colleague_takes_a_call_for_which_several_are_rung(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline, "1001", "1002")
    await hotline.queues.sign_in("staff-1003", ["repair"])
    await taken(hotline, "1003")
    leg = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    assert all(one.id in hotline.asterisk.gone for one in legs)
    assert [(await hotline.agent(number)).state for number in ("1001", "1002")] == [AgentState.READY] * 2
    assert hotline.desks.missed == []


async def test_page_that_was_reloaded_while_all_rang_costs_no_miss(hotline: FakeHotline) -> None:
    caller, legs = await all_ring(hotline)
    await hotline.order(CallAction.RECONNECT, "1002")
    await until(lambda: legs[1].id in hotline.asterisk.gone)
    await hotline.becomes(AgentState.READY, "1002", within_s=1)
    assert hotline.desks.missed == []
    leg = await hotline.talking("1001")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
