"""Agents: signing in and out, own calls, views, restoring after a loss."""

import json
from typing import cast

from redis.asyncio import Redis

from ari_app.queues.model import DESK_CLOSED, AgentState, LeaveReason, WaitingCall
from ari_app.queues.service import QueueService
from ari_app.work.facts import STREAM, Entry
from tests.unit.queues.conftest import START_MS, Floor


async def test_signing_in_again_changes_the_queues_and_nothing_else(floor: Floor) -> None:
    await floor.service.enter("call-1", "consult")
    signed_in = await floor.service.sign_in("anna", ["repair"])
    assert (signed_in.state, signed_in.reason) == (AgentState.NOT_READY, "signed_in")
    await floor.service.ready("anna")
    again = await floor.service.sign_in("anna", ["repair"])
    assert (again.state, floor.taken()) == (AgentState.READY, [])
    moved = await floor.service.sign_in("anna", ["consult", "consult"])
    assert (moved.state, moved.queues) == (AgentState.RESERVED, ("consult",))
    assert floor.taken() == [("call-1", "anna")]
    await floor.service.enter("call-2", "repair")
    assert floor.taken() == []


async def test_signing_out_with_a_call_waits_for_its_end(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    assert (await floor.service.sign_out("anna")).next_state is AgentState.OFFLINE
    await floor.service.finished("anna", "call-1")
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP
    assert (await floor.service.wrap_up_done("anna")).state is AgentState.OFFLINE
    await floor.service.enter("call-2", "repair")
    assert floor.taken() == []


async def test_a_desk_that_comes_back_takes_back_the_sign_out(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.sign_out("anna")
    back = await floor.service.sign_in("anna", ["repair"])
    assert (back.state, back.next_state) == (AgentState.TALKING, None)


async def test_signing_out_twice_or_never_having_signed_in_is_no_error(floor: Floor) -> None:
    assert (await floor.service.sign_out("anna")).state is AgentState.OFFLINE
    assert (await floor.service.agent("nobody")).state is AgentState.OFFLINE


async def test_i3_an_agent_who_dials_out_gets_no_second_call(floor: Floor) -> None:
    await floor.agent_ready("anna")
    assert await floor.service.occupied("anna", "call-out")
    assert await floor.service.occupied("anna", "call-out"), "saying it twice is harmless"
    assert not await floor.service.occupied("anna", "call-other")
    await floor.service.enter("call-1", "repair")
    assert floor.taken() == []
    assert await floor.service.finished("anna", "call-out")
    assert floor.taken() == [("call-1", "anna")]
    assert not await floor.service.occupied("anna", "call-out"), "reserved for another call"


async def test_agent_who_dials_out_in_a_break_is_in_the_break_afterwards(floor: Floor) -> None:
    await floor.service.sign_in("anna", ["repair"])
    await floor.service.not_ready("anna", "paperwork")
    await floor.service.occupied("anna", "call-out")
    await floor.service.finished("anna", "call-out")
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, "paperwork")


async def test_agent_who_dials_out_in_wrap_up_is_in_wrap_up_afterwards(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-1")
    await floor.service.occupied("anna", "call-out")
    floor.clock.pass_s(600)
    await floor.service.sweep()
    await floor.service.finished("anna", "call-out")
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.until_ms) == (AgentState.WRAP_UP, floor.clock.ms + 45_000)


async def test_call_dialled_in_wrap_up_leaves_the_result_with_the_call_that_ended(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-1")
    for number, talked in enumerate((True, False)):
        assert await floor.service.occupied("anna", f"call-out-{number}")
        assert not await floor.service.result_stored("anna", f"call-out-{number}")
        assert await floor.service.finished("anna", f"call-out-{number}", talked=talked)
        anna = await floor.service.agent("anna")
        assert (anna.state, anna.call_id, anna.queue) == (AgentState.WRAP_UP, "call-1", "repair")
    await floor.service.occupied("anna", "call-out-3")
    assert await floor.service.result_stored("anna", "call-1"), "stored while the agent talks to another"
    await floor.service.finished("anna", "call-out-3")
    assert (await floor.service.wrap_up_done("anna")).state is AgentState.READY


async def test_agent_who_was_signed_out_is_signed_out_after_a_call(floor: Floor) -> None:
    await floor.service.occupied("anna", "call-out")
    assert (await floor.service.agent("anna")).next_state is AgentState.OFFLINE
    await floor.service.finished("anna", "call-out")
    assert (await floor.service.agent("anna")).state is AgentState.OFFLINE


async def test_a_caller_sent_back_by_the_agent_joins_anew_and_the_agent_wraps_up(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    floor.clock.pass_s(60)
    entered = await floor.service.enter("call-1", "complaint")
    assert (entered.position, entered.waited_ms) == (1, 0)
    assert await floor.service.finished("anna", "call-1")
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP
    await floor.agent_ready("bert", "complaint")
    assert floor.taken() == [("call-1", "bert")]


async def test_overflow_to_another_queue_keeps_the_original_join_time(floor: Floor) -> None:
    await floor.service.enter("call-1", "repair")
    floor.clock.pass_s(30)
    await floor.service.enter("call-2", "consult")
    moved = await floor.service.enter("call-1", "consult")
    assert (moved.position, moved.waited_ms) == (1, 30_000)
    snapshot = await floor.service.snapshot()
    assert {queue.queue: queue.waiting for queue in snapshot.queues} == {"consult": 2, "complaint": 0, "repair": 0}


async def test_the_snapshot_shows_lines_waits_and_states(floor: Floor) -> None:
    await floor.service.enter("old", "repair")
    floor.clock.pass_s(30)
    await floor.service.enter("vip", "repair", priority=40)
    floor.clock.pass_s(10)
    await floor.service.sign_in("anna", ["repair", "consult"])
    await floor.agent_ready("bert", "repair")
    snapshot = await floor.service.snapshot()
    assert snapshot.at_ms == START_MS + 40_000
    consult, complaint, repair = snapshot.queues
    assert (repair.queue, repair.waiting, repair.offered, repair.longest_wait_ms) == ("repair", 2, 1, 40_000)
    assert repair.agents == {AgentState.NOT_READY: 1, AgentState.RESERVED: 1}
    assert (consult.agents, complaint.agents) == ({AgentState.NOT_READY: 1}, {})
    assert [agent.agent_id for agent in snapshot.agents] == ["anna", "bert"]


async def test_agent_with_a_call_counts_in_the_queue_of_the_call_alone(floor: Floor) -> None:
    await floor.agent_ready("anna", "repair", "consult")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    consult, _, repair = (await floor.service.snapshot()).queues
    assert (consult.agents, repair.agents) == ({}, {AgentState.TALKING: 1})
    await floor.service.finished("anna", "call-1")
    consult, _, repair = (await floor.service.snapshot()).queues
    assert (consult.agents, repair.agents) == ({}, {AgentState.WRAP_UP: 1})
    await floor.service.wrap_up_done("anna")
    consult, _, repair = (await floor.service.snapshot()).queues
    assert (consult.agents, repair.agents) == ({AgentState.READY: 1}, {AgentState.READY: 1})


async def test_f19_the_line_is_put_together_again_in_its_order(floor: Floor, redis: Redis) -> None:
    for number in range(450):
        await floor.service.enter(f"call-{number:03}", "repair")
        floor.clock.pass_s(0.001)
    waiting = [
        WaitingCall(f"call-{n:03}", "repair", priority=0, joined_at_ms=START_MS + n, node="node-1") for n in range(450)
    ]
    await redis.flushall()
    await floor.service.enter("call-new", "repair")
    await floor.agent_ready("anna")
    assert floor.taken() == [("call-new", "anna")]
    assert await floor.service.restore(list(reversed(waiting))) == 450
    assert await floor.service.restore(waiting) == 0
    place = await floor.service.position("call-123")
    assert place is not None
    assert (place.position, place.in_line, place.waited_ms) == (124, 451, 450 - 123)
    await floor.agent_ready("bert")
    assert floor.taken() == [("call-000", "bert")]


async def test_a_queue_taken_out_of_the_file_is_served_to_its_end(floor: Floor, redis: Redis) -> None:
    await floor.service.enter("call-1", "complaint")
    await floor.service.sign_in("anna", ["complaint", "repair"])
    fewer = {name: settings for name, settings in floor.service.queues.items() if name != "complaint"}
    reloaded = Floor(QueueService(redis, fewer, "node-1", deadline_s=10, now_ms=floor.clock), floor.clock)
    await reloaded.service.ready("anna")
    (offer,) = reloaded.offers
    assert await reloaded.service.connected(offer.reservation_id)
    assert await reloaded.service.finished("anna", "call-1")
    assert (await reloaded.service.agent("anna")).state is AgentState.WRAP_UP


async def test_queue_change_is_published_when_a_caller_leaves(floor: Floor) -> None:
    for number in range(3):
        await floor.service.enter(f"call-{number}", "repair")
    await floor.service.leave("call-0", LeaveReason.CHOSE_OTHERWISE)
    place = await floor.service.position("call-2")
    assert place is not None
    assert (place.position, place.in_line) == (2, 2)


async def test_closed_desk_is_signed_out_after_its_grace_and_takes_no_sign_out_back(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.agent_ready("ben")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.sign_out("anna")
    assert (await floor.service.not_ready("anna", DESK_CLOSED)).next_state is AgentState.OFFLINE
    await floor.service.finished("anna", "call-1")
    assert (await floor.service.agent("anna")).state is AgentState.OFFLINE, "no wrap-up without a desk"
    await floor.service.not_ready("ben", DESK_CLOSED)
    floor.clock.pass_s(599)
    await floor.service.sweep()
    assert (await floor.service.agent("ben")).reason == DESK_CLOSED
    floor.clock.pass_s(1)
    await floor.service.sweep()
    assert (await floor.service.snapshot()).agents == ()
    await floor.agent_ready("ben")
    await floor.service.not_ready("ben", DESK_CLOSED)
    await floor.service.sign_in("ben", ["repair"])
    floor.clock.pass_s(700)
    await floor.service.sweep()
    assert (await floor.service.agent("ben")).reason == "signed_in", "the desk came back"


async def test_missed_ring_of_a_colleague_is_kept_as_a_miss(floor: Floor, redis: Redis) -> None:
    await floor.agent_ready("anna")
    await floor.service.occupied("anna", "call-1", "repair")
    floor.clock.pass_s(20)
    assert await floor.service.finished("anna", "call-1", talked=False, missed=True)
    assert (await floor.service.agent("anna")).state is AgentState.READY, "free at once, without wrap-up"
    facts = cast("list[Entry]", await redis.xrange(STREAM))
    kept = [json.loads(fact[b"queue"]) for _, fact in facts if b"queue" in fact]
    missed = [fact for fact in kept if fact["event"] == "RINGNOANSWER"]
    assert [(one["agent_id"], one["call_id"], one["queue"], one["ring_ms"]) for one in missed] == [
        ("anna", "call-1", "repair", 20_000)
    ]
