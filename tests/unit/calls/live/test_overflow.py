"""Callers of a queue that overflows, in virtual time."""

import asyncio
from typing import Any

import pytest

from ari_app.desk.call_states import ControlStage
from ari_app.queues.model import AgentState
from crm.history.model import CallOutcome, StoryStep
from ivr.cursor import Cursor, CursorStore
from ivr.voice import Voice
from ivr.walker import Ended, Outcome, ToQueue
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import START, until

DUTY = "+8645188888888"


def overflowing(*rules: dict[str, Any], **more: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("hotline", [{"overflow": rules, **more}], indirect=True)


async def flow(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Queue; then do as the shipped flow does."""
    await store.save(cursor)
    if cursor.flow == "elsewhere":
        return Ended("self_served")
    if cursor.step != "after":
        return ToQueue("repair", "repair", otherwise="after")
    ended = cursor.variables["queue"]["ended"]
    cursor.variables["call_back"] = {"asked": ended == "call_back"}
    return Ended("call_back" if ended == "call_back" else "message_left")


@pytest.fixture(autouse=True)
def _flow(hotline: FakeHotline) -> None:
    hotline.script = flow


async def dialled(hotline: FakeHotline, after_s: float) -> FakeChannel:
    """Wait until the number rings, not before the time."""
    await asyncio.sleep(after_s - 1)
    assert not outside(hotline)
    await until(lambda: bool(outside(hotline)))
    return outside(hotline)[0]


def outside(hotline: FakeHotline) -> list[FakeChannel]:
    return [leg for leg in hotline.asterisk.channels.values() if leg.endpoint == f"PJSIP/{DUTY}@trunk"]


@overflowing({"waited_s": 60, "to": {"queue": "consult"}})
async def test_other_queue_has_the_caller_with_the_joining_time(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(59)
    assert hotline.live.state.queue == "repair"
    await asyncio.sleep(2)
    assert hotline.live.state.queue == "consult"

    await hotline.agent_ready("1001", "repair")
    await hotline.agent_ready("1002", "consult")
    await hotline.talking("1002")

    ((_, pop),) = hotline.desks.popped
    assert pop.waited_ms / 1000 == pytest.approx(61, abs=0.5)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert [(one.step, one.target) for one in hotline.history.only.story] == [(StoryStep.OVERFLOWED, "consult")]


@overflowing({"waited_s": 60, "to": {"queue": "consult"}})
async def test_f19_caller_who_overflowed_keeps_queue_and_joining_time_when_redis_loses_its_data(
    hotline: FakeHotline,
) -> None:
    hotline.call()
    await hotline.queued()
    await asyncio.sleep(62)
    await hotline.redis.flushall()
    await hotline.reconciler.repair_queues()
    await hotline.agent_ready("1001", "repair")
    await asyncio.sleep(30)
    assert hotline.ringing("1001") is None, "not in the former queue"
    await hotline.agent_ready("1002", "consult")
    await hotline.talking("1002")
    assert hotline.desks.popped[0][1].waited_ms / 1000 == pytest.approx(92, abs=1)


@overflowing({"callers_per_agent": 2, "to": "message"}, unstaffed_wait_s=15)
async def test_last_callers_leave_a_queue_with_too_few_agents(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    first = hotline.call("13800000001")
    await hotline.talking()
    callers = [hotline.call(f"1380000001{number}") for number in range(4)]
    await until(lambda: len(hotline.calls.calls) == 3)
    await asyncio.sleep(30)
    kept = [one.id in hotline.asterisk.channels for one in callers]
    # They came in one moment: which of them joined first is open.
    assert kept.count(True) == 2, "two for the one agent, who talks"
    assert hotline.asterisk.hears(first.id) == "talk"


@overflowing({"unstaffed_s": 5, "to": {"flow": "elsewhere"}}, unstaffed_wait_s=None)
async def test_another_flow_begins_where_no_agent_is_signed_in(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value
    assert hotline.asterisk.bridge_of(caller.id) is None
    agent_id = await hotline.agent_ready()
    assert (await hotline.queues.agent(agent_id)).state is AgentState.READY, "the caller is in no queue"


@pytest.mark.parametrize("wants", [True, False])
@overflowing({"waited_s": 45, "to": "call_back"}, keys={"2": "call_back"}, announce_every_s=600)
async def test_call_back_is_offered_once_to_a_caller_who_stays_in_line(hotline: FakeHotline, wants: bool) -> None:
    caller = hotline.call("13800000001")
    await hotline.queued()
    await asyncio.sleep(44)
    assert "prompt:call_back_offer" not in said(caller)
    await asyncio.sleep(3)
    assert said(caller).count("prompt:call_back_offer") == 1
    assert await hotline.queues.position(hotline.live.state.id) is not None, "an agent would be offered now"
    if wants:
        hotline.asterisk.press(caller.id, "2")
        await hotline.over()
        assert hotline.history.only.outcome == CallOutcome.CALL_BACK.value
        return
    await asyncio.sleep(300)
    assert said(caller).count("prompt:call_back_offer") == 1
    await hotline.agent_ready()
    await hotline.talking()
    assert hotline.desks.popped[0][1].waited_ms / 1000 > 300


def said(caller: FakeChannel) -> list[str]:
    return [sound for _, sound in caller.sounds]


@overflowing({"waited_s": 20, "to": {"number": DUTY}})
async def test_number_talks_with_the_caller_who_heard_music_until_then(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    leg = await dialled(hotline, 20)
    assert hotline.asterisk.hears(caller.id) == "music:default"
    await hotline.agent_ready()
    assert (await hotline.agent()).state is AgentState.READY, "the caller is in no queue"

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")
    await asyncio.sleep(30)
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    record = hotline.history.only
    assert (record.outcome, record.agent_id) == (CallOutcome.ANSWERED.value, None)
    assert record.talk_ms is not None
    assert [entry.other_number for entry in hotline.recordings.entries.values()] == [DUTY]


@overflowing({"waited_s": 20, "to": {"number": DUTY}})
async def test_number_that_answers_before_asterisk_confirms_the_ring_talks(
    hotline: FakeHotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = hotline.asterisk.ring

    def ring_and_pick_up(leg: FakeChannel, timeout_s: float) -> None:
        ring(leg, timeout_s)
        hotline.asterisk.pick_up(leg.id)

    monkeypatch.setattr(hotline.asterisk, "ring", ring_and_pick_up)
    caller = hotline.call()
    await hotline.queued()

    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")


@overflowing({"waited_s": 20, "to": {"number": DUTY}})
async def test_caller_of_a_number_that_does_not_answer_is_first_in_the_queue(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    leg = await dialled(hotline, 20)
    hotline.asterisk.hang_up(leg.id, 19)
    await hotline.queued()
    await asyncio.sleep(60)
    assert not outside(hotline), "a rule applies once"

    await hotline.agent_ready()
    await hotline.talking()
    assert hotline.asterisk.hears(caller.id) == "talk"


@overflowing({"waited_s": 20, "to": {"number": DUTY}})
async def test_number_that_rings_is_taken_over_by_the_next_process(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    leg = await dialled(hotline, 20)
    await hotline.leave()
    await hotline.restart()
    await asyncio.sleep(2)
    assert hotline.live.state.control is not None
    assert hotline.live.state.control.stage is ControlStage.TRANSFERRING

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert leg.id not in hotline.asterisk.channels


@overflowing({"waited_s": 20, "to": {"number": DUTY}})
async def test_caller_who_hangs_up_while_the_number_rings_is_abandoned(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    leg = await dialled(hotline, 20)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value
    assert leg.id not in hotline.asterisk.channels


@overflowing({"waited_s": 20, "to": {"queue": "consult"}})
async def test_offer_in_the_moment_of_the_overflow_has_one_winner(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(19.99)
    await hotline.agent_ready()
    await asyncio.sleep(3)
    if hotline.live.state.queue == "consult":
        await hotline.becomes(AgentState.READY, within_s=2)
        return
    await hotline.talking()
    assert hotline.asterisk.hears(caller.id) == "talk"


SPAN = [{"opens": "00:00", "closes": "24:00"}]
CLOSED_TODAY = {"workday": SPAN, "day_off": SPAN, "days": {START.date().isoformat(): []}}


def closed(to: Any) -> pytest.MarkDecorator:
    given = {"hours": CLOSED_TODAY, "closed": {"to": to}, "overflow": ()}
    return pytest.mark.parametrize("hotline", [given], indirect=True)


@closed("message")
async def test_caller_of_a_closed_queue_hears_so_and_leaves_a_message(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: bool(hotline.calls.calls))
    await hotline.over()
    assert [one for one in said(caller) if one.startswith("prompt")] == ["prompt:queue_closed"]
    record = hotline.history.only
    assert (record.queue, record.queued_at, record.outcome) == ("repair", None, CallOutcome.SELF_SERVED.value)


@closed({"queue": "consult"})
async def test_caller_of_a_closed_queue_waits_in_another(hotline: FakeHotline) -> None:
    hotline.settings["consult"] = hotline.settings["consult"].model_copy(update={"hours": None, "closed": None})
    await hotline.leave()
    await hotline.restart()
    caller = hotline.call()
    await hotline.queued()
    assert hotline.live.state.queue == "consult"
    await hotline.agent_ready("1001", "consult")
    await hotline.talking()
    assert "prompt:queue_closed" in said(caller)


@closed({"number": DUTY})
async def test_number_of_a_closed_queue_rings_once(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: bool(outside(hotline)))
    await until(lambda: hotline.asterisk.hears(caller.id) == "music:default")
    hotline.asterisk.hang_up(outside(hotline)[0].id, 19)
    await hotline.over()
    assert not outside(hotline)
    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value, "the flow takes a message"


@closed({"number": DUTY})
async def test_caller_who_hangs_up_at_a_closed_queue_is_to_be_called_back(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: "prompt:queue_closed" in said(caller))
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.AFTER_HOURS.value
