"""Last good configuration, in force after a refused edit."""

import asyncio
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog
from prometheus_client import Gauge

from foundation.problems import Problem

FOLDER = "last-good"
WATCH_S = 20.0
CHECK_S = 60.0
LONGEST_REASON = 2000
REMEDY = "mend it and send SIGHUP; until then the last good configuration stays in force"
REFUSED = Gauge("hotline_configuration_refused", "1 while the call flows' folder has errors, else 0")

Made = TypeVar("Made")

log = structlog.get_logger()


class LastGood:
    """Copy of the call flows' folder that a service started with last."""

    def __init__(self, root: Path) -> None:
        """Take the copy's folder, on a disk that survives a restart."""
        self._root = root
        self._current = root / "current"

    @property
    def folder(self) -> Path | None:
        """The copy; None where no service has started yet."""
        try:
            folder = self._root / self._current.read_text()
        except OSError:
            return None
        return folder if folder.is_dir() else None

    def save(self, callflows: Path, fingerprint: str) -> None:
        """Copy a folder; drop the copy if the folder changed meanwhile."""
        former = self.folder
        if former is not None and former.name == fingerprint:
            return
        copy = self._root / f"{fingerprint}.part"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(callflows, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if fingerprint_of(copy) != fingerprint:
            shutil.rmtree(copy)
            return
        target = self._root / fingerprint
        shutil.rmtree(target, ignore_errors=True)
        copy.rename(target)
        written = self._current.with_suffix(".part")
        written.write_text(fingerprint)
        written.replace(self._current)
        if former is not None:
            shutil.rmtree(former)


class ConfigurationWatch:
    """Checks the call flows' folder after every edit."""

    def __init__(self, callflows: Path, *, problem: str | None = None) -> None:
        """Begin with a folder and the reason of its refusal."""
        self._callflows = callflows
        self._checked = _stamps(callflows)
        self.problem = problem
        """Reason why the folder as it is now cannot be used; None where it can."""
        REFUSED.set(problem is not None)

    async def run(self) -> None:
        """Check every edit until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            await self.look()

    async def look(self) -> None:
        """Check the folder if it was edited since the last check."""
        stamps = await asyncio.to_thread(_stamps, self._callflows)
        if stamps == self._checked:
            return
        self.problem = await _problem()
        self._checked = stamps
        REFUSED.set(self.problem is not None)
        if self.problem is not None:
            log.error("configuration_refused", reason=self.problem, remedy=REMEDY)
        else:
            log.info("configuration_accepted", remedy="send SIGHUP to take it over")

    async def alarm(self) -> str | None:
        """Return what is wrong, for `/readyz`."""
        return self.problem


def start_with_last_good(
    callflows: Path, last_good: LastGood, make: Callable[[Path], Made]
) -> tuple[Made, ConfigurationWatch]:
    """Make a service from the call flows or their last good copy.

    Raises:
        Problem: the folder has errors, and no service has started with an earlier one.
    """
    fingerprint = fingerprint_of(callflows)
    try:
        made = make(callflows)
    except Problem as refusal:
        former = last_good.folder
        if former is None:
            raise
        reason = "\n".join(refusal.lines())[-LONGEST_REASON:]
        log.error("configuration_refused", reason=reason, remedy=REMEDY)  # noqa: TRY400 - the reason says all
        return make(former), ConfigurationWatch(callflows, problem=reason)
    try:
        last_good.save(callflows, fingerprint)
    except OSError as error:
        # A full or read-only disk must not prevent the start: only a later refused edit would need the copy.
        log.warning("last_good_not_saved", error=str(error), remedy="make the folder writable, with free space")
    return made, ConfigurationWatch(callflows)


def fingerprint_of(folder: Path) -> str:
    """Digest the names and contents of a folder's files."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            continue
    return digest.hexdigest()[:32]


def _stamps(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of change of every file."""
    stamps = []
    for path in _files(folder):
        with suppress(OSError):  # an editor has just replaced it: the next look sees the new one
            status = path.stat()
            stamps.append((str(path), status.st_size, status.st_mtime_ns))
    return stamps


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


async def _problem() -> str | None:
    """Run `hotline check`, which reads settings and files like the next service."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ari_app.cli",
        "check",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), CHECK_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"the check did not end within {CHECK_S:.0f} s"
    return output.decode(errors="replace")[-LONGEST_REASON:].strip() if process.returncode else None
