"""An agent's voice that stops in the middle of a call."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ari.channels import RTP_STATISTICS
from ari_app.ari.errors import AriTimeout
from ari_app.calls.agent_voices import LOOK_EVERY_S, SILENT_S, AgentVoices
from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.desk.command_model import CallTarget
from ari_app.queues.model import AgentState
from crm.history.model import StoryStep
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

MUSIC = "music:default"
MUSIC_WITHIN_S = 1.0
AWAY_S = 30.0
BUSY, RTP_TIMEOUT = 17, 44
COLLEAGUE = CallTarget("agent", "staff-1002")
KEYS: dict[str, tuple[CallAction, ...]] = {
    "talking": (),
    "held": (CallAction.HOLD,),
    "consulting": (CallAction.CONSULT,),
    "swapped": (CallAction.CONSULT, CallAction.SWAP),
    "three_party": (CallAction.CONSULT, CallAction.THREE_PARTY),
}
"""Commands that lead to a stage."""


@pytest.fixture
async def heard(hotline: FakeHotline) -> AsyncIterator[FakeHotline]:
    """A hotline with all agents in browsers."""
    voices = AgentVoices(hotline.ari, hotline.dispatcher, lambda _: True, lambda: hotline.calls.live)
    listening = asyncio.create_task(voices.run())
    yield hotline
    listening.cancel()


async def led_to(hotline: FakeHotline, stage: str) -> tuple[FakeChannel, FakeChannel, FakeChannel | None]:
    """Return caller, agent's leg and the third party's, at a stage."""
    caller = hotline.call()
    await hotline.agent_ready()
    leg, third = await hotline.talking(), None
    await hotline.agent_ready("1002")
    await hotline.queues.not_ready("staff-1002", "paperwork")
    for action in KEYS[stage]:
        await hotline.order(action, target=COLLEAGUE if action is CallAction.CONSULT else None)
        if action is CallAction.CONSULT:
            third = await hotline.rung("1002")
            hotline.asterisk.pick_up(third.id)
            await is_at(hotline, ControlStage.CONSULTING)
    return caller, leg, third


async def is_at(hotline: FakeHotline, stage: ControlStage) -> None:
    """Wait until the conversation is at a stage."""
    await until(lambda: hotline.live.state.control is not None and hotline.live.state.control.stage is stage)


def stop(leg: FakeChannel) -> None:
    """Have a page end: its leg stays, and sends nothing."""
    leg.vanished_at_s = asyncio.get_running_loop().time()


async def test_customer_hears_music_within_a_second_and_the_agent_again_when_the_sound_is_back(
    heard: FakeHotline,
) -> None:
    caller, leg, _ = await led_to(heard, "talking")
    await asyncio.sleep(3)
    assert heard.live.state.control is None, "a voice that is there changes nothing"

    stop(leg)
    await until(lambda: heard.asterisk.hears(caller.id) == MUSIC, within_s=MUSIC_WITHIN_S)
    assert heard.desks.shown[-1][1].state == "away"
    leg.vanished_at_s = None

    await until(lambda: heard.asterisk.heard_by(leg.id) == {caller.id}, within_s=MUSIC_WITHIN_S)
    assert [entry.step for entry in heard.live.state.story] == [StoryStep.LOST, StoryStep.RETURNED]
    heard.asterisk.hang_up(leg.id)
    await heard.over()


@pytest.mark.parametrize("stage", sorted(KEYS))
async def test_page_that_comes_back_finds_its_call_as_it_was(heard: FakeHotline, stage: str) -> None:
    caller, leg, third = await led_to(heard, stage)
    hears = heard.asterisk.heard_by
    before = {one.id: hears(one.id) - {leg.id} for one in (caller, third) if one is not None}
    stop(leg)
    await asyncio.sleep(SILENT_S + 2 * LOOK_EVERY_S)
    if stage != "three_party":
        assert heard.asterisk.hears(caller.id) == MUSIC

    await heard.order(CallAction.RECONNECT)
    again = await heard.rung()
    assert leg.id not in heard.asterisk.channels
    heard.asterisk.pick_up(again.id)

    await is_at(heard, ControlStage(stage))
    await until(lambda: {one: hears(one) - {again.id} for one in before} == before)
    await until(lambda: bool(hears(again.id)) == (stage != "held"))
    heard.asterisk.hang_up(caller.id)
    await heard.over()
    assert not heard.asterisk.channels


@pytest.mark.parametrize("stage", ["talking", "held", "consulting"])
async def test_agent_who_stays_away_gives_the_caller_to_the_queues_head(heard: FakeHotline, stage: str) -> None:
    caller, leg, third = await led_to(heard, stage)
    stop(leg)
    await asyncio.sleep(AWAY_S + 2)
    assert leg.id not in heard.asterisk.channels
    assert third is None or third.id not in heard.asterisk.channels
    await heard.agent_ready("1003")
    next_leg = await heard.talking("1003")
    assert heard.asterisk.heard_by(next_leg.id) == {caller.id}
    assert (await heard.agent()).next_state is AgentState.NOT_READY


async def test_third_party_who_hangs_up_while_the_agent_is_away_leaves_the_customer_held(heard: FakeHotline) -> None:
    caller, leg, third = await led_to(heard, "consulting")
    assert third is not None
    stop(leg)
    await is_at(heard, ControlStage.AWAY)
    heard.asterisk.hang_up(third.id)
    await until(lambda: heard.live.state.control is not None and heard.live.state.control.party is None)
    await heard.order(CallAction.RECONNECT)
    again = await heard.rung()
    heard.asterisk.pick_up(again.id)
    await is_at(heard, ControlStage.HELD)
    assert heard.asterisk.hears(caller.id) == MUSIC


async def test_asterisk_that_does_not_respond_says_nothing_about_voices(heard: FakeHotline) -> None:
    await led_to(heard, "talking")
    heard.ari.failures[RTP_STATISTICS] = AriTimeout("GET", "/rtp_statistics", "no answer")
    await asyncio.sleep(5)
    assert heard.live.state.control is None


@pytest.mark.parametrize("stage", ["consulting", "swapped", "three_party"])
async def test_colleague_whose_page_comes_back_finds_the_place_as_it_was(heard: FakeHotline, stage: str) -> None:
    caller, leg, third = await led_to(heard, stage)
    assert third is not None
    hears = heard.asterisk.heard_by
    before = {one.id: hears(one.id) - {third.id} for one in (caller, leg)}
    await asyncio.sleep(1)
    stop(third)
    await until(lambda: missed(heard) is not None, within_s=MUSIC_WITHIN_S)
    seen = [shown for agent_id, shown in heard.desks.shown if agent_id == "staff-1001"][-1]
    assert seen.party is not None
    assert seen.party.away_since_ms is not None
    assert not {"swap", "complete", "three_party", "leave"} & set(seen.may)

    await heard.order(CallAction.RECONNECT, "1002")
    again = await heard.rung("1002")
    assert third.id not in heard.asterisk.channels
    assert {one: hears(one) for one in before} == before
    heard.asterisk.pick_up(again.id)

    await until(lambda: missed(heard) is None)
    at = {"consulting": {leg.id}, "swapped": set(), "three_party": {caller.id, leg.id}}
    await until(lambda: hears(again.id) == at[stage])
    assert [entry.step for entry in heard.live.state.story][-2:] == [StoryStep.LOST, StoryStep.RETURNED]
    assert {entry.agent_id for entry in heard.live.state.story[-2:]} == {"staff-1002"}
    heard.asterisk.hang_up(caller.id)
    await heard.over()
    assert not heard.asterisk.channels


@pytest.mark.parametrize("stage", ["consulting", "swapped", "three_party"])
async def test_colleague_who_stays_away_leaves_the_others(heard: FakeHotline, stage: str) -> None:
    caller, leg, third = await led_to(heard, stage)
    assert third is not None
    stop(third)
    await asyncio.sleep(AWAY_S + 2)
    assert third.id not in heard.asterisk.channels
    await is_at(heard, ControlStage.HELD if stage == "consulting" else ControlStage.TALKING)
    assert (heard.asterisk.hears(caller.id) == MUSIC) == (stage == "consulting")
    colleague = await heard.agent("1002")
    assert (colleague.state, colleague.next_state, colleague.next_reason) == (
        AgentState.WRAP_UP,
        "not_ready",
        "phone_lost",
    )
    assert leg.id in heard.asterisk.channels


async def test_agent_who_hangs_up_while_the_colleague_is_away_leaves_her_the_customer(heard: FakeHotline) -> None:
    caller, leg, third = await led_to(heard, "three_party")
    assert third is not None
    heard.asterisk.hang_up(third.id, RTP_TIMEOUT)
    await until(lambda: missed(heard) is not None)
    heard.asterisk.hang_up(leg.id)
    await is_at(heard, ControlStage.AWAY)
    assert heard.asterisk.hears(caller.id) == MUSIC
    await heard.order(CallAction.RECONNECT, "1002")
    again = await heard.rung("1002")
    heard.asterisk.pick_up(again.id)
    await until(lambda: heard.asterisk.heard_by(caller.id) == {again.id})


async def test_colleague_who_does_not_answer_again_may_try_once_more(heard: FakeHotline) -> None:
    _, leg, third = await led_to(heard, "consulting")
    assert third is not None
    stop(third)
    await until(lambda: missed(heard) is not None)
    await heard.order(CallAction.RECONNECT, "1002")
    heard.asterisk.hang_up((await heard.rung("1002")).id, BUSY)
    await heard.order(CallAction.RECONNECT, "1002")
    again = await heard.rung("1002")
    heard.asterisk.pick_up(again.id)
    await until(lambda: heard.asterisk.heard_by(again.id) == {leg.id})


async def test_page_that_was_reloaded_while_a_consultation_rang_is_rung_again(heard: FakeHotline) -> None:
    _, leg, _ = await led_to(heard, "talking")
    await heard.order(CallAction.CONSULT, target=COLLEAGUE)
    first = await heard.rung("1002")
    await heard.order(CallAction.RECONNECT, "1002")
    again = await heard.rung("1002")
    assert first.id not in heard.asterisk.channels
    heard.asterisk.pick_up(again.id)
    await until(lambda: heard.asterisk.heard_by(again.id) == {leg.id})


def missed(hotline: FakeHotline) -> int | None:
    """Return since when the colleague is missed."""
    control = hotline.live.state.control
    return control.party.away_since_ms if control is not None and control.party is not None else None
