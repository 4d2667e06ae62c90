"""The soft tone in the pauses of a flow."""

import asyncio
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from ari_app.ari import channels
from ari_app.ari.errors import AriTimeout
from ari_app.calls.pauses import RATE, TONE_S, write_pause_tone
from ivr.cursor import Cursor, CursorStore
from ivr.voice import DigitRules, SpokenRules, Voice
from ivr.walker import Ended, Outcome, ToQueue
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

MENU = Path("/prompts/zh/menu.wav")


@pytest.fixture
def toned(hotline: FakeHotline) -> FakeHotline:
    """A node with a tone for pauses."""
    hotline.services = replace(hotline.services, pause_tone=Path("/prompts/pause.wav"))
    hotline.calls._services = hotline.services
    return hotline


async def test_caller_who_thinks_hears_no_long_silence(toned: FakeHotline) -> None:
    async def asks(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        await voice.ask([MENU], DigitRules(first_s=8.0))
        return Ended("done")

    toned.script = asks
    caller = toned.call()
    await until(lambda: toned.history.records)
    assert toned.asterisk.longest_silence_s(caller.id) <= 2.0


async def test_slow_step_is_no_long_silence(toned: FakeHotline) -> None:
    async def looks_up(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        await asyncio.sleep(5)
        return Ended("done")

    toned.script = looks_up
    caller = toned.call()
    await until(lambda: toned.history.records)
    assert toned.asterisk.longest_silence_s(caller.id) <= 2.0


async def test_pause_is_filled_again_after_one_refusal(toned: FakeHotline) -> None:
    async def looks_up(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        await asyncio.sleep(10)
        return Ended("done")

    toned.script = looks_up
    toned.ari.failures[channels.PLAY] = AriTimeout("POST", "/play", "no answer")
    caller = toned.call()
    await until(lambda: toned.history.records)
    assert [sound for _, sound in caller.sounds if sound == "prompt:pause"]


async def test_tone_is_not_played_while_the_caller_speaks_or_waits_in_a_queue(toned: FakeHotline) -> None:
    async def speaks(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        await voice.record("message", SpokenRules())
        return ToQueue("repair")

    toned.script = speaks
    caller = toned.call()
    await until(lambda: toned.asterisk.recordings)
    await asyncio.sleep(10)
    toned.asterisk.press(caller.id, "#")
    await toned.queued(1)
    await asyncio.sleep(10)
    assert not [sound for _, sound in caller.sounds if sound == "prompt:pause"]


def test_tone_is_a_short_sound_file_and_an_own_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    write_pause_tone(path)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnframes()) == (RATE, round(TONE_S * RATE))
    with wave.open(str(path), "wb") as own:
        own.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        own.writeframes(b"\1\0" * RATE)
    written = path.read_bytes()
    write_pause_tone(path)
    assert path.read_bytes() == written


def test_tone_that_cannot_be_played_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(b"damaged")
    write_pause_tone(path)
    with wave.open(str(path)) as file:
        assert file.getnframes() == round(TONE_S * RATE)
