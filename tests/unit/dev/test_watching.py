"""Ended parts are restarted at once, then with pauses."""

import time
from pathlib import Path

from dev.processes import ChildProcess, ProcessFailed
from dev.programs import Program
from dev.watching import Watched


class Part:
    """Return a program that lives for a given time."""

    def __init__(self, folder: Path, seconds: str) -> None:
        self.folder = folder
        self.seconds = seconds
        self.starts = 0
        self.process: ChildProcess | None = None

    def start(self) -> None:
        self.starts += 1
        self.process = ChildProcess(
            "part", Program(("/bin/sleep", self.seconds)), [], log=self.folder / "log", folder=self.folder
        )


def look_for(part: Part, seconds: float) -> None:
    watched = Watched("part", lambda: part.process, part.start)
    until = time.monotonic() + seconds
    watched.look()
    while time.monotonic() < until:
        time.sleep(0.01)
        watched.look()


def test_f1_killed_part_runs_again_at_once(tmp_path: Path) -> None:
    part = Part(tmp_path, "60")
    part.start()
    assert part.process is not None
    part.process.kill()

    look_for(part, 0.05)

    assert part.starts == 2
    assert part.process.running
    part.process.kill()


def test_part_that_ends_again_and_again_is_started_with_pauses(tmp_path: Path) -> None:
    part = Part(tmp_path, "0")
    part.start()

    look_for(part, 1.5)

    assert 3 <= part.starts <= 5


def test_part_that_cannot_be_started_does_not_end_the_watch(tmp_path: Path) -> None:
    part = Part(tmp_path, "0")
    part.start()

    def refuse() -> None:
        raise ProcessFailed("no")

    watched = Watched("part", lambda: part.process, refuse)
    for _ in range(5):
        time.sleep(0.05)
        watched.look()
