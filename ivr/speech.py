"""Speech synthesis, and a content-addressed cache in front of it."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ivr.audio_files import is_playable, write_whole

LONGEST_TEXT = 600
"""Characters that are spoken at most in one piece."""

ENGINE_TIMEOUT_S = 15.0

SPOKEN = re.compile(r"[0-9a-f]{64}\.wav")
"""Name of a sentence's file."""


class SpeechError(Exception):
    """A text could not be spoken."""


class Speech(Protocol):
    """An engine that speaks."""

    def identity(self, language: str) -> str:
        """Engine, voice and settings: audio of one text differs when this differs."""

    async def synthesise(self, text: str, language: str) -> bytes:
        """A complete WAV file: 16-bit, mono, at the rate Asterisk shall play.

        Raises:
            SpeechError: it could not be spoken.
        """


class EspeakSpeech:
    """Speech by espeak-ng, with sox for rate and level.

    Text is passed by standard input, never as an option.
    """

    voices: Mapping[str, str] = {"zh": "cmn", "en": "en"}

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        sox: Sequence[str],
        *,
        words_per_minute: int = 165,
        rate_hz: int = 8000,
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._sox = list(sox)
        self._words_per_minute = words_per_minute
        self._rate_hz = rate_hz
        # A burst of new sentences must not take the processors from the calls that are talking.
        self._at_once = asyncio.Semaphore(max(2, (os.cpu_count() or 2) // 2))

    def identity(self, language: str) -> str:
        return f"espeak-ng/{self.voices.get(language)}/{self._words_per_minute}/{self._rate_hz}/1"

    async def synthesise(self, text: str, language: str) -> bytes:
        voice = self.voices.get(language)
        if voice is None:
            raise SpeechError(f"there is no voice for the language {language!r}")
        async with self._at_once:
            spoken = await self._run(
                [*self._command, "-v", voice, "-s", str(self._words_per_minute), "--stdin", "--stdout"],
                text.encode("utf-8", "replace"),
            )
            return await self._run(
                # Headroom first: raising the rate of a full-scale wave would clip it.
                [
                    *self._sox, "--ignore-length", "-t", "wav", "-", "-t", "wav", "-b", "16", "-c", "1", "-",
                    "gain", "-6", "rate", str(self._rate_hz), "highpass", "120", "gain", "-n", "-3",
                ],
                spoken,
            )  # fmt: skip

    async def _run(self, command: Sequence[str], given: bytes) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self._environment},
            )
        except OSError as error:
            raise SpeechError(f"{command[0]} cannot be started: {error}") from error
        try:
            async with asyncio.timeout(ENGINE_TIMEOUT_S):
                made, complaints = await process.communicate(given)
        except TimeoutError as error:
            raise SpeechError(f"the engine took longer than {ENGINE_TIMEOUT_S} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        if process.returncode or len(made) <= 44:
            raise SpeechError(f"the engine failed: {complaints.decode(errors='replace').strip()[:300]}")
        return made


class SpeechCache:
    """Cache of audio files; close it with `aclose()`.

    The key is a hash of engine, voice, language and text.

    Requests for one text at the same time are one synthesis; a caller who hangs up does not cancel it for the others.
    """

    def __init__(self, engine: Speech, folder: Path) -> None:
        self._engine = engine
        self.folder = folder
        """Folder of the files."""
        self._under_way: dict[Path, asyncio.Task[None]] = {}

    def path(self, text: str, language: str) -> Path:
        """Return the path of a text's audio, made or not."""
        content = "\0".join((self._engine.identity(language), language, text))
        return self.folder / f"{hashlib.sha256(content.encode()).hexdigest()}.wav"

    async def audio(self, text: str, language: str) -> Path:
        """The audio file of a text, made now if it is new.

        Raises:
            SpeechError: the text is empty, too long, or could not be spoken or stored.
        """
        text = " ".join(text.split())
        if not text:
            raise SpeechError("there is nothing to say")
        if len(text) > LONGEST_TEXT:
            raise SpeechError(f"a prompt of {len(text)} characters is longer than {LONGEST_TEXT}")
        target = self.path(text, language)
        # A file that a full disk or a power cut emptied is made again.
        if is_playable(target):
            with suppress(OSError):
                # Its age is the time since it was last wanted: `sweep` goes by that.
                os.utime(target)
            return target
        task = self._under_way.get(target)
        if task is None:
            task = asyncio.create_task(self._make(text, language, target), name=f"speech-{target.stem[:12]}")
            self._under_way[target] = task
            task.add_done_callback(lambda done: self._finished(target, done))
        await asyncio.shield(task)
        return target

    async def sweep(self, unused_s: float) -> int:
        """Remove sentences that were not played for so many seconds.

        Sentences with customers' matters must not pile up. Other files of the folder stay.
        """
        return await asyncio.to_thread(_remove_unused, self.folder, time.time() - unused_s)

    async def aclose(self) -> None:
        """Stop what is being synthesised."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, target: Path, task: asyncio.Task[None]) -> None:
        del self._under_way[target]
        if not task.cancelled():
            # Requests that still wait get the error; without any, it is marked as retrieved.
            task.exception()

    async def _make(self, text: str, language: str, target: Path) -> None:
        audio = await self._engine.synthesise(text, language)
        try:
            await asyncio.to_thread(write_whole, target, audio)
        except OSError as error:
            raise SpeechError(f"the audio cannot be stored: {error}") from error


def _remove_unused(folder: Path, before: float) -> int:
    removed = 0
    for file in folder.glob("*.wav"):
        with suppress(FileNotFoundError):
            if SPOKEN.fullmatch(file.name) and file.stat().st_mtime < before:
                file.unlink()
                removed += 1
    return removed
