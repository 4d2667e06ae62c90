"""Hold, mute, keys, and vanished agents on a fake Asterisk."""

import asyncio

import pytest

from ari_app.ari import bridges
from ari_app.ari.errors import AriTimeout
from ari_app.calls.control.errors import CallOutOfReach, NoCall, NotNow
from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.queues.model import AgentState
from crm.history.model import CallOutcome, StoryStep
from foundation.problems import Invalid
from recordings.model import RecordingStatus
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

RTP_TIMEOUT = 44
MUSIC = "music:default"


async def conversation(hotline: FakeHotline) -> tuple[FakeChannel, FakeChannel]:
    """Return the channels of a caller and an agent who talk."""
    caller = hotline.call()
    await hotline.agent_ready()
    return caller, await hotline.talking()


def steps(hotline: FakeHotline) -> list[StoryStep]:
    """Return the story of the one call."""
    return [entry.step for entry in hotline.live.state.story]


async def test_held_customer_hears_music_and_the_agent_nothing(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    asterisk = hotline.asterisk

    held = await hotline.order(CallAction.HOLD)
    assert (held.state, asterisk.hears(caller.id), asterisk.heard_by(leg.id)) == ("held", MUSIC, set())
    assert "resume" in held.may
    assert "hold" not in held.may
    await asyncio.sleep(10)

    resumed = await hotline.order(CallAction.RESUME)
    assert resumed.state == "talking"
    assert asterisk.heard_by(leg.id) == {caller.id}
    assert asterisk.heard_by(caller.id) == {leg.id}
    assert 9_900 < resumed.held_ms < 10_100

    asterisk.hang_up(leg.id)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.ANSWERED
    assert [entry.status for entry in hotline.recordings.entries.values()] == [RecordingStatus.SEALED] * 2
    assert not asterisk.bridges.keys() - {"hold-repair"}


async def test_plain_call_makes_no_request_for_control(hotline: FakeHotline) -> None:
    """G4."""
    _, leg = await conversation(hotline)
    await until(lambda: hotline.live.state.talk is not None and hotline.live.state.talk.recording.since_ms is not None)
    before = len(hotline.ari.asked)
    await asyncio.sleep(60)
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()
    # The customer's channel and the bridge are removed; nothing else is asked for.
    assert len(hotline.ari.asked) - before == 2


async def test_commands_are_refused_by_the_state(hotline: FakeHotline) -> None:
    await conversation(hotline)
    with pytest.raises(NotNow, match="resume is not possible while the call is talking"):
        await hotline.order(CallAction.RESUME)
    await hotline.order(CallAction.HOLD)
    with pytest.raises(NotNow, match="hold is not possible while the call is held"):
        await hotline.order(CallAction.HOLD)
    with pytest.raises(NoCall):
        await hotline.order(CallAction.HOLD, "1002")
    with pytest.raises(Invalid, match="keys"):
        await hotline.order(CallAction.DIGITS, digits="1;2")


async def test_command_with_the_same_key_is_carried_out_once(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await hotline.order(CallAction.HOLD, key="press-1")
    await hotline.order(CallAction.HOLD, key="press-1")
    await hotline.order(CallAction.RESUME, key="press-2")
    assert (await hotline.order(CallAction.HOLD, key="press-1")).state == "talking"


async def test_mute_and_keys(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    muted = await hotline.order(CallAction.MUTE)
    assert muted.muted
    assert hotline.asterisk.heard_by(caller.id) == set()
    await hotline.order(CallAction.UNMUTE)
    await hotline.order(CallAction.DIGITS, digits="12#")
    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    assert caller.keys_sent == "12#"


async def test_recording_pauses_and_goes_on_as_a_new_segment(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await until(lambda: len(caller.tapes) == 1)
    await hotline.order(CallAction.PAUSE_RECORDING)
    await until(lambda: not caller.tapes)
    await hotline.order(CallAction.RESUME_RECORDING)
    await until(lambda: len(caller.tapes) == 1)
    assert len(hotline.recordings.entries) == 2


async def test_vanished_agent_reconnects_into_the_same_bridge(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
    await until(lambda: hotline.asterisk.hears(caller.id) == MUSIC, within_s=1)
    assert (await hotline.agent()).state is AgentState.TALKING
    await asyncio.sleep(10)

    returning = await hotline.order(CallAction.RECONNECT)
    assert returning.state == "returning"
    again = await hotline.talking()

    assert again.id != leg.id
    assert hotline.asterisk.heard_by(caller.id) == {again.id}
    assert steps(hotline) == [StoryStep.LOST, StoryStep.RETURNED]
    hotline.asterisk.hang_up(again.id)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.ANSWERED
    assert (await hotline.agent()).state is AgentState.WRAP_UP


async def test_agent_who_stays_away_gives_the_caller_to_the_queues_head(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    other = hotline.call("13800000009")
    await until(lambda: len(hotline.calls.calls) == 2)
    hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
    await hotline.becomes(AgentState.WRAP_UP)
    assert (await hotline.agent()).next_state is AgentState.NOT_READY

    await hotline.agent_ready("1002")
    second = await hotline.talking("1002")

    assert hotline.asterisk.heard_by(second.id) == {caller.id}
    assert hotline.asterisk.hears(other.id) == MUSIC
    hotline.asterisk.hang_up(second.id)
    await until(lambda: len(hotline.history.records) == 1)
    (record,) = hotline.history.records
    assert (record.outcome, record.agent_id) == (CallOutcome.ANSWERED, "staff-1002")
    assert hotline.asterisk.longest_silence_s(caller.id) < 1


async def test_reconnection_without_an_answer_may_be_tried_again(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
    await until(lambda: hotline.asterisk.hears(caller.id) == MUSIC)
    await hotline.order(CallAction.RECONNECT)
    ringing = await hotline.rung()
    hotline.asterisk.hang_up(ringing.id, 17)
    await until(lambda: hotline.live.state.control.stage is ControlStage.AWAY)  # type: ignore[union-attr]
    await hotline.order(CallAction.RECONNECT)
    again = await hotline.talking()
    assert hotline.asterisk.heard_by(again.id) == {caller.id}


async def test_page_that_came_back_first_reconnects_a_phone_that_is_not_missed_yet(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await hotline.order(CallAction.RECONNECT)
    assert leg.id not in hotline.asterisk.channels
    again = await hotline.talking()
    assert hotline.asterisk.heard_by(caller.id) == {again.id}


async def test_phone_that_hangs_up_while_the_customer_is_held_keeps_the_caller(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await hotline.order(CallAction.HOLD)
    hotline.asterisk.hang_up(leg.id)
    await until(lambda: hotline.live.state.control.stage is ControlStage.AWAY)  # type: ignore[union-attr]
    assert hotline.asterisk.hears(caller.id) == MUSIC
    await hotline.order(CallAction.HANG_UP)
    await hotline.over()
    assert caller.id not in hotline.asterisk.channels


async def test_hold_by_the_phones_key_is_seen_and_counted(hotline: FakeHotline) -> None:
    _, leg = await conversation(hotline)
    hotline.asterisk.hold(leg.id, True)
    await until(lambda: hotline.desks.shown[-1][1].held_by_phone)
    await asyncio.sleep(5)
    hotline.asterisk.hold(leg.id, False)
    await until(lambda: not hotline.desks.shown[-1][1].held_by_phone)
    assert hotline.live.state.held_ms >= 5_000
    assert steps(hotline) == [StoryStep.HELD_BY_PHONE, StoryStep.RESUMED_BY_PHONE]


@pytest.mark.parametrize("stage", ["held", "away", "returning"])
async def test_another_process_goes_on_at_every_stage(hotline: FakeHotline, stage: str) -> None:
    caller, leg = await conversation(hotline)
    if stage == "held":
        await hotline.order(CallAction.HOLD)
    else:
        hotline.asterisk.hang_up(leg.id, RTP_TIMEOUT)
        await until(lambda: hotline.asterisk.hears(caller.id) == MUSIC)
    if stage == "returning":
        await hotline.order(CallAction.RECONNECT)
        await hotline.rung()
    await hotline.leave()
    await hotline.restart()

    if stage == "held":
        await until(lambda: hotline.live.commands.is_open)
        await hotline.order(CallAction.RESUME)
    elif stage == "away":
        await until(lambda: hotline.live.commands.is_open)
        await hotline.order(CallAction.RECONNECT)
    if stage != "held":
        leg = await hotline.talking()

    await until(lambda: hotline.asterisk.heard_by(leg.id) == {caller.id})
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()
    assert not hotline.asterisk.bridges.keys() - {"hold-repair"}
    assert {entry.status for entry in hotline.recordings.entries.values()} == {RecordingStatus.SEALED}


async def test_resume_that_asterisk_does_not_carry_out_keeps_the_music(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await hotline.order(CallAction.HOLD)
    hotline.ari.failures[bridges.ADD] = AriTimeout("POST", "/bridges", "no answer")
    with pytest.raises(CallOutOfReach):
        await hotline.order(CallAction.RESUME)
    await until(lambda: hotline.asterisk.hears(caller.id) == MUSIC)
    await hotline.order(CallAction.RESUME)
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}


async def test_caller_hangs_up_while_held(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await hotline.order(CallAction.HOLD)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert leg.id not in hotline.asterisk.channels
    assert hotline.history.only.hangup_by == "caller"
    assert (await hotline.agent()).state is AgentState.WRAP_UP
