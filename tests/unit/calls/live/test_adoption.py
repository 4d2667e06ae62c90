"""Adoption of calls in each stage by the next process."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ari_app.ari import bridges
from ari_app.ari.errors import ServerFault
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from ari_app.queues.settings import QueueSettings
from crm.history.model import CallOutcome
from foundation.clock import from_milliseconds
from ivr.cursor import Cursor, CursorStore
from ivr.voice import DigitRules, Voice
from ivr.walker import Outcome, ToQueue
from recordings.model import RecordingStatus
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

MENU = Path("/prompts/zh/menu.wav")
REFUSED = 21


async def menu_then_queue(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    await store.save(cursor)
    await voice.ask([MENU], DigitRules(first_s=60, overall_s=60))
    return ToQueue("repair", "repair")


async def renewed(hotline: FakeHotline, away_s: float = 3.0) -> None:
    """End the process, and start the next one after a while."""
    hotline.asterisk.told = False
    await hotline.leave()
    await asyncio.sleep(away_s)
    hotline.asterisk.told = True
    await hotline.restart()


async def test_menu_is_repeated_by_the_next_process(hotline: FakeHotline) -> None:
    hotline.script = menu_then_queue
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")

    await renewed(hotline, away_s=0.5)

    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    assert len(caller.playbacks) == 1, "the prompt of the process before is not heard beside it"
    hotline.asterisk.press(caller.id, "1")
    await hotline.queued()


async def test_caller_in_the_queue_stays_in_place(hotline: FakeHotline) -> None:
    first, _second = hotline.call("13800000001"), hotline.call("13800000002")
    await hotline.queued(2)

    await renewed(hotline)
    await hotline.queued(2)
    await hotline.agent_ready()
    await hotline.talking()

    assert hotline.asterisk.hears(first.id) == "talk"


async def test_caller_who_hung_up_meanwhile_is_abandoned(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.hang_up(caller.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value


async def test_phone_that_rings_is_answered_with_the_next_process(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()

    await renewed(hotline)
    assert hotline.ringing() is leg, "the same phone rings on"
    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")

    assert len(hotline.desks.popped) == 1


async def test_answer_that_nobody_heard_is_bridged_by_the_next_process(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.pick_up(leg.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")

    assert (await hotline.agent()).state is AgentState.TALKING


async def test_decline_that_nobody_heard_leads_to_the_next_agent(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    await hotline.agent_ready("1002")
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.hang_up(leg.id, REFUSED)
    hotline.asterisk.told = True

    await hotline.restart()
    await until(lambda: hotline.ringing("1001") is not None or hotline.ringing("1002") is not None)


async def test_talk_goes_on_and_ends_with_the_next_process(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.talking()
    call_id = hotline.live.state.id
    heard_before = list(caller.sounds)

    await renewed(hotline, away_s=30)
    await asyncio.sleep(1)
    assert caller.sounds == heard_before, "the talk is not touched"
    assert hotline.live.state.stage is CallStage.TALKING
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    record = hotline.history.only
    assert record.id == call_id
    assert record.outcome == CallOutcome.ANSWERED.value
    assert record.talk_ms is not None
    assert record.talk_ms >= 30_000
    assert (await hotline.agent()).state is AgentState.WRAP_UP


async def test_caller_who_had_talked_is_not_offered_again_though_the_recording_was_not_begun(
    hotline: FakeHotline,
) -> None:
    hotline.ami.record_s = 20.0
    hotline.call()
    await hotline.agent_ready()
    leg = await hotline.talking()
    await asyncio.sleep(1.0)
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.hang_up(leg.id)
    hotline.asterisk.told = True
    hotline.ami.record_s = 0.0

    await hotline.restart()
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value


@pytest.mark.parametrize("ended", ["before the next process", "afterwards"])
async def test_talk_has_a_recording_though_its_process_died_before_it_stored_the_entry(
    hotline: FakeHotline, ended: str
) -> None:
    hotline.recordings.begin_s = 20.0
    caller = hotline.call()
    await hotline.agent_ready()
    await hotline.talking()
    connected_at = from_milliseconds(hotline.live.state.connected_at_ms or 0)
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.recordings.process += 1
    hotline.recordings.begin_s = 0.0
    assert hotline.recordings.entries == {}
    if ended != "afterwards":
        hotline.asterisk.hang_up(caller.id)
    hotline.asterisk.told = True

    await hotline.restart()
    if ended == "afterwards":
        await until(lambda: bool(hotline.recordings.entries), within_s=1.0)
        hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    (entry,) = hotline.recordings.entries.values()
    assert entry.status is RecordingStatus.SEALED
    assert entry.agent_id is not None
    assert entry.started_at is not None
    assert abs(entry.started_at - connected_at) < timedelta(seconds=1)


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_talk_that_ended_meanwhile_leaves_nobody_behind(hotline: FakeHotline, who: str) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.talking()
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.hang_up(caller.id if who == "caller" else leg.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await hotline.over()

    assert not hotline.asterisk.channels
    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value
    assert (await hotline.agent()).state is AgentState.WRAP_UP


async def test_caller_who_arrived_while_no_process_listened_is_taken(hotline: FakeHotline) -> None:
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.call()
    hotline.asterisk.told = True

    await hotline.restart()

    await hotline.queued()


async def test_agents_leg_without_a_call_is_hung_up(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.hang_up(caller.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await hotline.over()

    assert leg.id not in hotline.asterisk.channels
    await hotline.becomes(AgentState.READY, within_s=10)


async def test_state_that_cannot_be_read_does_not_stop_the_other_calls(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    await hotline.leave()
    await hotline.redis.set("hotline:live:call-broken", b'{"id": 7')

    await hotline.restart()

    await hotline.queued()


async def test_bridge_that_cannot_be_removed_does_not_stop_the_repair_of_the_queues(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    await hotline.ari.create_bridge("talk-of-a-call-that-is-over")
    hotline.ari.failures[bridges.DESTROY] = ServerFault("DELETE", "/bridges/x", "no", status=500)
    await hotline.redis.flushall()

    found = await hotline.reconciler.look()

    assert found.repaired == 1
    await hotline.agent_ready()
    await hotline.talking()


def take_queue_out(hotline: FakeHotline) -> None:
    """Replace the only queue of the file by another."""
    hotline.settings = {"sales": QueueSettings(name="sales", title_zh="销售", title_en="Sales")}


async def test_talk_goes_on_when_its_queue_was_taken_out_of_the_file(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.talking()
    take_queue_out(hotline)

    await renewed(hotline)
    await asyncio.sleep(1)

    assert hotline.asterisk.hears(caller.id) == "talk"
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value


async def test_caller_in_a_queue_that_was_taken_out_of_the_file_is_served(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    agent_id = await hotline.agent_ready()
    leg = await hotline.rung()
    take_queue_out(hotline)
    await renewed(hotline)
    hotline.asterisk.hang_up(leg.id, REFUSED)
    await until(lambda: hotline.ringing() is None)

    await hotline.queues.ready(agent_id)
    await hotline.talking()

    assert hotline.asterisk.hears(caller.id) == "talk"


async def test_call_that_ends_during_the_reconciliation_has_one_record(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    hotline.ari.delays_s[bridges.LIST] = 1.0
    looking = asyncio.create_task(hotline.reconciler.look())
    await asyncio.sleep(0.5)

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    await looking
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value
