"""Transfers, consultations, three-party calls and parking on a fake Asterisk."""

import asyncio
import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from ari_app.calls.control.directory import live_view
from ari_app.calls.control.errors import NoCall, NotNow, TargetBusy, TargetInvalid, TooManyOutsideCalls
from ari_app.calls.control.model import Control
from ari_app.calls.control.orders import Order
from ari_app.calls.control.outside_places import DIALLED_WITHIN_S
from ari_app.calls.errors import NumberRefused
from ari_app.calls.store import CallStore
from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallChanged
from ari_app.queues.model import AgentState
from ari_app.runtime.live_board import board_call
from ari_app.work.facts import STREAM, Entry
from crm.history.model import CallOutcome, StoryStep
from crm.notices.views import DutyNumber
from foundation.clock import from_milliseconds
from ivr.cursor import Cursor, CursorStore
from ivr.voice import Voice
from ivr.walker import Outcome, ToQueue
from recordings.model import RecordingKind, RecordingStatus
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import AGENTS, FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import MUSIC, RTP_TIMEOUT, conversation, steps

OTHER = CallTarget("agent", "staff-1002")
OUTSIDE = CallTarget("number", "045187654321")
OUTSIDE_ENDPOINT = "PJSIP/+8645187654321@trunk"
BUSY = 17


async def other_ready(hotline: FakeHotline) -> None:
    """Sign a colleague in who takes no calls of the queue."""
    await hotline.queues.sign_in("staff-1002", ["repair"])
    await hotline.queues.not_ready("staff-1002", "paperwork")


async def outside(hotline: FakeHotline) -> FakeChannel:
    """Wait until the outside number rings."""

    def ringing() -> FakeChannel | None:
        legs = (leg for leg in hotline.asterisk.channels.values() if leg.endpoint == OUTSIDE_ENDPOINT)
        return next((leg for leg in legs if leg.state == "Ringing"), None)

    await until(ringing)
    leg = ringing()
    assert leg is not None
    return leg


def shown(hotline: FakeHotline, number: str) -> CallChanged:
    """Return what an agent's desk was sent last."""
    agent_id = AGENTS[number].agent_id
    return [changed for agent, changed in hotline.desks.shown if agent == agent_id][-1]


async def stage(hotline: FakeHotline, wanted: ControlStage) -> None:
    """Wait for a stage of the one call."""
    await until(lambda: hotline.live.state.control is not None and hotline.live.state.control.stage is wanted)


async def nothing_is_left(hotline: FakeHotline) -> None:
    """End the calls, and find no leg, bridge, tape or open recording."""
    await hotline.over()
    assert not hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair", "hold-usual"}
    assert {entry.status for entry in hotline.recordings.entries.values()} <= {RecordingStatus.SEALED}
    assert len(hotline.history.records) == 1


async def test_blind_transfer_to_a_colleague(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)

    sent = await hotline.order(CallAction.TRANSFER, target=OTHER, note="asks about the bill")
    assert sent.over
    assert leg.id not in hotline.asterisk.channels
    assert hotline.asterisk.hears(caller.id) == MUSIC
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    assert hotline.desks.popped[-1][0] == "staff-1002"
    assert shown(hotline, "1002").takes == "transfer", "no consultation"
    assert shown(hotline, "1002").note == "asks about the bill"
    second = await hotline.talking("1002")
    assert shown(hotline, "1002").note == "asks about the bill"

    assert hotline.asterisk.heard_by(second.id) == {caller.id}
    assert hotline.desks.shown[-1][0] == "staff-1002"
    held = await hotline.order(CallAction.HOLD, "1002")
    assert held.state == "held"
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    record = hotline.history.only
    assert (record.outcome, record.agent_id) == (CallOutcome.ANSWERED, "staff-1002")
    assert (await hotline.agent("1002")).state is AgentState.WRAP_UP
    assert [entry.agent_id for entry in hotline.recordings.entries.values()] == ["staff-1001", "staff-1002"]


