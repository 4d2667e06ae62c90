"""Recordings of a conversation: right names, no gap, no double."""

import asyncio

import pytest

from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.desk.command_model import CallTarget
from crm.notices.views import DutyNumber
from recordings.model import RecordingKind
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import conversation
from tests.unit.calls.live.test_transfers import OTHER, nothing_is_left, other_ready, outside, stage

TALK, CONSULT = RecordingKind.CONVERSATION, RecordingKind.CONSULT
NUMBER = "+8645187654321"


async def taped(hotline: FakeHotline) -> None:
    """Wait until one recorder runs."""
    await until(lambda: sum(len(leg.tapes) for leg in hotline.asterisk.channels.values()) == 1)


async def test_every_segment_names_all_its_parties(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    third = await hotline.talking("1002")
    await hotline.order(CallAction.THREE_PARTY)
    await hotline.order(CallAction.CANCEL)
    hotline.duty["dept-1"] = DutyNumber("张师傅", NUMBER)
    await hotline.order(CallAction.CONSULT, target=CallTarget("department", "dept-1"))
    third = await outside(hotline)
    hotline.asterisk.pick_up(third.id)
    await stage(hotline, ControlStage.CONSULTING)
    await hotline.order(CallAction.THREE_PARTY)
    await hotline.order(CallAction.LEAVE)
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)
    named = [
        (entry.kind, entry.agent_id, entry.other_agent_id, entry.other_number)
        for entry in hotline.recordings.entries.values()
    ]
    agent, other = "staff-1001", "staff-1002"
    assert named == [
        (TALK, agent, None, None),
        (CONSULT, agent, other, None),
        (TALK, agent, other, None),
        (TALK, agent, None, None),
        (CONSULT, agent, None, NUMBER),
        (TALK, agent, None, NUMBER),
        (TALK, None, None, NUMBER),
    ]


async def test_the_next_segment_begins_as_the_former_ends_whatever_the_database_does(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await other_ready(hotline)
    await taped(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    await hotline.talking("1002")
    await taped(hotline)
    hotline.recordings.begin_s = 30.0
    changes = hotline.ami.taped
    for action in (CallAction.THREE_PARTY, CallAction.CANCEL):
        before = len(changes)
        await hotline.order(action)
        await until(lambda: len(changes) == before + 2)  # noqa: B023 - waited for at once
    starts = [at_s for at_s, is_start, _ in changes if is_start]
    stops = [at_s for at_s, is_start, _ in changes if not is_start]
    assert len(starts) == 4
    # The first stop is the hold of the consultation: nothing is recorded while the colleague's phone rings.
    for start_s, stop_s in zip(starts[2:], stops[1:], strict=True):
        assert abs(start_s - stop_s) < 0.001


@pytest.mark.parametrize("moment", ["asked", "done"])
async def test_a_process_that_dies_in_the_change_leaves_no_gap_and_no_double(hotline: FakeHotline, moment: str) -> None:
    caller, _ = await conversation(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.CONSULT, target=OTHER)
    await hotline.talking("1002")
    await taped(hotline)
    joining = asyncio.create_task(hotline.order(CallAction.THREE_PARTY))
    if moment == "asked":
        await stage(hotline, ControlStage.THREE_PARTY)
    else:
        await joining
    await hotline.leave()
    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)
    await hotline.restart()
    await taped(hotline)
    await asyncio.sleep(1)
    assert len(caller.tapes) == 1
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    assert [entry.kind for entry in hotline.recordings.entries.values()] == [TALK, CONSULT, TALK]


async def test_a_hold_right_after_the_answer_leaves_no_recorder_running(hotline: FakeHotline) -> None:
    caller, _ = await conversation(hotline)
    await hotline.order(CallAction.HOLD)
    await asyncio.sleep(1)
    assert caller.tapes == []


async def test_a_ticket_filed_in_the_call_is_shown_and_kept(hotline: FakeHotline) -> None:
    await conversation(hotline)
    await hotline.control.link_ticket(hotline.live.state.id, "ticket-1")
    assert hotline.desks.shown[-1][1].ticket_id == "ticket-1"
    await hotline.control.link_ticket("call-of-the-past", "ticket-2")
    hotline.asterisk.hang_up(hotline.live.state.channel_id)
    await hotline.over()
    assert hotline.history.only.ticket_id == "ticket-1"
