"""Integrity of sealed files (S31)."""

import os
from dataclasses import dataclass

from recordings import sealing
from recordings.errors import RecordingAltered, RecordingNotFound, RecordingUnavailable
from recordings.model import Recording, WarningKind
from recordings.sealer import Sealer


@dataclass(frozen=True)
class _FileStamp:
    """Stamp of a file that had the right checksum.

    While it does not change, the file's bytes did not either: no program can set the time of a file's last change.
    """

    inode: int
    size: int
    changed_ns: int


class Integrity:
    """Checksums of sealed files, computed in the sealer's threads.

    A file with an unchanged stamp is not read again.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._unchanged: dict[str, _FileStamp] = {}

    async def require_unchanged(self, row: Recording) -> None:
        """Check that the file is what was sealed.

        Raises:
            RecordingUnavailable: the file is gone.
            RecordingAltered: its bytes are others.
        """
        try:
            stamp = await self._sealer.in_thread(self._stamp, row)
        except RecordingNotFound as error:
            self._sealer.warn(WarningKind.ALTERED, "the file is gone", row.id, row.call_id)
            raise RecordingUnavailable("The file of this recording is gone.") from error
        if self._unchanged.get(row.id) == stamp:
            return
        if await self.checksum(row) != row.sha256:
            self.warn(row)
            raise RecordingAltered("The file's checksum is not the one stored when it was sealed.")
        self._unchanged[row.id] = stamp

    async def checksum(self, row: Recording) -> str | None:
        """Return the file's present checksum; None where there is no file."""
        return await self._sealer.in_thread(self._checksum, row)

    def warn(self, row: Recording) -> None:
        """Warn that a file is not what was sealed."""
        self._unchanged.pop(row.id, None)
        self._sealer.warn(WarningKind.ALTERED, "the file is not what was sealed", row.id, row.call_id)

    def _stamp(self, row: Recording) -> _FileStamp:
        descriptor = self._sealer.storage.open_sealed(row.file)
        try:
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        return _FileStamp(found.st_ino, found.st_size, found.st_ctime_ns)

    def _checksum(self, row: Recording) -> str | None:
        try:
            return sealing.checksum_of(self._sealer.storage.open_sealed(row.file))
        except RecordingNotFound:
            return None
