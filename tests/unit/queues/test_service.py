"""One node's queues on a real Redis, for callers and agents."""

import pytest

from ari_app.queues.errors import AgentNotSignedIn, NothingToWrapUp, QueueUnknown
from ari_app.queues.model import AgentState, DeclineReason, Departure, LeaveReason
from ari_app.queues.settings import HEAD_OF_QUEUE
from tests.unit.queues.conftest import Floor


async def test_a_caller_reaches_a_free_agent_and_the_agent_wraps_up(floor: Floor) -> None:
    await floor.agent_ready("anna")
    entered = await floor.service.enter("call-1", "repair")
    assert (entered.position, entered.in_line, entered.offered) == (1, 1, True)
    (offer,) = floor.offers
    assert (offer.call_id, offer.agent_id, offer.queue, offer.node) == ("call-1", "anna", "repair", "node-1")
    assert (offer.position, offer.waited_ms, offer.ring_ms) == (1, 0, 20_000)
    assert (await floor.service.agent("anna")).state is AgentState.RESERVED

    assert await floor.service.ringing(offer.reservation_id)
    assert (await floor.service.agent("anna")).state is AgentState.RINGING
    assert await floor.service.connected(offer.reservation_id)
    talking = await floor.service.agent("anna")
    assert (talking.state, talking.call_id, talking.until_ms) == (AgentState.TALKING, "call-1", None)
    assert await floor.service.position("call-1") is None

    assert await floor.service.finished("anna", "call-1")
    wrapping = await floor.service.agent("anna")
    assert (wrapping.state, wrapping.call_id) == (AgentState.WRAP_UP, "call-1")
    assert wrapping.until_ms == floor.clock.ms + 45_000
    done = await floor.service.wrap_up_done("anna")
    assert (done.state, done.call_id, done.until_ms) == (AgentState.READY, None, None)


async def test_the_agent_idle_longest_is_rung(floor: Floor) -> None:
    for name in ("anna", "bert", "cleo"):
        await floor.agent_ready(name)
    await floor.service.not_ready("anna", "break")
    await floor.service.ready("anna")
    for number in range(3):
        await floor.service.enter(f"call-{number}", "repair")
    assert floor.taken() == [("call-0", "bert"), ("call-1", "cleo"), ("call-2", "anna")]


async def test_callers_are_served_in_the_order_in_which_they_came(floor: Floor) -> None:
    for number in range(4):
        assert (await floor.service.enter(f"call-{number}", "repair")).position == number + 1
    await floor.agent_ready("anna")
    for number in range(4):
        (offer,) = floor.offers
        floor.offers.clear()
        assert offer.call_id == f"call-{number}"
        await floor.service.connected(offer.reservation_id)
        await floor.service.finished("anna", offer.call_id)
        await floor.service.ready("anna")


async def test_the_higher_priority_is_served_first_then_the_older_whatever_the_queue(floor: Floor) -> None:
    await floor.service.enter("consult-old", "consult")
    floor.clock.pass_s(1)
    await floor.service.enter("complaint-new", "complaint")
    await floor.service.enter("consult-vip", "consult", priority=50)
    await floor.service.enter("repair-usual", "repair")  # the queue itself has priority 5
    for name in ("anna", "bert", "cleo", "dora"):
        await floor.agent_ready(name, "consult", "complaint", "repair")
    assert [call for call, _ in floor.taken()] == ["consult-vip", "repair-usual", "consult-old", "complaint-new"]


async def test_a_hand_over_from_the_backlog_is_one_step(floor: Floor) -> None:
    await floor.service.enter("call-1", "repair")
    await floor.service.sign_in("anna", ["repair"])
    snapshot = await floor.service.ready("anna")
    assert snapshot.state is AgentState.RESERVED
    assert floor.taken() == [("call-1", "anna")]


@pytest.mark.parametrize("reason", [DeclineReason.NO_ANSWER, DeclineReason.BUSY, DeclineReason.REFUSED])
async def test_a_missed_call_goes_to_the_next_agent_with_its_place_kept(floor: Floor, reason: DeclineReason) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    (offer,) = floor.offers
    floor.clock.pass_s(20)
    await floor.service.declined(offer.reservation_id, reason)
    # The same caller is not rung at anna again, the next one is.
    assert [(o.call_id, o.agent_id) for o in floor.offers[1:]] == [("call-2", "anna")]
    assert (await floor.service.position("call-1")) is not None
    floor.offers.clear()
    await floor.agent_ready("bert")
    (offer,) = floor.offers
    assert (offer.call_id, offer.agent_id, offer.position, offer.waited_ms) == ("call-1", "bert", 1, 20_000)


