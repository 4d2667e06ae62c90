"""Time that a caller spends in a queue, and its limit."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from ari_app.desk.call_states import CallAction
from ari_app.desk.command_model import CallTarget, ReadyCommand
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from ari_app.runtime.desk_handler import AgentDesks
from crm.history.model import CallOutcome
from ivr.cursor import Cursor, CursorStore
from ivr.voice import SpokenRules, Voice
from ivr.walker import Ended, Outcome, ToQueue
from tests.fakes.hotline import FakeHotline
from tests.fakes.services import InstantRedis
from tests.fakes.virtual_time import until

LIMIT_S = 60
REFUSED = 21
limited = pytest.mark.parametrize("hotline", [{"longest_wait_s": LIMIT_S}], indirect=True)


class Served:
    """A directory in which every agent serves the queue."""

    def terms(self, agent_id: str) -> tuple[list[str], dict[str, int], str]:
        return ["repair"], {}, agent_id


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def queue_then_goodbye(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Queue; go on at the step `sorry` if no agent was reached."""
    await store.save(cursor)
    return Ended("done") if cursor.step == "sorry" else ToQueue("repair", "repair", otherwise="sorry")


async def queued(hotline: FakeHotline, count: int = 1) -> float:
    """Wait until the callers are in the queue; return the loop's time."""
    await hotline.queued(count)
    return now_s()


