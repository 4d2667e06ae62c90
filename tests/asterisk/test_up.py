"""A killed `hotline up` is taken over by the next one (F33).

There are never two. A closed terminal ends it in order.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

import pytest

from dev.paths import PROJECT, RUNTIME
from dev.ports import free_port

READY_S = 180.0
IN_A_TERMINAL = ("setsid", "--ctty")
SETTINGS = {
    "HOTLINE_HTTP_PORT": str(free_port()),
    "HOTLINE_SAMPLE_PASSWORD": "another-password",
    "HOTLINE_MOST_CALS": "50",
}
"""Settings in the environment of the shell; one name is misspelt."""


class Up:
    """One `hotline up` with the lines that it prints."""

    def __init__(self, runtime: Path, *, terminal: bool = False) -> None:
        environment = {**os.environ, "HOTLINE_RUNTIME": str(runtime), "PYTHONPATH": str(PROJECT), **SETTINGS}
        environment["HOTLINE_CONSOLE"] = str(runtime / "pages")
        # Spoken already, as on every start but the first.
        environment["HOTLINE_PROMPTS"] = str(RUNTIME / "prompts")
        for name in ("REDIS_URL", "DATABASE_URL"):
            environment.pop(name, None)
        self._output, its = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [*IN_A_TERMINAL[: 2 * terminal], sys.executable, "-m", "ari_app.cli", "up"],
            env=environment,
            stdin=its if terminal else subprocess.DEVNULL,
            stdout=its,
            stderr=subprocess.STDOUT,
        )
        os.close(its)
        self._closed = threading.Event()
        self.said: list[str] = []
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        said, rest = b"begun", b""
        with suppress(OSError):  # the process has closed its terminal
            while said and not self._closed.is_set():
                if select.select([self._output], [], [], 0.1)[0]:
                    said = os.read(self._output, 65536)
                    *lines, rest = (rest + said).split(b"\n")
                    for line in lines:
                        self._lines.put(line.decode())
        os.close(self._output)

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
        self.close_terminal()
        return status

    def close_terminal(self) -> None:
        self._closed.set()
        self._reader.join()


Start = Callable[..., Up]


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    # Prompts and pages are made once, not for each test: that takes minutes on a busy machine.
    for name in ("debian", "venv", "prompts", "console", "node"):
        if (RUNTIME / name).is_dir():
            (tmp_path / name).symlink_to((RUNTIME / name).resolve())
    # Building the console would take longer than all the rest.
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<!doctype html>")
    return tmp_path


@pytest.fixture
def start(runtime: Path) -> Iterator[Start]:
    """Start runs that end with the test, with every process they left."""
    started: list[Up] = []

    def up(*, terminal: bool = False) -> Up:
        started.append(Up(runtime, terminal=terminal))
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

    fourth = start(terminal=True)
    supervisor = int(fourth.until(r"kill -HUP (\d+)")[1])
    assert supervisor in processes_of(runtime)
    fourth.close_terminal()
    assert fourth.process.wait(60) == 0
    assert processes_of(runtime) == []