async def test_the_only_agent_is_tried_again_after_the_back_off(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.declined(floor.offers.pop().reservation_id, DeclineReason.REFUSED)
    floor.clock.pass_s(19.9)
    await floor.service.sweep()
    assert floor.taken() == []
    floor.clock.pass_s(0.1)
    await floor.service.sweep()
    assert floor.taken() == [("call-1", "anna")]


async def test_an_agent_who_misses_twice_in_a_row_is_made_not_ready(floor: Floor) -> None:
    await floor.agent_ready("anna")
    for number in (1, 2):
        await floor.service.enter(f"call-{number}", "repair")
    await floor.service.declined(floor.offers[0].reservation_id, DeclineReason.NO_ANSWER)
    await floor.service.declined(floor.offers[1].reservation_id, DeclineReason.NO_ANSWER)
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, "no_answer")


async def test_an_unregistered_phone_makes_its_agent_not_ready_at_once(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    assert await floor.service.declined(floor.offers[0].reservation_id, DeclineReason.UNAVAILABLE)
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, "unavailable")
    assert (await floor.service.position("call-1")) is not None


async def test_abandoned_call_has_place_and_wait_and_counts_once(floor: Floor) -> None:
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    floor.clock.pass_s(7)
    departure = await floor.service.leave("call-2", LeaveReason.CALLER_HUNG_UP)
    assert departure == Departure(
        queue="repair", position=2, waited_ms=7000, reason=LeaveReason.CALLER_HUNG_UP, abandoned=True
    )
    assert await floor.service.leave("call-2", LeaveReason.CALLER_HUNG_UP) is None
    timed_out = await floor.service.leave("call-1", LeaveReason.TIMED_OUT)
    assert timed_out is not None
    assert not timed_out.abandoned


async def test_a_caller_who_hangs_up_during_the_ring_costs_the_agent_nothing(floor: Floor) -> None:
    await floor.agent_ready("anna")
    floor.clock.pass_s(1)
    await floor.agent_ready("bert")
    await floor.service.enter("call-1", "repair")
    (offer,) = floor.offers
    floor.offers.clear()
    departure = await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
    assert departure is not None
    assert departure.agent_id == "anna"
    assert (await floor.service.agent("anna")).state is AgentState.RESERVED
    assert await floor.service.declined(offer.reservation_id, DeclineReason.CALLER_GONE)
    await floor.service.enter("call-2", "repair")
    assert floor.taken() == [("call-2", "anna")]


async def test_call_declined_before_it_is_left_has_place_and_wait_too(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.declined(floor.offers.pop().reservation_id, DeclineReason.CALLER_GONE)
    assert floor.taken() == []
    floor.clock.pass_s(1)
    departure = await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
    assert departure is not None
    assert (departure.position, departure.waited_ms, departure.abandoned) == (1, 1000, True)


async def test_agent_is_freed_within_a_second_without_a_report_that_the_phone_is_silent(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
    floor.clock.pass_s(1)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.READY


async def test_an_old_reservation_is_refused(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    old = floor.offers.pop()
    floor.clock.pass_s(26)
    await floor.service.sweep()
    assert floor.taken() == []
    floor.clock.pass_s(20)
    await floor.service.sweep()
    new = floor.offers.pop()
    assert (new.call_id, new.agent_id) == ("call-1", "anna")
    assert not await floor.service.connected(old.reservation_id)
    assert not await floor.service.ringing(old.reservation_id)
    assert not await floor.service.declined(old.reservation_id, DeclineReason.NO_ANSWER)
    assert await floor.service.connected(new.reservation_id)
    assert await floor.service.connected(new.reservation_id), "saying it twice is harmless"
    assert not await floor.service.connected("nonsense")


async def test_a_pause_asked_for_while_busy_comes_after_the_wrap_up(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    paused = await floor.service.not_ready("anna", "lunch")
    assert (paused.state, paused.next_state, paused.next_reason) == (
        AgentState.TALKING,
        AgentState.NOT_READY,
        "lunch",
    )
    await floor.service.finished("anna", "call-1")
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP
    floor.clock.pass_s(45)
    await floor.service.sweep()
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason, anna.next_state) == (AgentState.NOT_READY, "lunch", None)


async def test_becoming_ready_takes_back_a_pause_asked_for(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.not_ready("anna", "lunch")
    await floor.service.ready("anna")
    await floor.service.finished("anna", "call-1")
    assert (await floor.service.wrap_up_done("anna")).state is AgentState.READY


async def test_invalid_requests_are_refused(floor: Floor) -> None:
    with pytest.raises(QueueUnknown):
        await floor.service.enter("call-1", "nowhere")
    with pytest.raises(QueueUnknown):
        await floor.service.sign_in("anna", ["nowhere"])
    with pytest.raises(ValueError, match="priority"):
        await floor.service.enter("call-1", "repair", priority=HEAD_OF_QUEUE + 1)
    with pytest.raises(ValueError, match="not an id"):
        await floor.service.enter("call~1", "repair")
    with pytest.raises(AgentNotSignedIn):
        await floor.service.ready("anna")
    with pytest.raises(AgentNotSignedIn):
        await floor.service.not_ready("anna", "break")
    await floor.agent_ready("anna")
    with pytest.raises(NothingToWrapUp):
        await floor.service.wrap_up_done("anna")
    assert not await floor.service.finished("anna", "call-1")
