"""A flow's voice on a real channel: playbacks and recordings that are staged before they are asked for."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from ari_app.ari.errors import AriError, NotFound
from ari_app.ari.events import PlaybackFinished, RecordingFailed, RecordingFinished
from ari_app.calls.keypad import Keypad
from ari_app.calls.model import CallState
from ari_app.calls.spoken import SpokenAnswers
from ari_app.calls.tools import CallTools
from foundation.ids import new_id
from foundation.tasks import seen_through
from ivr.voice import DigitRules, Digits, DigitsEnd, Spoken, SpokenRules
from recordings.errors import RecordingNotFound

LONGEST_PROMPT_S = 300.0
"""A playback whose end never came is given up then."""

log = structlog.get_logger()


class ChannelVoice:
    """Speaks to one channel, and hears its keys through a `Keypad` that somebody else fills from events."""

    def __init__(self, tools: CallTools, state: CallState, keypad: Keypad) -> None:
        self._ari = tools.ari
        self._dispatcher = tools.dispatcher
        self._life = tools.life
        self._recordings = SpokenAnswers(tools.recordings, tools.store, state)
        self._state = state
        self._channel_id = state.channel_id
        self._keypad = keypad
        self._staged: str | None = None

    def stage(self) -> None:
        """Choose the id of the next prompt, for the state to carry: who adopts the call can then stop it."""
        self._staged = self._state.playback_id = new_id("playback")

    async def take_over(self) -> None:
        """End what another process was saying or recording here, before its step is begun again."""
        if self._state.playback_id is not None:
            await self._stop(self._state.playback_id)
        if (spoken_id := self._state.spoken_id) is not None:
            with suppress(AriError):
                await self._ari.stop_recording(self._recordings.name_of(spoken_id))
            with suppress(RecordingNotFound):
                await seen_through(self._recordings.end_spoken(spoken_id, failed=None))

    async def say(self, audio: Sequence[Path]) -> None:
        """Play files one after another, to the end; a file that cannot be played is skipped and logged."""
        async with self._playing(audio) as finished:
            await finished

    async def ask(self, audio: Sequence[Path], rules: DigitRules) -> Digits:
        """Play files and collect keys, those pressed during the prompt included."""
        async with self._playing(audio) as finished:
            first = await self._key_or(finished) if rules.barge_in else None
            if first is None:
                await finished
        try:
            return await self._collect(first, rules)
        finally:
            self._keypad.clear()

    async def record(self, purpose: str, rules: SpokenRules) -> Spoken | None:
        """Record what the caller says until silence, the terminator or the longest time."""
        begun = await seen_through(self._recordings.begin_spoken(purpose))
        if begun is None:
            return None
        recording_id, name = begun
        failed: str | None = None
        with self._dispatcher.expect((RecordingFinished, RecordingFailed), name) as ended:
            try:
                await self._ari.record_channel(
                    self._channel_id,
                    name=name,
                    max_duration_s=int(rules.maximum_s),
                    max_silence_s=int(rules.silence_s),
                    terminate_on=rules.terminator or "none",
                    beep=True,
                )
                async with asyncio.timeout(rules.maximum_s + LONGEST_PROMPT_S):
                    if isinstance(await ended, RecordingFailed):
                        failed = "Asterisk could not record"
            except (AriError, TimeoutError) as error:
                failed = str(error) or "the recording did not end in time"
            finally:
                if not self._life.leaving:
                    # A hang-up cancels us here, and what was said until then is kept all the same.
                    duration_s = await seen_through(self._recordings.end_spoken(recording_id, failed=failed))
        self._keypad.clear()
        return None if failed else Spoken(recording_id, duration_s)

    async def _collect(self, first: str | None, rules: DigitRules) -> Digits:
        keys = ""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + rules.overall_s
        key = first
        while True:
            if key is None:
                patience = rules.between_s if keys else rules.first_s
                key = await self._keypad.next_within(max(0.0, min(patience, deadline - loop.time())))
            if key is None:
                return Digits(keys, DigitsEnd.TIMEOUT)
            if key == rules.terminator and rules.maximum > 1:
                return Digits(keys, DigitsEnd.TERMINATED)
            keys += key
            if len(keys) >= rules.maximum:
                return Digits(keys, DigitsEnd.COMPLETE)
            key = None

    async def _key_or(self, finished: "asyncio.Task[None]") -> str | None:
        key = asyncio.create_task(self._keypad.next())
        try:
            await asyncio.wait([key, finished], return_when=asyncio.FIRST_COMPLETED)
            return key.result() if key.done() else None
        finally:
            key.cancel()

    @asynccontextmanager
    async def _playing(self, audio: Sequence[Path]) -> AsyncIterator["asyncio.Task[None]"]:
        """Playback from its request to its end; leaving the block early stops it."""
        playback_id, self._staged = self._staged or new_id("playback"), None
        with self._dispatcher.expect(PlaybackFinished, playback_id) as ended:
            finished = asyncio.create_task(self._play(playback_id, audio, ended))
            try:
                yield finished
            finally:
                if not ended.done() and audio and not self._life.leaving:
                    await self._stop(playback_id)
                finished.cancel()

    async def _play(self, playback_id: str, audio: Sequence[Path], ended: "asyncio.Future[PlaybackFinished]") -> None:
        if not audio:
            return
        try:
            media = [f"sound:{path.with_suffix('')}" for path in audio]
            await self._ari.play(self._channel_id, media, playback_id=playback_id)
            async with asyncio.timeout(LONGEST_PROMPT_S):
                finished = await ended
        except (AriError, TimeoutError) as error:
            log.warning("prompt_not_played", audio=[path.name for path in audio], error=str(error))
            return
        if finished.playback.failed:
            # A hang-up during the prompt looks the same; the channel's end then follows at once.
            log.info("prompt_not_finished", audio=[path.name for path in audio])

    async def _stop(self, playback_id: str) -> None:
        try:
            await self._ari.stop_playback(playback_id)
        except NotFound:
            # It ended by itself in the meantime.
            return
        except AriError as error:
            log.warning("prompt_not_stopped", error=str(error))
