"""Two things at once: the customer stays in an agent's hands (H25)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ari_app.ari import bridges
from ari_app.ari.errors import AriTimeout
from ari_app.calls.control.consulting import SETTLING_MS
from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from ari_app.queues.settings import HIGHEST_PRIORITY
from crm.history.model import StoryStep
from crm.notices.views import DutyNumber
from foundation.problems import Problem
from ivr.cursor import Cursor, CursorStore
from ivr.voice import Voice
from ivr.walker import Outcome, ToQueue
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import MUSIC, RTP_TIMEOUT, conversation, steps
from tests.unit.calls.live.test_transfers import OTHER, nothing_is_left, other_ready, outside, stage

DEPARTMENT = CallTarget("department", "dept-1")
Legs = tuple[FakeChannel, FakeChannel, FakeChannel]


async def consulting(hotline: FakeHotline) -> Legs:
    """Return the legs of customer, agent and consulted colleague."""
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    return caller, leg, await hotline.talking("1002")


async def attempts(*orders: Awaitable[object]) -> list[object]:
    """Give commands at once; return the answers, refusals included."""
    answers = await asyncio.gather(*orders, return_exceptions=True)
    assert all(not isinstance(answer, BaseException) or isinstance(answer, Problem) for answer in answers), answers
    return answers


Hands = Callable[[FakeHotline, Legs], Awaitable[None]]


async def agents_hands(hotline: FakeHotline, legs: Legs) -> None:
    """The agent has the customer: in the conversation, or on hold."""
    caller, leg, _ = legs
    control = hotline.live.state.control
    assert control is not None
    if control.stage in {ControlStage.HELD, ControlStage.CONSULTING}:
        assert hotline.asterisk.hears(caller.id) == MUSIC
        await hotline.order(CallAction.RESUME if control.stage is ControlStage.HELD else CallAction.CANCEL)
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}


async def senders_hands(hotline: FakeHotline, legs: Legs) -> None:
    """The agent's phone rings again, for the customer."""
    back = await hotline.talking()
    assert hotline.asterisk.heard_by(back.id) == {legs[0].id}


async def colleagues_hands(hotline: FakeHotline, legs: Legs) -> None:
    caller, _, third = legs
    assert hotline.asterisk.heard_by(third.id) == {caller.id}


async def queues_hands(hotline: FakeHotline, legs: Legs) -> None:
    """The customer is the queue's first, within the time to reconnect."""
    await until(lambda: hotline.live.state.stage is CallStage.QUEUED, within_s=31)
    await until(lambda: hotline.asterisk.hears(legs[0].id) == MUSIC)  # after the announcement of the place
    place = await hotline.queues.position(hotline.live.state.id)
    assert place is not None
    assert place.position == 1


async def two_commands(hotline: FakeHotline, _: Legs) -> None:
    answers = await attempts(hotline.order(CallAction.COMPLETE), hotline.order(CallAction.CANCEL))
    assert sum(isinstance(answer, Problem) for answer in answers) == 1, "one of them is refused"


async def both_hang_up(hotline: FakeHotline, legs: Legs) -> None:
    hotline.asterisk.hang_up(legs[1].id)
    hotline.asterisk.hang_up(legs[2].id)


async def both_hang_up_the_colleague_first(hotline: FakeHotline, legs: Legs) -> None:
    hotline.asterisk.hang_up(legs[2].id)
    hotline.asterisk.hang_up(legs[1].id)


async def both_are_lost(hotline: FakeHotline, legs: Legs) -> None:
    hotline.asterisk.hang_up(legs[2].id, RTP_TIMEOUT)
    hotline.asterisk.hang_up(legs[1].id, RTP_TIMEOUT)


async def both_are_lost_the_agent_first(hotline: FakeHotline, legs: Legs) -> None:
    hotline.asterisk.hang_up(legs[1].id, RTP_TIMEOUT)
    hotline.asterisk.hang_up(legs[2].id, RTP_TIMEOUT)


async def agent_signs_out(hotline: FakeHotline, _: Legs) -> None:
    await hotline.queues.sign_out("staff-1001")