async def test_caller_waits_as_long_as_no_agent_is_ready(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await queued(hotline)
    await asyncio.sleep(1800)
    assert caller.id in hotline.asterisk.channels
    await hotline.agent_ready()
    await hotline.talking()


@limited
async def test_flow_goes_on_at_otherwise_when_the_longest_wait_is_over(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    hotline.call()
    since_s = await queued(hotline)
    live = hotline.live

    await hotline.over()

    assert now_s() - since_s == pytest.approx(LIMIT_S, abs=0.5)
    assert live.state.cursor is not None
    assert live.state.cursor.step == "sorry"
    assert await hotline.queues.position(live.state.id) is None
    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value


@limited
async def test_call_ends_when_the_longest_wait_is_over_and_nothing_else_is_offered(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await queued(hotline)
    await hotline.over()
    assert caller.id not in hotline.asterisk.channels
    assert await hotline.agent_ready()
    assert (await hotline.agent()).state is AgentState.READY, "nobody is left to be offered"


@limited
async def test_caller_stays_while_an_agents_phone_rings(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    caller = hotline.call()
    since_s = await queued(hotline)
    await asyncio.sleep(LIMIT_S - 5)
    await hotline.agent_ready()
    leg = await hotline.rung()
    await asyncio.sleep(10)
    assert now_s() - since_s > LIMIT_S

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")


@limited
async def test_longest_wait_is_counted_from_joining_also_after_a_decline(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    hotline.call()
    since_s = await queued(hotline)
    await asyncio.sleep(LIMIT_S / 2)
    await hotline.agent_ready()
    leg = await hotline.rung()
    await asyncio.sleep(5)
    await hotline.queues.not_ready(await _agent_id(hotline), "break")
    hotline.asterisk.hang_up(leg.id, REFUSED)

    await hotline.over()

    assert now_s() - since_s == pytest.approx(LIMIT_S, abs=1.0)


@limited
async def test_longest_wait_is_counted_from_joining_also_after_an_adoption(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    hotline.call()
    since_s = await queued(hotline)
    await asyncio.sleep(LIMIT_S / 2)
    await hotline.leave()
    await asyncio.sleep(3)
    await hotline.restart()

    await hotline.over()

    assert now_s() - since_s == pytest.approx(LIMIT_S, abs=1.0)
    wait_ms = hotline.history.only.wait_ms
    assert wait_ms is not None
    assert wait_ms >= LIMIT_S * 1000


async def test_waiting_time_that_agents_see_does_not_restart_after_a_decline(hotline: FakeHotline) -> None:
    hotline.call()
    await queued(hotline)
    await asyncio.sleep(40)
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    await asyncio.sleep(5)
    await hotline.agent_ready("1002")
    hotline.asterisk.hang_up(leg.id, REFUSED)
    await hotline.talking("1002")

    waited = [pop.waited_ms / 1000 for _, pop in hotline.desks.popped]
    assert waited == [pytest.approx(40, abs=0.5), pytest.approx(45, abs=0.5)]


async def test_waiting_time_that_agents_see_ends_with_the_answer(hotline: FakeHotline) -> None:
    hotline.call()
    await queued(hotline)
    await asyncio.sleep(40)
    await hotline.agent_ready("1001")
    await hotline.rung("1001")
    await asyncio.sleep(5)
    await hotline.talking("1001")
    await until(lambda: hotline.desks.shown)

    shown = hotline.desks.shown[-1][1].waited_ms
    assert shown is not None
    assert shown / 1000 == pytest.approx(45, abs=0.5)
    await asyncio.sleep(20)
    await hotline.queues.sign_in("staff-1002", ["repair"])
    await hotline.queues.ready("staff-1002")
    await hotline.order(CallAction.TRANSFER, target=CallTarget("agent", "staff-1002"))
    await hotline.talking("1002")
    assert hotline.desks.popped[-1][1].waited_ms == shown, "a colleague reads how long the first answer took"
    assert hotline.desks.shown[-1][1].waited_ms == shown


async def test_waiting_time_that_agents_see_does_not_restart_after_an_adoption(hotline: FakeHotline) -> None:
    hotline.call()
    await queued(hotline)
    await asyncio.sleep(40)
    await hotline.leave()
    await hotline.restart()
    await asyncio.sleep(5)
    await hotline.agent_ready()
    await hotline.talking()

    ((_, pop),) = hotline.desks.popped
    assert pop.waited_ms / 1000 == pytest.approx(45, abs=0.5)


async def test_caller_who_was_declined_stays_before_later_callers(hotline: FakeHotline) -> None:
    first = hotline.call("13800000001")
    await queued(hotline)
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    second = hotline.call("13800000002")
    await until(lambda: len(hotline.calls.live) == 2)
    await hotline.queues.not_ready(await _agent_id(hotline), "break")
    hotline.asterisk.hang_up(leg.id, REFUSED)
    await asyncio.sleep(1)

    await hotline.agent_ready("1002")
    await hotline.talking("1002")

    assert hotline.asterisk.hears(first.id) == "talk"
    assert hotline.asterisk.hears(second.id) != "talk"


async def test_caller_who_hangs_up_in_the_queue_is_abandoned_with_the_place(hotline: FakeHotline) -> None:
    hotline.call("13800000001")
    await queued(hotline)
    second = hotline.call("13800000002")
    await queued(hotline, 2)
    await asyncio.sleep(12)

    hotline.asterisk.hang_up(second.id)
    await until(lambda: len(hotline.calls.calls) == 1)

    record = hotline.history.only
    assert record.outcome == CallOutcome.ABANDONED.value
    assert record.abandon_position == 2
    assert record.wait_ms is not None
    assert record.wait_ms / 1000 == pytest.approx(12, abs=0.5)


async def test_caller_hears_the_position_again_and_again(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await queued(hotline)
    await asyncio.sleep(100)
    said = [at for at, sound in caller.sounds if sound == "prompt:queue_position"]
    assert len(said) == 4
    assert said[1] - said[0] == pytest.approx(32, abs=0.5), "every 30 s, counted from the prompt's end"


async def test_caller_joins_when_redis_is_back(hotline: FakeHotline) -> None:
    redis = cast("InstantRedis", hotline.redis)
    redis.away = True
    hotline.call()
    await queued(hotline)
    await asyncio.sleep(5)
    redis.away = False
    await hotline.agent_ready()
    await hotline.talking()


async def _agent_id(hotline: FakeHotline, number: str = "1001") -> str:
    return (await hotline.agent(number)).agent_id


@pytest.mark.parametrize("hotline", [{"unstaffed_wait_s": 15}], indirect=True)
async def test_flow_goes_on_at_otherwise_when_no_agent_is_signed_in(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    caller = hotline.call()
    since_s = await queued(hotline)
    live = hotline.live

    await hotline.over()

    assert now_s() - since_s == pytest.approx(15, abs=0.5)
    assert live.state.cursor is not None
    assert live.state.cursor.variables["queue"]["ended"] == "unstaffed"
    assert hotline.asterisk.bridge_of(caller.id) is None, "no music under what the flow says"


@pytest.mark.parametrize("hotline", [{"unstaffed_wait_s": 15}], indirect=True)
async def test_caller_waits_for_a_paused_agent_until_the_desk_is_closed(hotline: FakeHotline) -> None:
    hotline.script = queue_then_goodbye
    caller = hotline.call()
    agent_id = await hotline.agent_ready()
    await hotline.queues.not_ready(agent_id, "break")
    await queued(hotline)
    await asyncio.sleep(1800)
    assert caller.id in hotline.asterisk.channels

    await AgentDesks(hotline.queues, cast("Any", Served()), hotline.control).presence(agent_id, False)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value


@pytest.mark.parametrize("hotline", [{"unstaffed_wait_s": 15}], indirect=True)
async def test_caller_waits_for_an_agent_with_a_desk_that_is_open_again(hotline: FakeHotline) -> None:
    desks = AgentDesks(hotline.queues, cast("Any", Served()), hotline.control)
    agent_id = await hotline.agent_ready()
    await desks.presence(agent_id, False)
    await desks.presence(agent_id, True)
    caller = hotline.call()
    await queued(hotline)

    await asyncio.sleep(1800)

    assert caller.id in hotline.asterisk.channels


@pytest.mark.parametrize("keys", ["8", "#", "0#"])
@pytest.mark.parametrize("hotline", [{"unstaffed_wait_s": 15}], indirect=True)
async def test_keys_pressed_while_waiting_do_not_shorten_the_offer_of_a_message(
    hotline: FakeHotline, keys: str
) -> None:
    async def queue_then_message(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        if cursor.step != "sorry":
            return ToQueue("repair", "repair", otherwise="sorry")
        await voice.say([Path("/prompts/zh/leave_message.wav")], barge_in=True)
        await voice.record("message", SpokenRules())
        return Ended("done")

    hotline.script = queue_then_message
    caller = hotline.call()
    await queued(hotline)
    await asyncio.sleep(5)
    hotline.asterisk.press(caller.id, keys)
    await hotline.over()

    assert "prompt:leave_message" in [sound for _, sound in caller.sounds]
    assert len(hotline.recordings.entries) == 1


async def test_f19_agent_who_talks_is_not_rung_when_the_desk_opens_before_the_repair(hotline: FakeHotline) -> None:
    desks = AgentDesks(hotline.queues, cast("Any", Served()), hotline.control)
    agent_id = await hotline.agent_ready()
    talking = hotline.call("13800000001")
    await hotline.talking()
    call_id = hotline.live.state.id
    await hotline.redis.flushall()

    await desks.presence(agent_id, True)
    await desks.command(agent_id, ReadyCommand())
    waiting = hotline.call("13800000002")
    await until(lambda: CallStage.QUEUED in [state.stage for state in hotline.calls.live])
    await hotline.reconciler.repair_queues()
    await asyncio.sleep(5)

    agent = await hotline.agent()
    assert (agent.state, agent.call_id) == (AgentState.TALKING, call_id)
    assert hotline.ringing() is None
    hotline.asterisk.hang_up(talking.id)
    await hotline.talking()
    hotline.asterisk.hang_up(waiting.id)
    await hotline.over()
