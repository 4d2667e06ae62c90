"""Storage of recordings.

Every name is made from an id of ours; nothing from outside becomes part of a path (S5).
"""

import fcntl
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from signal import SIGURG

from foundation.ids import new_id
from recordings.errors import RecordingNotFound, StorageUnavailable

MINIMUM_FREE_BYTES = 200 * 1024 * 1024
_RECORDING_ID = re.compile(r"rec-[0-9a-hjkmnp-tv-z]{26}")
_PROBE = b"\0" * 4096
_QUIET_SECONDS = 10.0
IDENTITY = ".folder-id"
"""File with the folder's own id."""


class Side(StrEnum):
    """Side of a call in a spool file."""

    CALLER = "caller"
    AGENT = "agent"


class Storage:
    """Folder of recordings.

    Sealed: `<yyyy>/<mm>/<dd>/<id>.wav`; before: `spool/<id>-<side>.wav`.

    Asterisk writes into the spool under the same path. Everything here may wait for the disk: call it in a thread.
    """

    def __init__(self, root: Path, *, minimum_free_bytes: int = MINIMUM_FREE_BYTES) -> None:
        self.root = root.resolve()
        self.spool = self.root / "spool"
        self.minimum_free_bytes = minimum_free_bytes

    def spool_file(self, recording_id: str, side: Side) -> Path:
        """Return the spool file of one side."""
        return self.spool / f"{checked_id(recording_id)}-{side}.wav"

    def spool_files(self, recording_id: str, channels: int) -> list[Path]:
        """Return the spool files of a recording, left channel first."""
        return [self.spool_file(recording_id, side) for side in list(Side)[:channels]]

    def journal_file(self, recording_id: str) -> Path:
        """Return the file of an entry while the database is away."""
        return self.spool / f"{checked_id(recording_id)}.json"

    def sealed_name(self, recording_id: str, started_at: datetime) -> str:
        """Return the sealed file's name, by the UTC day of its start."""
        return f"{started_at:%Y/%m/%d}/{checked_id(recording_id)}.wav"

    def path_of(self, name: str) -> Path:
        """Return the path of a stored name, inside the root (S6).

        Raises:
            RecordingNotFound: it would lead outside.
        """
        path = self.root / name
        if not path.parent.resolve().is_relative_to(self.root) or ".." in path.parts:
            raise RecordingNotFound
        return path

    def open_sealed(self, name: str) -> int:
        """Open a sealed file without following a link.

        The caller closes the descriptor.

        Raises:
            RecordingNotFound: it is not there, a link, or no regular file.
        """
        try:
            descriptor = os.open(self.path_of(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise RecordingNotFound from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RecordingNotFound
        return descriptor

    def identity(self) -> str:
        """Return the folder's id, the same on every machine.

        Empty where nothing can be written.
        """
        file = self.root / IDENTITY
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            part = self.root / f".{new_id('folder')}"
            part.write_text(part.name)
            try:
                with suppress(FileExistsError):
                    os.link(part, file)
            finally:
                part.unlink()
            return file.read_text().strip()
        except OSError:
            return ""

    def check(self) -> None:
        """Check by writing that a recording can be written now.

        Raises:
            StorageUnavailable: there is too little room, or nothing can be written.
        """
        probe = self.spool / f".probe-{os.getpid()}-{time.monotonic_ns()}"
        try:
            self.spool.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.spool).free
            if free < self.minimum_free_bytes:
                raise StorageUnavailable(f"only {free} bytes are free for recordings, {self.minimum_free_bytes} needed")
            try:
                probe.write_bytes(_PROBE)
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"recordings cannot be written: {error.strerror or error}") from error

    def spooled_ids(self) -> set[str]:
        """Return the recordings with files in the spool."""
        found = (_RECORDING_ID.match(path.name) for path in self._files(self.spool))
        return {match[0] for match in found if match}

    def sealed_names(self) -> Iterator[str]:
        """Yield all sealed files, relative to the root.

        These are the files outside the spool that are no side files of ours.
        """
        for year in sorted(self.root.glob("[0-9][0-9][0-9][0-9]")):
            for path in sorted(year.rglob("*")):
                if not path.is_dir() and not path.name.endswith((".peaks.json", ".part")):
                    yield str(path.relative_to(self.root))

    def leftovers(self, older_than_s: float) -> list[Path]:
        """Return half-written files of a process that ended while it wrote them."""
        newest = time.time() - older_than_s
        found = []
        for path in self.root.rglob("*.part"):
            with suppress(FileNotFoundError):  # renamed meanwhile, as is usual
                if path.lstat().st_mtime < newest:
                    found.append(path)
        return found

    def foreign_files(self) -> list[str]:
        """Return files in the spool without an id of ours."""
        return sorted(
            str(path.relative_to(self.root))
            for path in self._files(self.spool)
            if not _RECORDING_ID.match(path.name) and not path.name.startswith(".")
        )

    def _files(self, folder: Path) -> list[Path]:
        return [path for path in folder.iterdir() if not path.is_dir()] if folder.is_dir() else []


@contextmanager
def locked(paths: Sequence[Path]) -> Iterator[bool]:
    """Lock spool files; yield whether they are ours alone.

    A call's end and an audit may meet on them.
    """
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)
        return
    yield True


def checked_id(recording_id: str) -> str:
    """Return the id if it is one of ours.

    Raises:
        RecordingNotFound: it is not.
    """
    if not _RECORDING_ID.fullmatch(recording_id):
        raise RecordingNotFound
    return recording_id


def still_written(path: Path) -> bool:
    """Tell whether a process has the file open for writing.

    The kernel knows: it grants a read lease only on a file that no process writes, across containers too. Where there
    are no leases (another owner, a network disk), a file that changed lately counts as being written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # If a writer opens the file in this moment, the kernel sends a signal: one that does no harm.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return time.time() - os.fstat(descriptor).st_mtime < _QUIET_SECONDS
    finally:
        os.close(descriptor)
    return False