async def completed_and_the_colleague_hangs_up(hotline: FakeHotline, legs: Legs) -> None:
    completing = asyncio.create_task(hotline.order(CallAction.COMPLETE))
    await asyncio.sleep(0)
    hotline.asterisk.hang_up(legs[2].id)
    await attempts(completing)


async def bridge_refused(hotline: FakeHotline, _: Legs) -> None:
    hotline.ari.failures[bridges.ADD] = AriTimeout("POST", "/bridges", "no answer")
    await attempts(hotline.order(CallAction.THREE_PARTY))
    hotline.ari.failures.clear()


async def swap_refused(hotline: FakeHotline, _: Legs) -> None:
    hotline.ari.failures[bridges.ADD] = AriTimeout("POST", "/bridges", "no answer")
    await attempts(hotline.order(CallAction.SWAP))
    hotline.ari.failures.clear()


@pytest.mark.parametrize(
    ("event", "hands"),
    [
        (two_commands, colleagues_hands),
        (both_hang_up, queues_hands),
        (both_hang_up_the_colleague_first, queues_hands),
        (both_are_lost, queues_hands),
        (both_are_lost_the_agent_first, queues_hands),
        (agent_signs_out, agents_hands),
        (completed_and_the_colleague_hangs_up, senders_hands),
        (bridge_refused, agents_hands),
        (swap_refused, agents_hands),
    ],
)
async def test_consultation_leaves_the_customer_in_good_hands(
    hotline: FakeHotline, event: Callable[[FakeHotline, Legs], Awaitable[None]], hands: Hands
) -> None:
    legs = await consulting(hotline)
    await event(hotline, legs)
    await asyncio.sleep(0.1)
    await hands(hotline, legs)
    assert hotline.asterisk.longest_silence_s(legs[0].id) < 1
    hotline.asterisk.hang_up(legs[0].id)
    await nothing_is_left(hotline)
    for number in ("1001", "1002"):
        assert (await hotline.agent(number)).state not in {AgentState.TALKING, AgentState.RINGING}


@pytest.mark.parametrize("first", ["answer", "cancel"])
async def test_answer_against_cancel(hotline: FakeHotline, first: str) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.rung("1002")
    if first == "answer":
        hotline.asterisk.pick_up(third.id)
    cancelling = asyncio.create_task(hotline.order(CallAction.CANCEL))
    await asyncio.sleep(0)
    if first == "cancel":
        hotline.asterisk.pick_up(third.id)
    await attempts(cancelling)
    await until(lambda: third.id not in hotline.asterisk.channels)
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    assert (await hotline.agent("1002")).state is not AgentState.TALKING
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_transfer_against_the_customers_hang_up(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    sending = asyncio.create_task(hotline.order(CallAction.TRANSFER, target=OTHER))
    await asyncio.sleep(0.0005)
    hotline.asterisk.hang_up(caller.id)
    await attempts(sending)
    await nothing_is_left(hotline)
    assert (await hotline.agent("1002")).state is AgentState.NOT_READY


async def test_transfer_against_the_agents_hang_up(hotline: FakeHotline) -> None:
    """The transfer goes on: the agent gave the call away."""
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    sending = asyncio.create_task(hotline.order(CallAction.TRANSFER, target=OTHER))
    await asyncio.sleep(0.0005)
    hotline.asterisk.hang_up(leg.id)
    await attempts(sending)
    third = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(third.id) == {caller.id}
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_department_answers_and_hangs_up_at_once(hotline: FakeHotline) -> None:
    """H2: the agent has the customer again."""
    caller, leg = await conversation(hotline)
    hotline.duty["dept-1"] = DutyNumber("张师傅", "045187654321")
    await hotline.order(CallAction.CONSULT, target=DEPARTMENT)
    third = await outside(hotline)
    hotline.asterisk.pick_up(third.id)
    await asyncio.sleep(0.5)
    hotline.asterisk.hang_up(third.id)
    await stage(hotline, ControlStage.HELD)
    await hotline.order(CallAction.RESUME)
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}
    await hotline.order(CallAction.TRANSFER, target=DEPARTMENT)
    again = await outside(hotline)
    hotline.asterisk.pick_up(again.id)
    await asyncio.sleep(0.5)
    hotline.asterisk.hang_up(again.id)
    back = await hotline.talking()
    assert hotline.asterisk.heard_by(back.id) == {caller.id}
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    hotline.asterisk.hang_up(back.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1001"


async def sent_to_the_colleague(hotline: FakeHotline) -> tuple[FakeChannel, FakeChannel]:
    """Return the legs of a customer and the colleague after a transfer."""
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.TRANSFER, target=OTHER)
    return caller, await hotline.talking("1002")


