"""A killed `hotline up` is taken over by the next one (F33).

There are never two.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from dev.paths import PROJECT, RUNTIME
from dev.ports import free_port

READY_S = 90.0
SETTINGS = {
    "HOTLINE_HTTP_PORT": str(free_port()),
    "HOTLINE_SAMPLE_PASSWORD": "another-password",
    "HOTLINE_MOST_CALS": "50",
}
"""Those of the shell; one of them is misspelt."""


class Up:
    """One `hotline up` with the lines that it prints."""

    def __init__(self, runtime: Path) -> None:
        environment = {**os.environ, "HOTLINE_RUNTIME": str(runtime), "PYTHONPATH": str(PROJECT), **SETTINGS}
        for name in ("REDIS_URL", "DATABASE_URL"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ari_app.cli", "up"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, pattern: str) -> re.Match[str]:
        """Return the first line that matches."""
        while True:
            try:
                line = self._lines.get(timeout=READY_S)
            except Empty:
                raise AssertionError(f"nothing like {pattern!r} in {self.said}") from None
            self.said.append(line)
            if found := re.search(pattern, line):
                return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(60)
        self._reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


Start = Callable[[], Up]


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    for name in ("debian", "venv"):
        (tmp_path / name).symlink_to((RUNTIME / name).resolve())
    return tmp_path


@pytest.fixture
def start(runtime: Path) -> Iterator[Start]:
    """Start runs that end with the test, with every process they left."""
    started: list[Up] = []

    def up() -> Up:
        started.append(Up(runtime))
        return started[-1]

    yield up
    for one in started:
        one.end(signal.SIGKILL)
    for process in processes_of(runtime):
        os.kill(process, signal.SIGKILL)


def processes_of(runtime: Path) -> list[int]:
    """Processes that run in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            text += str((entry / "cwd").readlink()).encode()  # Redis overwrites the other two with its title
        except OSError:
            continue
        if str(runtime / "run").encode() in text:
            found.append(int(entry.name))
    return found


def test_killed_run_is_taken_over_by_the_next_one(runtime: Path, start: Start) -> None:
    first = start()
    first.until("HOTLINE_MOST_CALS: nothing reads it; is it HOTLINE_MOST_CALLS")
    first.until(f"API.*:{SETTINGS['HOTLINE_HTTP_PORT']}/")
    first.until("residents' phones.*another-password")
    left = set(processes_of(runtime))
    assert len(left) >= 5, "Redis, Asterisk, supervisor, service, watchdog"

    second = start()
    second.until(f"process {first.process.pid}")
    assert second.process.wait(60) == 2
    second.end(signal.SIGTERM)
    assert "Traceback" not in "".join(second.said)
    assert set(processes_of(runtime)) == left

    first.end(signal.SIGKILL)
    third = start()
    taken_over = third.until("took over").string
    assert all(name in taken_over for name in ("redis", "asterisk", "service", "watchdog")), taken_over
    third.until("residents' phones")
    assert set(processes_of(runtime)) == left

    assert third.end(signal.SIGINT) == 0
    assert processes_of(runtime) == []
