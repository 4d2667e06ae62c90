"""A flow's voice on a real channel.

Ids of playbacks and recordings are stored before the request.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import structlog

from ari_app.ari.errors import AriError, AriNotFound, AriResponseError, ServerFault
from ari_app.ari.events import PlaybackFinished, RecordingFailed, RecordingFinished
from ari_app.ari.model import LiveRecording, Playback
from ari_app.calls.call_services import CallServices
from ari_app.calls.keypad import Keypad
from ari_app.calls.model import CallState
from ari_app.calls.pauses import PauseTone
from ari_app.calls.spoken import SpokenAnswers
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from foundation.tasks import shield_until_done
from ivr.voice import DigitRules, Digits, DigitsEnd, Spoken, SpokenRules
from recordings.errors import RecordingNotFound

LONGEST_PROMPT_S = 300.0
"""Time after which a playback without an end event is given up."""
STOPPING_S = 2.0
"""Time within which a new playback becomes one that can be stopped."""
STOP_AGAIN_S = 0.02

log = structlog.get_logger()


class ChannelVoice:
    """Speaks to one channel; takes keys from a `Keypad` that events fill."""

    def __init__(self, services: CallServices, state: CallState, keypad: Keypad) -> None:
        self._ari = services.ari
        self._dispatcher = services.dispatcher
        self._life = services.life
        self._store = services.store
        self._recordings = SpokenAnswers(services.recordings, services.store, state)
        self._state = state
        self._channel_id = state.channel_id
        self._keypad = keypad
        self._staged: str | None = None
        self._played: str | None = None
        """The playback under way in Asterisk, by id."""
        self._recorded: str | None = None
        """The recording under way in Asterisk, by name."""
        self._answering: asyncio.Task[None] | None = None
        self._pauses = PauseTone(services.ari, state.channel_id, services.pause_tone)

    def answer(self) -> None:
        """Begin to answer the call; steps without a voice go on meanwhile."""
        self._answering = asyncio.create_task(self._answer(), name=f"answer:{self._channel_id}")
        self._answering.add_done_callback(_retrieved)

    async def answered(self) -> None:
        """Wait until the call is answered.

        Raises:
            AriError: Asterisk could not answer it.
        """
        if self._answering is not None:
            await asyncio.shield(self._answering)

    def filling_pauses(self) -> AbstractAsyncContextManager[None]:
        """Play a soft tone in the pauses of this block."""
        return self._pauses.filling(self.answered)

    def stage(self) -> None:
        """Choose the next prompt's id and put it into the state.

        A process that adopts the call can then stop the prompt.
        """
        self._staged = self._state.playback_id = new_id("playback")

    async def take_over(self) -> None:
        """End another process's prompt and recording before their step begins again."""
        if self._state.playback_id is not None:
            await self._stop(self._state.playback_id)
        if (spoken_id := self._state.spoken_id) is not None:
            with suppress(AriError):
                await self._ari.stop_recording(self._recordings.name_of(spoken_id))
            with suppress(RecordingNotFound):
                await shield_until_done(self._recordings.end_spoken(spoken_id, failed=None))

    async def catch_up(self) -> None:
        """Stop waiting for playbacks and recordings that ended while events were missed.

        Raises:
            AriError: Asterisk did not respond.
        """
        about = {"application": self._ari.application, "timestamp": utc_now().isoformat()}
        if (playback_id := self._played) is not None:
            try:
                await self._ari.playback(playback_id)
            except AriNotFound:
                self._dispatcher.dispatch(PlaybackFinished(**about, playback=Playback(id=playback_id, state="done")))
        if (name := self._recorded) is not None:
            try:
                await self._ari.live_recording(name)
            except AriNotFound:
                self._dispatcher.dispatch(RecordingFinished(**about, recording=LiveRecording(name=name, state="done")))

    async def say(self, audio: Sequence[Path], *, barge_in: bool = False) -> None:
        """Play files one after another; with `barge_in`, until a key is pressed.

        The key is left to the next question. A file that cannot be played is skipped and logged.
        """
        await self.answered()
        if not barge_in:
            async with self._playing(audio) as finished:
                await finished
            return
        pressed = asyncio.create_task(self._keypad.pressed())
        try:
            await asyncio.sleep(0)  # a key pressed ahead is seen before anything is played
            if not pressed.done():
                async with self._playing(audio) as finished:
                    await asyncio.wait([pressed, finished], return_when=asyncio.FIRST_COMPLETED)
        finally:
            pressed.cancel()

    def drop_keys(self) -> None:
        """Drop all keys pressed ahead."""
        self._keypad.drop()

    async def key(self) -> str:
        """Take the next key, however long it takes."""
        return await self._keypad.next()

    async def ask(self, audio: Sequence[Path], rules: DigitRules) -> Digits:
        """Play files and collect keys, those pressed during the prompt included.

        A caller who pressed a key ahead knows the prompt and does not hear it.
        """
        await self.answered()
        if not rules.typed_ahead:
            self._keypad.drop()
        self._keypad.resume()
        first = self._keypad.already() if rules.barge_in else None
        if first is None:
            async with self._playing(audio) as finished:
                first = await self._key_or(finished) if rules.barge_in else None
                if first is None:
                    await finished
        return await self._collect(first, rules)

    async def record(self, purpose: str, rules: SpokenRules) -> Spoken | None:
        """Record the caller until silence, the terminator or the time limit."""
        await self.answered()
        if rules.can_skip and rules.terminator is not None and self._keypad.already() == rules.terminator:
            self._keypad.drop()
            return None
        begun = await shield_until_done(self._recordings.begin_spoken(purpose))
        if begun is None:
            return None
        recording_id, name = begun
        failed: str | None = None
        with self._pauses.sounding(), self._dispatcher.expect((RecordingFinished, RecordingFailed), name) as ended:
            try:
                await self._ari.record_channel(
                    self._channel_id,
                    name=name,
                    max_duration_s=int(rules.maximum_s),
                    max_silence_s=int(rules.silence_s),
                    terminate_on=rules.terminator or "none",
                    beep=True,
                )
                self._recorded = name
                async with asyncio.timeout(rules.maximum_s + LONGEST_PROMPT_S):
                    if isinstance(await ended, RecordingFailed):
                        failed = "Asterisk could not record"
            except (AriError, TimeoutError) as error:
                failed = str(error) or "the recording did not end in time"
            finally:
                self._recorded = None
                if not self._life.leaving:
                    # A hang-up cancels this task here; the words until then are sealed all the same.
                    duration_s = await shield_until_done(self._recordings.end_spoken(recording_id, failed=failed))
        self._keypad.drop()
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
                if rules.maximum > 1:
                    self._keypad.ignore_end_key(rules.terminator)
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
        """Play files; leaving the block early stops them."""
        if not audio:
            yield asyncio.create_task(asyncio.sleep(0))  # nothing to play ends at once
            return
        playback_id, self._staged = self._staged or new_id("playback"), None
        with self._pauses.sounding(), self._dispatcher.expect(PlaybackFinished, playback_id) as ended:
            media = [f"sound:{path.with_suffix('')}" for path in audio]
            asked = asyncio.create_task(self._play(media, playback_id))
            finished = asyncio.create_task(self._heard(audio, asked, ended))
            try:
                yield finished
            finally:
                if not ended.done() and not self._life.leaving:
                    await shield_until_done(self._stop_asked(playback_id, asked))
                finished.cancel()
                asked.cancel()

    async def _answer(self) -> None:
        await self._ari.answer(self._channel_id)
        self._state.answered_at_ms = milliseconds(utc_now())

    async def _play(self, media: Sequence[str], playback_id: str) -> Playback:
        # A process that adopts the call stops the prompt by the stored id.
        await self._store.settled(self._state.id)
        return await self._ari.play(self._channel_id, media, playback_id=playback_id)

    async def _heard(
        self, audio: Sequence[Path], asked: "asyncio.Task[Playback]", ended: "asyncio.Future[PlaybackFinished]"
    ) -> None:
        try:
            # Shielded: `_stop_asked` still needs both when this task is cancelled.
            self._played = (await asyncio.shield(asked)).id
            async with asyncio.timeout(LONGEST_PROMPT_S):
                finished = await asyncio.shield(ended)
        except (AriError, TimeoutError) as error:
            log.warning("prompt_not_played", audio=[path.name for path in audio], error=str(error))
            return
        finally:
            self._played = None
        if finished.playback.failed:
            # A hang-up during the prompt looks the same; the channel's end then follows at once.
            log.info("prompt_not_finished", audio=[path.name for path in audio])

    async def _stop_asked(self, playback_id: str, asked: "asyncio.Task[Playback]") -> None:
        """End a playback after its request was answered.

        A stop that overtook the request would find no playback; the prompt would be heard to its end, and other
        requests about the channel would wait for it.
        """
        await asyncio.wait({asked})
        if not isinstance(asked.exception(), AriResponseError):
            await self._stop(playback_id)

    async def _stop(self, playback_id: str) -> None:
        try:
            async with asyncio.timeout(STOPPING_S):
                stopped = await self._stopped(playback_id)
                while not stopped:
                    await asyncio.sleep(STOP_AGAIN_S)
                    stopped = await self._stopped(playback_id)
        except (AriError, TimeoutError) as error:
            log.warning("prompt_not_stopped", error=str(error))

    async def _stopped(self, playback_id: str) -> bool:
        """Ask once to stop; False where Asterisk cannot stop it yet.

        For a moment a new playback counts as playing and takes no commands.
        """
        try:
            await self._ari.stop_playback(playback_id)
        except AriNotFound:
            pass  # it ended by itself in the meantime
        except ServerFault:
            return False
        return True


def _retrieved(answering: "asyncio.Task[None]") -> None:
    """Retrieve the failure of an answer that no task waits for."""
    if not answering.cancelled():
        answering.exception()