@pytest.mark.parametrize("by", ["phone", "desk"])
async def test_colleague_who_hangs_up_at_once_gives_the_customer_back(hotline: FakeHotline, by: str) -> None:
    caller, third = await sent_to_the_colleague(hotline)
    await asyncio.sleep(SETTLING_MS / 1000 - 1)
    if by == "phone":
        hotline.asterisk.hang_up(third.id)
    else:
        assert (await hotline.order(CallAction.HANG_UP, "1002")).over
    again = await hotline.talking()
    assert hotline.asterisk.heard_by(again.id) == {caller.id}
    assert third.id not in hotline.asterisk.channels
    assert (await hotline.agent("1002")).state is AgentState.WRAP_UP
    assert steps(hotline) == [StoryStep.TRANSFERRED, StoryStep.ANSWERED, StoryStep.LEFT, StoryStep.RETURNED]
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    # The agent who has the customer again serves it: this hang-up is the call's end.
    hotline.asterisk.hang_up(again.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1001"


async def test_colleague_who_talked_ends_the_call(hotline: FakeHotline) -> None:
    _, third = await sent_to_the_colleague(hotline)
    await asyncio.sleep(SETTLING_MS / 1000 + 0.1)
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1002"


@pytest.mark.parametrize("sender", ["has another call", "does not answer"])
async def test_customer_who_cannot_return_to_the_sender_is_the_queues_first(hotline: FakeHotline, sender: str) -> None:
    caller, third = await sent_to_the_colleague(hotline)
    if sender == "has another call":
        assert await hotline.queues.occupied("staff-1001", "call-another")
    hotline.asterisk.hang_up(third.id)
    await queues_hands(hotline, (caller, caller, third))
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    if sender == "has another call":
        assert (await hotline.agent()).call_id == "call-another"
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_process_that_dies_while_the_customer_returns_rings_the_sender(hotline: FakeHotline) -> None:
    caller, third = await sent_to_the_colleague(hotline)
    hotline.asterisk.hang_up(third.id)
    back = await hotline.rung("1001")
    await hotline.leave()
    await hotline.restart()
    await until(lambda: hotline.live.commands.is_open)
    hotline.asterisk.pick_up(back.id)
    await until(lambda: hotline.asterisk.heard_by(back.id) == {caller.id})
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_head_of_the_queue_is_before_a_protected_customer_who_waits_longer(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)

    async def protected(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        return ToQueue("repair", "repair", priority=HIGHEST_PRIORITY)

    hotline.script = protected
    waiting = hotline.call("13800000009")
    await until(lambda: any(state.stage is CallStage.QUEUED for state in hotline.calls.live))
    await asyncio.sleep(60)
    hotline.asterisk.unregistered.add("PJSIP/agent1001")
    hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
    await until(lambda: [state.stage for state in hotline.calls.live] == [CallStage.QUEUED] * 2, within_s=60)
    await hotline.agent_ready("1002")
    second = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(second.id) == {caller.id}
    for channel in (caller, waiting):
        hotline.asterisk.hang_up(channel.id)
    await hotline.over()


async def test_redis_that_loses_its_data_in_a_consultation_gets_both_agents_back(hotline: FakeHotline) -> None:
    """F19."""
    caller, _, third = await consulting(hotline)
    await hotline.redis.flushdb()
    await hotline.queues.sweep()
    assert (await hotline.agent("1002")).state is AgentState.OFFLINE
    assert await hotline.reconciler.repair_queues() == 2
    for number in ("1001", "1002"):
        agent = await hotline.agent(number)
        assert (agent.state, agent.call_id) == (AgentState.TALKING, hotline.live.state.id)
    await hotline.order(CallAction.COMPLETE)
    assert hotline.asterisk.heard_by(third.id) == {caller.id}
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
