"""A stopped prompt is silent, however early the stop.

A key pressed ahead needs no prompt.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy
import pytest
import soundfile

from ari_app.ari.events import ChannelDestroyed, PlaybackStarted
from ari_app.calls.call_services import CallLifecycle, CallServices
from ari_app.calls.keypad import Keypad
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.calls.voice import ChannelVoice
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from dev.asterisk import Asterisk
from foundation.redis_client import redis_client
from ivr.voice import DigitRules, Digits, DigitsEnd
from tests.asterisk.ari_connection import PATIENCE_S, Connection, caller_and_leg, connected

VoiceOn = Callable[[str], tuple[ChannelVoice, Keypad]]

PROMPT_S = 20
PROMPTLY_S = 3.0
"""Far less than the prompt lasts, far more than a busy machine needs."""


@pytest.fixture
async def connection(asterisk: Asterisk) -> AsyncIterator[Connection]:
    async with connected(asterisk) as opened, asyncio.timeout(120):
        yield opened


@pytest.fixture
def prompt(tmp_path: Path) -> Path:
    path = tmp_path / "prompt.wav"
    soundfile.write(path, numpy.zeros(PROMPT_S * 8000, dtype=numpy.int16), 8000)
    return path


@pytest.fixture
async def voice_on(connection: Connection, redis_url: str) -> AsyncIterator[VoiceOn]:
    """A voice on a channel, with its telephony and call store."""
    redis = redis_client(redis_url)
    tools = SimpleNamespace(
        ari=connection.ari,
        dispatcher=connection.dispatcher,
        life=CallLifecycle(),
        pause_tone=None,
        recordings=None,
        store=CallStore(redis, "node-1"),
    )

    def on(channel_id: str) -> tuple[ChannelVoice, Keypad]:
        state = CallState(
            id="call-1",
            node="node-1",
            direction=Direction.INBOUND,
            channel_id=channel_id,
            number=None,
            access_number="96001",
            stage=CallStage.FLOW,
            started_at_ms=0,
        )
        keypad = Keypad()
        return ChannelVoice(cast("CallServices", cast("Any", tools)), state, keypad), keypad

    yield on
    await redis.aclose()


async def free(connection: Connection, channel_id: str) -> None:
    """Wait until the channel takes orders.

    An answer waits for the playback on the channel.
    """
    async with asyncio.timeout(PROMPTLY_S):
        await connection.ari.answer(channel_id)


async def test_a_prompt_stopped_while_it_is_being_asked_for_is_not_heard(
    connection: Connection, voice_on: VoiceOn, prompt: Path
) -> None:
    """Send the stop after the request.

    A stop that overtakes it finds nothing, and the caller hears the prompt to its end.
    """
    async with caller_and_leg(connection) as (caller_id, _):
        voice, _ = voice_on(caller_id)
        for steps in itertools.chain.from_iterable(itertools.repeat(range(12), 3)):
            saying = asyncio.create_task(voice.say([prompt]))
            for _ in range(steps):
                await asyncio.sleep(0)
            saying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saying
            await free(connection, caller_id)


async def test_a_prompt_stopped_as_it_begins_is_not_heard(
    connection: Connection, voice_on: VoiceOn, prompt: Path
) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        voice, keypad = voice_on(caller_id)
        # The key comes at the very moment at which Asterisk says that the prompt begins.
        forget = connection.dispatcher.listen(PlaybackStarted, lambda _: keypad.press("3"))
        try:
            for _ in range(20):
                async with asyncio.timeout(PROMPTLY_S):
                    digits = await voice.ask([prompt], DigitRules())
                assert digits.keys == "3"
                await free(connection, caller_id)
        finally:
            forget()


async def test_a_key_pressed_ahead_needs_no_prompt(connection: Connection, voice_on: VoiceOn, prompt: Path) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        voice, keypad = voice_on(caller_id)
        begun: list[PlaybackStarted] = []
        forget = connection.dispatcher.listen(PlaybackStarted, begun.append)
        keypad.press("3")
        try:
            digits = await voice.ask([prompt], DigitRules())
            await free(connection, caller_id)
        finally:
            forget()

    assert (digits.keys, digits.end) == ("3", DigitsEnd.COMPLETE)
    assert begun == []


async def test_key_ends_a_prompt_and_answers_the_next_question(
    connection: Connection, voice_on: VoiceOn, prompt: Path
) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        voice, keypad = voice_on(caller_id)
        forget = connection.dispatcher.listen(PlaybackStarted, lambda _: keypad.press("3"))
        try:
            async with asyncio.timeout(PROMPTLY_S):
                await voice.say([prompt], barge_in=True)
        finally:
            forget()
        await free(connection, caller_id)
        async with asyncio.timeout(PROMPTLY_S):
            digits = await voice.ask([prompt], DigitRules())

    assert digits.keys == "3"


async def test_keys_typed_ahead_answer_one_question_after_the_other(
    connection: Connection, voice_on: VoiceOn, prompt: Path
) -> None:
    """Press the keys of a caller who knows the menu by heart.

    5, the ticket's number, hash, the check, hash, 1.
    """
    async with caller_and_leg(connection) as (caller_id, _):
        voice, keypad = voice_on(caller_id)
        for key in "526112900003#0001#1":
            keypad.press(key)
        async with asyncio.timeout(PROMPTLY_S):
            await voice.say([prompt], barge_in=True)
            answers = [
                await voice.ask([prompt], rules)
                for rules in (DigitRules(terminator=None), DigitRules(maximum=20), DigitRules(maximum=4), DigitRules())
            ]

    assert [digits.keys for digits in answers] == ["5", "26112900003", "0001", "1"]


async def test_a_question_that_takes_no_keys_typed_ahead_drops_all_of_them(
    connection: Connection, voice_on: VoiceOn, tmp_path: Path
) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        voice, keypad = voice_on(caller_id)
        for key in "11":
            keypad.press(key)
        digits = await voice.ask([], DigitRules(first_s=0.01, typed_ahead=False))

    assert digits == Digits("", DigitsEnd.TIMEOUT)


async def test_unplayable_prompt_ends_no_call(connection: Connection, voice_on: VoiceOn, tmp_path: Path) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        voice, _ = voice_on(caller_id)
        async with asyncio.timeout(PROMPTLY_S):
            await voice.say([tmp_path / "missing.wav"])
            await voice.say([])
        with connection.dispatcher.expect(ChannelDestroyed, caller_id) as gone:
            await connection.ari.hang_up(caller_id)
            async with asyncio.timeout(PATIENCE_S):
                await gone
        async with asyncio.timeout(PROMPTLY_S):
            await voice.say([tmp_path / "missing.wav"])
