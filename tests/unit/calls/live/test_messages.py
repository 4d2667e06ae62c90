"""Messages of callers become tickets at the call's end."""

import pytest

from crm.history.model import CallOutcome
from ivr.cursor import Cursor, CursorStore
from ivr.voice import SpokenRules, Voice
from ivr.walker import Ended, Outcome
from recordings.model import SILENT, RecordingStatus
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until


async def leave_message(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    await store.save(cursor)
    await voice.record("message", SpokenRules())
    return Ended("message_left")


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_message_is_filed_when_the_call_has_ended(hotline: FakeHotline, hangs_up: bool) -> None:
    """Most callers hang up instead of pressing the last key."""
    hotline.script = leave_message
    hotline.recordings.spoken_ms = 4000
    hotline.messages.away = 2
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    live = hotline.live

    if hangs_up:
        hotline.asterisk.hang_up(caller.id)
    else:
        hotline.asterisk.press(caller.id, "#")
    await hotline.over()

    ((call_id, recording_ids),) = hotline.messages.filed
    assert call_id == live.state.id
    assert recording_ids == list(hotline.recordings.entries)
    assert hotline.history.only.outcome == CallOutcome.MESSAGE_LEFT.value


async def unserved_message(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    await leave_message(voice, store, cursor)
    return Ended("unserved")


async def test_caller_of_a_queue_who_leaves_a_silent_message_is_missed(hotline: FakeHotline) -> None:
    """The service did not fail, and the caller did not hang up."""
    hotline.script = unserved_message
    hotline.recordings.spoken_ms = 200
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    hotline.live.state.queued_at_ms = hotline.live.state.started_at_ms
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()
    assert hotline.messages.filed == []
    assert hotline.history.only.outcome == CallOutcome.TIMED_OUT.value


@pytest.mark.parametrize(("spoken_ms", "note"), [(500, ""), (3000, SILENT)])
async def test_silence_is_no_message(hotline: FakeHotline, spoken_ms: int, note: str) -> None:
    hotline.script = leave_message
    hotline.recordings.spoken_ms, hotline.recordings.spoken_note = spoken_ms, note
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()
    assert hotline.messages.filed == []


@pytest.mark.parametrize(("unsealed_s", "messages"), [(4.0, 1), (0.5, 0), (0.0, 0)])
async def test_message_with_a_recording_that_is_sealed_later_is_filed(
    hotline: FakeHotline, unsealed_s: float, messages: int
) -> None:
    """The database is away when the recording ends."""
    hotline.script = leave_message
    hotline.recordings.unsealed_audio_s = unsealed_s
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()

    assert len(hotline.messages.filed) == messages
    (entry,) = hotline.recordings.entries.values()
    assert entry.status is RecordingStatus.SEALED


async def test_message_of_a_call_of_an_earlier_version_is_filed(hotline: FakeHotline) -> None:
    """A recording without a purpose in the call's state."""
    hotline.script = leave_message
    hotline.recordings.spoken_ms = 4000
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    hotline.live.state.spoken_message = False
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()
    assert len(hotline.messages.filed) == 1
