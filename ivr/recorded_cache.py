"""Cache of recorded prompts, converted for Asterisk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from ivr.audio_files import write_whole
from ivr.recorded_files import Recorded, converted_file
from ivr.recorded_sound import UnusableSound, read_sound

log = structlog.get_logger()


@dataclass(frozen=True)
class ConvertedFile:
    """A converted file, and how it was left on the disk."""

    path: Path
    stamp: tuple[int, int, int]

    @property
    def unchanged(self) -> bool:
        """Check that the file is the one that was written."""
        return _stamp(self.path) == self.stamp


class RecordedCache:
    """Converted files of recorded prompts; close it with `aclose()`.

    Files are converted when the flows are loaded, never while a caller waits. A file that was removed or overwritten
    since is made again in the background.
    """

    def __init__(self, recorded: Recorded, folder: Path) -> None:
        self._recorded = recorded
        self._folder = folder
        self._ready: dict[tuple[str, str], ConvertedFile] = {}
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}

    def holds(self, name: str, language: str) -> bool:
        """Tell whether an operator recorded the prompt."""
        return name in self._recorded.get(language, {})

    def file(self, name: str, language: str) -> Path | None:
        """Return the converted file; None, with a log entry, without one."""
        ready = self._ready.get((language, name))
        if ready is not None and ready.unchanged:
            return ready.path
        reason = "it was never converted" if ready is None else "it was removed or changed after it was loaded"
        log.error("recorded_prompt_unusable", prompt=name, language=language, reason=reason, remedy="speaking its text")
        if (language, name) not in self._under_way:
            task = asyncio.create_task(self._convert(name, language), name=f"recorded-{language}-{name}")
            self._under_way[language, name] = task
            task.add_done_callback(lambda _: self._under_way.pop((language, name), None))
        return None

    async def prepare(self) -> Sequence[str]:
        """Convert every file; return those that failed."""
        wanted = [(name, language) for language, files in self._recorded.items() for name in files]
        for name, language in wanted:
            await self._convert(name, language)
        return [f"{language}/{name}" for name, language in wanted if (language, name) not in self._ready]

    async def aclose(self) -> None:
        """Stop conversions under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _convert(self, name: str, language: str) -> None:
        original = self._recorded[language][name]
        known = self._ready.pop((language, name), None)
        try:
            # One that was loaded and is no longer as it was is not trusted, despite its name.
            self._ready[language, name] = await asyncio.to_thread(_convert, original, self._folder, known is not None)
        except (OSError, UnusableSound) as error:
            log.error("recorded_prompt_not_converted", prompt=name, language=language, file=str(original),  # noqa: TRY400
                      error=str(error), remedy="speaking its text; mend the file and send SIGHUP")  # fmt: skip


def _convert(original: Path, folder: Path, again: bool) -> ConvertedFile:
    """Convert a file unless it was converted before."""
    target = converted_file(original, folder)
    if again or not _is_sound(target):
        write_whole(target, read_sound(original).converted())
    stamp = _stamp(target)
    if stamp is None:
        raise UnusableSound("it disappeared")
    return ConvertedFile(target, stamp)


def _is_sound(path: Path) -> bool:
    try:
        read_sound(path)
    except UnusableSound:
        return False
    return True


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