async def misses(hotline: FakeHotline) -> list[str]:
    """Return the agents of stored missed offers."""
    facts = cast("list[Entry]", await hotline.redis.xrange(STREAM))
    kept = [json.loads(fact[b"queue"]) for _, fact in facts if b"queue" in fact]
    return [fact["agent_id"] for fact in kept if fact["event"] == "RINGNOANSWER"]


async def test_consultation_that_is_not_answered_is_named_and_no_missed_offer(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER, note="may she?")
    ringing = await hotline.rung("1002")
    assert shown(hotline, "1002").note == "may she?"
    hotline.asterisk.hang_up(ringing.id, BUSY)
    await stage(hotline, ControlStage.HELD)
    gone = shown(hotline, "1001").returned_from
    assert gone is not None
    assert (gone.id, gone.answered) == ("staff-1002", False)
    assert hotline.desks.missed == [("staff-1002", 0)]
    assert await misses(hotline) == []
    assert (await hotline.order(CallAction.RESUME)).returned_from is None


@pytest.mark.parametrize("end", ["refused", "no answer"])
async def test_transfer_that_fails_comes_back_to_the_sender(hotline: FakeHotline, end: str) -> None:
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    assert hotline.live.state.talk is not None
    hotline.live.state.talk.waited_ms = 7000
    await hotline.order(CallAction.TRANSFER, target=OTHER)
    ringing = await hotline.rung("1002")
    if end == "refused":
        hotline.asterisk.hang_up(ringing.id, BUSY)
    again = await hotline.talking()

    assert hotline.asterisk.heard_by(again.id) == {caller.id}
    assert StoryStep.NOT_ANSWERED in steps(hotline)
    (to_colleague,) = [pop for agent_id, pop in hotline.desks.popped if agent_id == "staff-1002"]
    assert to_colleague.waited_ms == 7000, "the caller's wait, not the colleague's"
    assert hotline.desks.missed == [("staff-1002", 0)], "the colleague's desk says what was missed"
    assert await misses(hotline) == ["staff-1002"]
    back = shown(hotline, "1001").returned_from
    assert back is not None, "the desk says why it rang again"
    assert (back.id, back.answered) == ("staff-1002", False)
    await hotline.order(CallAction.HOLD)
    assert (await hotline.order(CallAction.RESUME)).returned_from is None
    assert (await hotline.agent("1002")).state is AgentState.NOT_READY
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    hotline.asterisk.hang_up(again.id)
    await nothing_is_left(hotline)


async def test_transfer_whose_sender_is_gone_too_goes_to_the_queue(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.TRANSFER, target=OTHER)
    ringing = await hotline.rung("1002")
    await hotline.queues.sign_out("staff-1001")
    hotline.asterisk.unregistered.add("PJSIP/agent1001")
    hotline.asterisk.hang_up(ringing.id, BUSY)
    await hotline.queued()
    await hotline.agent_ready("1003")
    third = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(caller.id) == {third.id}
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)


