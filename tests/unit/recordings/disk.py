"""A disk that is really full when it is full (F27)."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a small disk over a folder.

    Without the right to mount, the test is skipped.
    """
    place.mkdir(parents=True, exist_ok=True)
    if not _run("/bin/mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(place)):
        pytest.skip("only root may mount a disk of its own here")
    try:
        yield
    finally:
        assert _run("/bin/umount", "--lazy", str(place))


def enlarge(place: Path, size: str) -> None:
    """Make room on a mounted small disk."""
    assert _run("/bin/mount", "-o", f"remount,size={size}", str(place))


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
