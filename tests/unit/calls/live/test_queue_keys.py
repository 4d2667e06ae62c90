"""Keys of a queue's callers, and their races with offers."""

import asyncio

import pytest

from ari_app.calls.queue_keys import key_prompts
from ari_app.queues.model import AgentState, Offer
from crm.history.model import CallOutcome
from ivr.cursor import Cursor, CursorStore
from ivr.voice import SpokenRules, Voice
from ivr.walker import Ended, Outcome, ToQueue
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

KEYS = {"keys": {"1": "message", "2": "call_back", "9": {"queue": "consult"}}}
pytestmark = pytest.mark.parametrize("hotline", [KEYS], indirect=True)


async def flow(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Queue; then do as the shipped flow does."""
    await store.save(cursor)
    if cursor.step != "after":
        return ToQueue("repair", "repair", otherwise="after")
    if cursor.variables["queue"]["ended"] == "message":
        await voice.record("message", SpokenRules())
        return Ended("message_left")
    cursor.variables["call_back"] = {"asked": True}
    return Ended("call_back")


@pytest.fixture(autouse=True)
def _flow(hotline: FakeHotline) -> None:
    hotline.script = flow


async def test_caller_leaves_a_message_by_key(hotline: FakeHotline) -> None:
    hotline.recordings.spoken_ms = 4000
    caller = hotline.call()
    await hotline.queued()
    live = hotline.live

    hotline.asterisk.press(caller.id, "71")
    await until(lambda: hotline.asterisk.recordings)

    assert await hotline.queues.position(live.state.id) is None
    assert hotline.asterisk.bridge_of(caller.id) is None, "no music under the message"
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()
    assert [call_id for call_id, _ in hotline.messages.filed] == [live.state.id]
    assert hotline.history.only.outcome == CallOutcome.MESSAGE_LEFT.value


async def test_caller_asks_for_a_call_back_during_the_announcement(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await until(lambda: "prompt:press_key" in [sound for _, sound in caller.sounds])
    joined_at_ms = hotline.live.state.queued_at_ms

    hotline.asterisk.press(caller.id, "2")
    await hotline.over()

    record = hotline.history.only
    assert record.outcome == CallOutcome.CALL_BACK.value
    assert record.queued_at is not None
    assert record.queued_at.timestamp() * 1000 == joined_at_ms
    await hotline.agent_ready()
    assert (await hotline.agent()).state is AgentState.READY, "the caller is in no queue"


async def test_keys_are_announced_after_the_place_in_their_order(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(20)
    said = [sound.removeprefix("prompt:") for _, sound in caller.sounds if sound.startswith("prompt:")]
    assert said == ["queue_position", "press_key"], "all keys are one playback"
    settings = hotline.queues.settings_of("repair")
    assert list(key_prompts(settings.keys, "en", hotline.queues.settings_of)) == [
        ("press_key", {"key": "1"}),
        ("key_leaves_message", {"key": "1"}),
        ("press_key", {"key": "2"}),
        ("key_asks_call_back", {"key": "2"}),
        ("press_key", {"key": "9", "title": "Consultation"}),
        ("key_changes_queue", {"key": "9", "title": "Consultation"}),
    ]


async def test_caller_changes_the_queue_with_the_same_joining_time(hotline: FakeHotline) -> None:
    first = hotline.call("13800000001")
    await hotline.queued()
    await asyncio.sleep(40)
    hotline.asterisk.press(first.id, "9")
    await until(lambda: hotline.asterisk.hears(first.id) == "hold-consult" or hotline.live.state.queue == "consult")
    await asyncio.sleep(1)

    await hotline.agent_ready("1001", "repair")
    assert hotline.ringing() is None
    await hotline.agent_ready("1002", "consult")
    await hotline.talking("1002")

    ((_, pop),) = hotline.desks.popped
    assert pop.waited_ms / 1000 == pytest.approx(41, abs=0.5)


@pytest.mark.parametrize("key", ["1", "2", "9"])
@pytest.mark.parametrize("offer_first", [True, False])
async def test_offer_and_key_of_one_moment_have_one_winner(hotline: FakeHotline, key: str, offer_first: bool) -> None:
    """One is lost as a whole."""
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(5)
    live = hotline.live

    if offer_first:
        await hotline.agent_ready()
        hotline.asterisk.press(caller.id, key)
    else:
        hotline.asterisk.press(caller.id, key)
        await hotline.agent_ready()
    await asyncio.sleep(3)

    if hotline.ringing() is not None:
        assert live.state.leaving is None
        assert live.state.queue == "repair"
        await hotline.talking()
        return
    await hotline.becomes(AgentState.READY, within_s=2)
    left = not hotline.calls.calls or bool(hotline.asterisk.recordings) or live.state.queue == "consult"
    assert left
    place = await hotline.queues.position(live.state.id)
    assert (place is not None) == (key == "9")


@pytest.mark.parametrize("key", ["1", "2", "9"])
async def test_key_before_the_offer_arrives_gives_the_reservation_back(hotline: FakeHotline, key: str) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(5)
    live, on_offer = hotline.live, hotline.queues._on_offer
    late: list[Offer] = []
    hotline.queues._on_offer = late.append
    await hotline.agent_ready()
    assert (await hotline.agent()).state is AgentState.RESERVED

    hotline.asterisk.press(caller.id, key)
    await asyncio.sleep(0.5)
    assert on_offer is not None
    hotline.queues._on_offer = on_offer
    for offer in late:
        on_offer(offer)
    await hotline.becomes(AgentState.READY, within_s=5)

    assert hotline.ringing() is None
    if key == "9":
        await hotline.agent_ready("1002", "consult")
        await hotline.talking("1002")
    else:
        assert await hotline.queues.position(live.state.id) is None


async def test_keys_are_not_heard_while_an_agent_is_rung(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    agent_id = await hotline.agent_ready()
    leg = await hotline.rung()
    hotline.asterisk.press(caller.id, "2")
    await asyncio.sleep(1)
    await hotline.queues.not_ready(agent_id, "break")
    hotline.asterisk.hang_up(leg.id, 21)
    await asyncio.sleep(5)

    assert hotline.live.state.leaving is None
    hotline.asterisk.press(caller.id, "2")
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.CALL_BACK.value


@pytest.mark.parametrize("left_in_time", [True, False])
async def test_choice_outlives_the_process(hotline: FakeHotline, left_in_time: bool) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(5)
    state = hotline.live.state
    await hotline.leave()
    state.leaving = "message"  # as stored before anything is done
    await hotline.store.save(state)
    if left_in_time:
        await hotline.redis.flushall()
        await hotline.store.save(state)
    await hotline.restart()

    await until(lambda: hotline.asterisk.recordings)
    assert await hotline.queues.position(state.id) is None
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value


async def test_change_of_queue_outlives_the_process(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    await asyncio.sleep(30)
    state = hotline.live.state
    await hotline.leave()
    assert state.target is not None
    state.target, state.queue = ToQueue("consult", "repair", otherwise="after"), "consult"
    await hotline.redis.flushall()
    await hotline.store.save(state)
    await hotline.restart()
    await asyncio.sleep(1)

    await hotline.agent_ready("1001", "consult")
    await hotline.talking()

    ((_, pop),) = hotline.desks.popped
    assert pop.waited_ms / 1000 == pytest.approx(31, abs=1)


async def test_keys_without_a_way_on_are_neither_said_nor_heard(hotline: FakeHotline) -> None:
    async def straight(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        return ToQueue("repair", "repair")

    hotline.script = straight
    caller = hotline.call()
    await hotline.queued()
    hotline.asterisk.press(caller.id, "12")
    await asyncio.sleep(20)
    assert caller.id in hotline.asterisk.channels
    assert [sound for _, sound in caller.sounds].count("prompt:press_key") == 1


async def test_caller_who_leaves_nothing_is_back_at_the_own_place(hotline: FakeHotline) -> None:
    async def nothing(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        if cursor.step != "after":
            return ToQueue("repair", "repair", otherwise="after")
        await asyncio.sleep(30)
        return Ended("back_in_line")

    hotline.script = nothing
    caller = hotline.call()
    await hotline.queued()
    joined_ms = hotline.live.state.queued_at_ms
    await asyncio.sleep(10)
    hotline.asterisk.press(caller.id, "1")
    await asyncio.sleep(20)
    later = hotline.call("13800000002")
    await asyncio.sleep(20)

    assert joined_ms in {live.state.queued_at_ms for live in hotline.calls.calls.values()}
    await hotline.agent_ready()
    await hotline.talking()
    assert hotline.asterisk.hears(caller.id) == "talk"
    assert hotline.asterisk.hears(later.id) != "talk"


async def test_menu_after_the_queue_is_no_wait(hotline: FakeHotline) -> None:
    async def menu(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        if cursor.step != "after":
            return ToQueue("repair", "repair", otherwise="after")
        await asyncio.sleep(48)
        cursor.variables["call_back"] = {"asked": True}
        return Ended("call_back")

    hotline.script = menu
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(16)
    hotline.asterisk.press(caller.id, "2")
    await hotline.over()
    assert hotline.history.only.wait_ms is not None
    assert hotline.history.only.wait_ms / 1000 == pytest.approx(16, abs=1)
