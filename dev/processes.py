"""Child processes with a log, a readiness check and an end that is always seen through."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import TracebackType
from typing import Self

from dev.programs import Program

STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


class ProcessFailed(Exception):
    """A program ended or did not become ready; the message carries the end of its log."""


class ChildProcess:
    """One running program, ended by its process id and by nothing else."""

    def __init__(self, name: str, program: Program, arguments: Sequence[str], *, log: Path, folder: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*program.command, *arguments],
                env=program.environ(),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal reaches only us: we end the children in the right order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Wait until the program says it is ready.

        Raises:
            ProcessFailed: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ProcessFailed(f"{self.name} ended with {self._process.returncode}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                self.stop()
                raise ProcessFailed(f"{self.name} was not ready within {seconds} s:\n{self._log_end()}")
            time.sleep(POLL_SECONDS)

    def signal(self, number: Signals) -> None:
        """Send a signal to the program; a program that has ended is left alone."""
        if self.running:
            self._process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> None:
        """Ask the program to end, then end it."""
        self.signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the program at once, as a crash would, with whatever it started."""
        if self.running:
            os.killpg(self.pid, SIGKILL)
        self._process.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