async def test_transfer_to_a_queue_keeps_the_story(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await hotline.agent_ready("1002")
    await hotline.order(CallAction.TRANSFER, target=CallTarget("queue", "repair"), to_head=True, note="asks again")
    second = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(second.id) == {caller.id}
    assert steps(hotline) == [StoryStep.TRANSFERRED, StoryStep.QUEUED]
    assert shown(hotline, "1002").note == "asks again"
    hotline.asterisk.hang_up(second.id)
    await nothing_is_left(hotline)
    assert (await hotline.agent()).state is AgentState.WRAP_UP


async def test_targets_that_cannot_be_called(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    for target, error in (
        (CallTarget("agent", "staff-1001"), TargetInvalid),
        (CallTarget("agent", "staff-9999"), TargetInvalid),
        (CallTarget("agent", "staff-1002"), TargetBusy),
        (CallTarget("queue", "nowhere"), TargetInvalid),
        (CallTarget("department", "dept-1"), TargetBusy),
        (CallTarget("number", "110"), NumberRefused),
        (CallTarget("number", "+14155550123"), NumberRefused),
        (CallTarget("number", "hello"), NumberRefused),
    ):
        with pytest.raises(error):
            await hotline.order(CallAction.TRANSFER, target=target)
    await other_ready(hotline)
    hotline.asterisk.unregistered.add("PJSIP/agent1002")
    with pytest.raises(TargetBusy, match="not registered"):
        await hotline.order(CallAction.CONSULT, target=OTHER)
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}
    assert (await hotline.agent("1002")).state is AgentState.NOT_READY


async def test_outside_calls_of_an_agent_are_capped(hotline: FakeHotline) -> None:
    await conversation(hotline)
    for _ in range(5):
        await hotline.order(CallAction.CONSULT, target=OUTSIDE)
        await hotline.order(CallAction.CANCEL)
        await asyncio.sleep(DIALLED_WITHIN_S)
    with pytest.raises(TooManyOutsideCalls, match="today"):
        await hotline.order(CallAction.CONSULT, target=OUTSIDE)


async def test_outside_numbers_of_another_node_are_counted(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await hotline.order(CallAction.CONSULT, target=OUTSIDE)
    here = hotline.live.state
    elsewhere = CallStore(hotline.redis, "other-node")
    for number in range(2):
        there = msgspec.structs.replace(here, id=f"call-there-{number}", node="other-node")
        control = msgspec.convert(msgspec.to_builtins(here.control), Control)
        assert control.party is not None
        control.party.target = msgspec.structs.replace(control.party.target, place=f"outside-there-{number}")
        await elsewhere.save(msgspec.structs.replace(there, control=control))
    await hotline.order(CallAction.CANCEL)
    await asyncio.sleep(DIALLED_WITHIN_S)
    await hotline.order(CallAction.CONSULT, target=OUTSIDE)
    await hotline.order(CallAction.CANCEL)
    await elsewhere.save(msgspec.structs.replace(here, id="call-there-2", node="other-node"))
    with pytest.raises(TooManyOutsideCalls, match="3 outside numbers are called"):
        await hotline.order(CallAction.CONSULT, target=OUTSIDE)
    for number in range(3):
        elsewhere.forget(f"call-there-{number}")


async def test_consult_swap_and_complete(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    ears = hotline.asterisk.heard_by

    ringing = await hotline.order(CallAction.CONSULT, target=OTHER)
    assert ringing.state == "consult_ringing"
    assert (hotline.asterisk.hears(caller.id), ears(leg.id)) == (MUSIC, set())
    assert hotline.asterisk.hears(leg.id) == "ringing"
    third = await hotline.talking("1002")
    assert (ears(third.id), ears(leg.id), ears(caller.id)) == ({leg.id}, {third.id}, set())
    with pytest.raises(NotNow, match="consulted"):
        await hotline.order(CallAction.HOLD, "1002")

    assert (await hotline.order(CallAction.SWAP)).state == "swapped"
    assert (ears(third.id), ears(leg.id), ears(caller.id)) == (set(), {caller.id}, {leg.id})
    assert hotline.asterisk.hears(third.id) == MUSIC
    assert (await hotline.order(CallAction.SWAP)).state == "consulting"
    assert (ears(third.id), ears(leg.id), ears(caller.id)) == ({leg.id}, {third.id}, set())

    assert (await hotline.order(CallAction.COMPLETE)).over
    assert (ears(third.id), ears(caller.id)) == ({caller.id}, {third.id})
    assert leg.id not in hotline.asterisk.channels
    with pytest.raises(NoCall):
        await hotline.order(CallAction.HOLD)
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    kinds = [entry.kind for entry in hotline.recordings.entries.values()]
    talk, consult = RecordingKind.CONVERSATION, RecordingKind.CONSULT
    assert kinds == [talk, consult, talk, consult, talk]


async def test_consultation_is_cancelled_or_not_answered(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.talking("1002")
    assert (await hotline.order(CallAction.CANCEL)).state == "talking"
    assert third.id not in hotline.asterisk.channels
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}

    await hotline.order(CallAction.CONSULT, target=OTHER)
    await stage(hotline, ControlStage.HELD)
    assert (await hotline.agent("1002")).state is AgentState.WRAP_UP, "of the talk before"
    assert (await hotline.order(CallAction.RESUME)).state == "talking"
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}


async def test_completed_before_the_answer(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    await hotline.order(CallAction.COMPLETE)
    assert leg.id not in hotline.asterisk.channels
    third = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(third.id) == {caller.id}


async def test_three_party_call_with_the_department_and_the_agent_leaves(hotline: FakeHotline) -> None:
    """H2."""
    caller, leg = await conversation(hotline)
    hotline.duty["dept-1"] = DutyNumber("张师傅", "045187654321")
    asked = await hotline.order(CallAction.CONSULT, target=CallTarget("department", "dept-1"))
    assert asked.party is not None
    assert (asked.party.name, asked.party.answered) == ("张师傅", False)
    third = await outside(hotline)
    hotline.asterisk.pick_up(third.id)
    await stage(hotline, ControlStage.CONSULTING)
    ears = hotline.asterisk.heard_by

    await hotline.order(CallAction.THREE_PARTY)
    assert ears(caller.id) == {leg.id, third.id}
    assert ears(third.id) == {leg.id, caller.id}

    assert (await hotline.order(CallAction.LEAVE)).over
    assert ears(caller.id) == {third.id}
    assert ears(third.id) == {caller.id}
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    await asyncio.sleep(60)
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1001"


async def test_colleague_in_a_call_of_three_mutes_and_presses_keys(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.talking("1002")
    ears = hotline.asterisk.heard_by
    with pytest.raises(NotNow):
        await hotline.order(CallAction.DIGITS, "1002", digits="1")
    await hotline.order(CallAction.THREE_PARTY)

    muted = await hotline.order(CallAction.MUTE, "1002")
    assert muted.muted
    assert {CallAction.UNMUTE, CallAction.DIGITS} <= set(muted.may)
    assert not shown(hotline, "1001").muted
    assert ears(caller.id) == {leg.id}
    assert not (await hotline.order(CallAction.UNMUTE, "1002")).muted
    assert ears(caller.id) == {leg.id, third.id}
    await hotline.order(CallAction.DIGITS, "1002", digits="12#")
    await hotline.order(CallAction.MUTE, "1002")
    await hotline.order(CallAction.LEAVE)
    await until(lambda: shown(hotline, "1002").role == "agent")
    assert shown(hotline, "1002").muted, "muted still, as the phone is"
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)


async def test_hanging_up_in_a_consultation_completes_it(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.talking("1002")
    hotline.asterisk.hang_up(leg.id)
    await until(lambda: hotline.asterisk.heard_by(third.id) == {caller.id})


async def test_agent_who_vanishes_in_a_consultation_comes_back_to_it(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.talking("1002")
    hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
    await stage(hotline, ControlStage.AWAY)
    assert {hotline.asterisk.hears(one.id) for one in (caller, third)} == {MUSIC}
    await hotline.order(CallAction.RECONNECT)
    again = await hotline.talking()
    await until(lambda: hotline.asterisk.heard_by(again.id) == {third.id})
    assert hotline.asterisk.hears(caller.id) == MUSIC


async def test_parked_call_is_picked_up_by_another_agent(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    call_id = hotline.live.state.id
    assert (await hotline.order(CallAction.PARK)).over
    assert hotline.asterisk.hears(caller.id) == MUSIC
    assert (await hotline.agent()).state is AgentState.WRAP_UP

    order = Order(agent_id=AGENTS["1002"].agent_id, action=CallAction.PICK_UP)
    await hotline.control.pick_up(call_id, order)
    ringing = await hotline.rung("1002")
    hotline.asterisk.hang_up(ringing.id, BUSY)
    await stage(hotline, ControlStage.PARKED)
    picked = await hotline.control.pick_up(call_id, order)
    assert (picked.role, picked.takes) == ("third", "pick_up")
    assert picked.agent is not None
    assert picked.agent.id == "staff-1001", "the one who parked it"
    second = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(second.id) == {caller.id}


async def test_parked_call_that_no_agent_takes_goes_to_the_queue(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await hotline.order(CallAction.PARK)
    await until(lambda: hotline.live.state.stage == "queued", within_s=200)
    state = hotline.live.state
    assert live_view(state).queued_at == from_milliseconds(state.returned_at_ms or 0), "as the queue counts the wait"
    assert board_call(state).since_ms == state.returned_at_ms


@pytest.mark.parametrize("at", ["consult_ringing", "consulting", "swapped", "three_party", "transferring", "left"])
async def test_another_process_goes_on_with_a_third_party(hotline: FakeHotline, at: str) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    target = OUTSIDE if at == "left" else OTHER
    await hotline.order(CallAction.TRANSFER if at == "transferring" else CallAction.CONSULT, target=target)
    if at in {"consulting", "swapped", "three_party"}:
        third = await hotline.talking("1002")
    elif at == "left":
        third = await outside(hotline)
        hotline.asterisk.pick_up(third.id)
        await stage(hotline, ControlStage.CONSULTING)
        await hotline.order(CallAction.COMPLETE)
    else:
        third = await hotline.rung("1002")
    if at in {"swapped", "three_party"}:
        await hotline.order(CallAction.SWAP if at == "swapped" else CallAction.THREE_PARTY)

    await asyncio.sleep(1)
    await hotline.leave()
    if at in {"consult_ringing", "transferring"}:
        hotline.asterisk.told = False  # its event reaches no process
        hotline.asterisk.pick_up(third.id)
        hotline.asterisk.told = True
    await hotline.restart()
    await until(lambda: hotline.live.commands.is_open)
    ears = hotline.asterisk.heard_by

    expected = {
        "consult_ringing": lambda: (ears(third.id), ears(caller.id)) == ({leg.id}, set()),
        "consulting": lambda: (ears(third.id), ears(caller.id)) == ({leg.id}, set()),
        "swapped": lambda: (ears(third.id), ears(caller.id)) == (set(), {leg.id}),
        "three_party": lambda: ears(caller.id) == {leg.id, third.id},
        "transferring": lambda: ears(caller.id) == {third.id},
        "left": lambda: ears(caller.id) == {third.id},
    }
    await until(expected[at])
    if at in {"consult_ringing", "consulting", "swapped"}:
        await hotline.order(CallAction.COMPLETE)
    elif at == "three_party":
        await hotline.order(CallAction.LEAVE)
    await until(lambda: ears(caller.id) == {third.id})
    await asyncio.sleep(1)
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize("held", [False, True])
async def test_transfer_to_a_flow_begins_it_anew(hotline: FakeHotline, held: bool) -> None:
    caller, leg = await conversation(hotline)
    steps_walked: list[str] = []

    async def again(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        steps_walked.append(f"{cursor.flow}.{cursor.step}")
        await voice.say([Path("/prompts/zh/menu.wav")])
        return ToQueue("repair", "repair")

    hotline.script = again
    if held:
        await hotline.order(CallAction.HOLD)
    with pytest.raises(TargetInvalid):
        await hotline.order(CallAction.TRANSFER, target=CallTarget("flow", "survey"))
    with pytest.raises(TargetInvalid):
        await hotline.order(CallAction.CONSULT, target=CallTarget("flow", "main"))
    await hotline.order(CallAction.TRANSFER, target=CallTarget("flow", "main"))
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    assert leg.id in hotline.asterisk.gone
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    await hotline.queues.ready("staff-1001")
    second = await hotline.talking()
    assert steps_walked == ["main.again"]
    assert hotline.asterisk.heard_by(caller.id) == {second.id}
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
