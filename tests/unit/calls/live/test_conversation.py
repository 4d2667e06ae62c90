"""One call from its arrival to its record."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from ari_app.ari import bridges
from ari_app.ari.errors import AriNotReady, ServerFault
from ari_app.ari.rest import RequestKind
from ari_app.calls.model import HangUpBy
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from crm.history.model import CallOutcome
from foundation.clock import milliseconds
from ivr.cursor import Cursor, CursorStore
from ivr.voice import DigitRules, Voice
from ivr.walker import Ended, Outcome, ToQueue
from recordings.model import RecordingStatus
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

MENU = Path("/prompts/zh/menu.wav")


async def menu_then_queue(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Ask for one key, then queue."""
    await store.save(cursor)
    await voice.ask([MENU], DigitRules())
    return ToQueue("repair", "repair")


async def goodbye(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """End at once, with the matter settled."""
    await store.save(cursor)
    return Ended("done")


async def test_caller_talks_with_the_agent_until_the_agent_hangs_up(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()

    leg = await hotline.talking()

    assert hotline.asterisk.hears(caller.id) == "talk"
    assert hotline.live.state.stage is CallStage.TALKING
    (_, pop) = hotline.desks.popped[0]
    assert pop.call_id == hotline.live.state.id
    await until(lambda: caller.tapes)
    assert (await hotline.agent()).state is AgentState.TALKING

    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    record = hotline.history.only
    assert record.outcome == CallOutcome.ANSWERED.value
    assert record.hangup_by == HangUpBy.AGENT.value
    assert caller.id not in hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair"}
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    (entry,) = hotline.recordings.entries.values()
    assert entry.status is RecordingStatus.SEALED


async def test_desk_pops_before_the_phone_rings(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    ((_, pop),) = hotline.desks.popped
    assert pop.offered_at_ms <= milliseconds(datetime.fromisoformat(leg.created_at))


async def test_caller_hangs_up_in_the_talk(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.talking()

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value
    assert hotline.history.only.hangup_by == HangUpBy.CALLER.value
    assert leg.id not in hotline.asterisk.channels
    assert (await hotline.agent()).state is AgentState.WRAP_UP


async def test_caller_hangs_up_in_the_menu(hotline: FakeHotline) -> None:
    hotline.script = menu_then_queue
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.LEFT_FLOW.value
    assert hotline.history.only.queued_at is None


async def test_caller_hangs_up_before_the_first_word(hotline: FakeHotline) -> None:
    hotline.script = menu_then_queue
    caller = hotline.call()

    hotline.asterisk.hang_up(caller.id)
    await until(lambda: hotline.history.records)

    assert hotline.history.only.outcome == CallOutcome.LEFT_FLOW.value
    assert not hotline.asterisk.channels


async def test_flow_that_settles_the_matter_ends_the_call(hotline: FakeHotline) -> None:
    hotline.script = goodbye
    caller = hotline.call()
    await until(lambda: hotline.history.records)
    assert hotline.history.only.outcome == CallOutcome.SELF_SERVED.value
    assert caller.id not in hotline.asterisk.channels


async def test_call_that_asterisk_cannot_bridge_is_recorded_as_failed(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    hotline.ari.failures[bridges.ADD] = AriNotReady("POST", "/bridges", "starting", status=503)

    hotline.asterisk.pick_up(leg.id)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.FAILED.value
    assert not hotline.asterisk.channels
    assert caller.id in hotline.asterisk.gone
    assert (await hotline.agent()).state is AgentState.READY


@pytest.mark.parametrize("request_kind", [bridges.CREATE, bridges.ADD])
async def test_caller_waits_on_where_asterisk_refuses_the_bridge(
    hotline: FakeHotline, request_kind: RequestKind
) -> None:
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id).startswith("music:"))
    hotline.ari.failures[request_kind] = ServerFault("POST", "/bridges", "no technology", status=500)
    await hotline.agent_ready()
    refused = await hotline.rung()
    hotline.asterisk.pick_up(refused.id)
    await until(lambda: refused.id not in hotline.asterisk.channels)

    await hotline.queued()
    await hotline.becomes(AgentState.WRAP_UP)
    assert (await hotline.queues.position(hotline.live.state.id)) is not None
    await hotline.agent_ready("1002")
    await hotline.talking("1002")
    assert hotline.asterisk.hears(caller.id) == "talk"


async def test_record_waits_in_the_spool_when_the_database_is_away(hotline: FakeHotline) -> None:
    hotline.history.failure = ConnectionRefusedError("no database")
    caller = hotline.call()
    await hotline.queued()
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert [kind for kind, _ in hotline.spool.spooled] == ["call_record"]
    assert await hotline.store.all() == []


async def test_state_stays_when_the_record_can_be_stored_nowhere(hotline: FakeHotline) -> None:
    hotline.history.failure = ValueError("a defect of ours")
    caller = hotline.call()
    await hotline.queued()
    call_id = hotline.live.state.id
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert [state.id for state in await hotline.store.all()] == [call_id]

    hotline.history.failure = None
    await hotline.leave()
    await hotline.restart()
    await hotline.over()

    assert hotline.history.only.id == call_id


@pytest.mark.parametrize("stage", ["menu", "queue", "ringing", "talk"])
async def test_asterisk_that_dies_under_a_call_leaves_a_lost_call(hotline: FakeHotline, stage: str) -> None:
    hotline.script = menu_then_queue
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    if stage != "menu":
        hotline.asterisk.press(caller.id, "1")
        await hotline.queued()
    if stage in {"ringing", "talk"}:
        await hotline.agent_ready()
        await hotline.rung()
    if stage == "talk":
        await hotline.talking()

    hotline.asterisk.die()
    await hotline.reconciler.look()
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.LOST.value
    if stage in {"ringing", "talk"}:
        assert (await hotline.agent()).state is not AgentState.TALKING


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_hang_up_in_the_moment_of_the_answer_is_abandoned_or_answered(hotline: FakeHotline, turns: int) -> None:
    """A bridged call is answered; any other one is abandoned."""
    await hotline.agent_ready()
    caller = hotline.call()
    leg = await hotline.rung()

    hotline.asterisk.pick_up(leg.id)
    for _ in range(turns):
        await asyncio.sleep(0)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    record = hotline.history.only
    if record.outcome == CallOutcome.ANSWERED.value:
        assert record.connected_at is not None
        assert (await hotline.agent()).state is AgentState.WRAP_UP
    else:
        assert record.outcome == CallOutcome.ABANDONED.value
        assert (record.agent_id, record.abandon_position, record.short) == (None, 1, True)
        assert (await hotline.agent()).state is AgentState.READY


async def test_locked_database_delays_neither_the_bridge_nor_the_recording(hotline: FakeHotline) -> None:
    """F25: the recording's entry is stored when the database takes it."""
    hotline.recordings.begin_s = 20.0
    await hotline.agent_ready()
    caller = hotline.call()
    leg = await hotline.rung()

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk" and caller.tapes, within_s=1.0)
    assert hotline.recordings.entries == {}
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    (entry,) = hotline.recordings.entries.values()
    assert entry.status is RecordingStatus.SEALED


async def test_record_names_the_ticket_filed_during_the_conversation(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    caller = hotline.call()
    await hotline.talking()
    await asyncio.sleep(5)
    await hotline.recordings.link(hotline.live.state.id, ticket_id="ticket-1")

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert hotline.history.only.ticket_id == "ticket-1"
