"""A disk of its own for the recordings, that can be full."""

import shutil
import subprocess
from pathlib import Path

WHOLE, SPARE = 4 * 2**30, 64 * 2**10
"""Bytes: of a disk that is not full, and what is left of one that is."""


class Disk:
    """Mount a file system in memory over a folder.

    Where it is not `needed`, or mounting is not allowed, the folder is never full.
    """

    def __init__(self, place: Path, *, needed: bool) -> None:
        self.place = place
        place.mkdir(parents=True)
        self._mounted = needed and _mount("-t", "tmpfs", "-o", f"size={WHOLE},mode=777", "tmpfs", str(place))

    def fill(self) -> bool:
        """Leave room for nothing; False where it is not ours to fill."""
        return self._mounted and self._resize(shutil.disk_usage(self.place).used + SPARE)

    def enlarge(self) -> None:
        """Make room again."""
        assert not self._mounted or self._resize(WHOLE)

    def remove(self) -> None:
        """Take it away, with what is on it."""
        if self._mounted:
            subprocess.run(["/bin/umount", "--lazy", str(self.place)], check=True)

    def _resize(self, size: int) -> bool:
        return _mount("-o", f"remount,size={size}", str(self.place))


def _mount(*arguments: str) -> bool:
    return subprocess.run(["/bin/mount", *arguments], check=False, capture_output=True).returncode == 0
