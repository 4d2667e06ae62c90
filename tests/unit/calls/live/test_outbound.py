"""Calls that the hotline places: rung, answered, recorded, or not reached."""

import asyncio
from pathlib import Path

import pytest

from ari_app.calls.model import CallState
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from crm.history.model import CallOutcome
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from ivr.cursor import Cursor, CursorStore
from ivr.voice import Voice
from ivr.walker import Ended, Outcome
from recordings.model import RecordingStatus
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import NODE, FakeHotline
from tests.fakes.virtual_time import until

BUSY = 17
HELLO = Path("/prompts/zh/hello.wav")


async def hello(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    await store.save(cursor)
    await voice.say([HELLO])
    return Ended("done")


def placed(number: str = "+8613800000001") -> CallState:
    return CallState(
        id=new_id("call"),
        node=NODE,
        direction=Direction.OUTBOUND,
        channel_id=new_id("contact-leg"),
        number=number,
        access_number="96001",
        stage=CallStage.DIALLING,
        started_at_ms=milliseconds(utc_now()),
    )


async def dialled(hotline: FakeHotline) -> FakeChannel:
    """Place a call; return its channel when the phone rings."""
    hotline.script = hello
    state = placed()
    hotline.calls.place(state)
    await until(lambda: state.channel_id in hotline.asterisk.channels)
    return hotline.asterisk.channels[state.channel_id]


async def test_person_who_answers_hears_the_flow_and_is_recorded(hotline: FakeHotline) -> None:
    phone = await dialled(hotline)
    await asyncio.sleep(5)
    hotline.asterisk.pick_up(phone.id)
    await until(lambda: hotline.asterisk.hears(phone.id) == "prompt:hello")
    assert phone.tapes
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value
    assert [entry.status for entry in hotline.recordings.entries.values()] == [RecordingStatus.SEALED]


@pytest.mark.parametrize("how", ["nobody answers", "busy"])
async def test_person_who_is_not_reached_leaves_no_recording(hotline: FakeHotline, how: str) -> None:
    phone = await dialled(hotline)
    live = hotline.live
    if how == "busy":
        hotline.asterisk.hang_up(phone.id, BUSY)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.UNREACHED.value
    assert not hotline.recordings.entries
    assert live.cause == (BUSY if how == "busy" else 19)


async def test_number_that_must_not_be_called_is_never_dialled(hotline: FakeHotline) -> None:
    hotline.calls.place(placed("+449012345678"))
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.FAILED.value
    assert not hotline.asterisk.gone


async def test_phone_that_rings_is_not_rung_twice_by_the_next_process(hotline: FakeHotline) -> None:
    phone = await dialled(hotline)
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.pick_up(phone.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await until(lambda: hotline.asterisk.hears(phone.id) == "prompt:hello")
    await hotline.over()

    assert len(hotline.asterisk.gone) == 1
    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value
