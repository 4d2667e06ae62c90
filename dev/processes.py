"""Processes with a log, a readiness check and an end in order."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import TracebackType
from typing import Self

from dev.programs import Program
from foundation.process_identity import ProcessIdentity

STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
LOG_END_CHARACTERS = 3000
LONGEST_START_SECONDS = 900.0
"""Limit of a start that makes progress: a program could log forever and never be ready."""


class ProcessFailed(Exception):
    """Program that ended or was not ready; the message has its log."""


class ManagedProcess(ABC):
    """Running program, ended by its process id alone."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log

    @property
    @abstractmethod
    def pid(self) -> int:
        """Return the process id."""

    @property
    @abstractmethod
    def running(self) -> bool:
        """Return whether the program runs."""

    @abstractmethod
    def signal(self, number: Signals) -> None:
        """Send a signal to the program while it runs."""

    @abstractmethod
    def wait(self, seconds: float) -> bool:
        """Wait for the program's end; return whether it ended in time."""

    @abstractmethod
    def ending(self) -> str:
        """Return how the program ended, in words."""

    def wait_until(
        self, ready: Callable[[], bool], *, seconds: float = 30.0, tell: Callable[[str], object] = lambda _text: None
    ) -> None:
        """Wait until the program is ready, as long as it makes progress.

        Each new text in its log is progress, and `tell` gets it; `seconds` is how long it may be silent. A slow machine
        is no reason to end a start.

        Raises:
            ProcessFailed: it ended, or was silent for too long.
        """
        began = heard = time.monotonic()
        read = self._log_size()
        while not ready():
            if not self.running:
                raise ProcessFailed(f"{self.name} {self.ending()}:\n{self._log_end()}")
            now = time.monotonic()
            if (size := self._log_size()) > read:
                tell(self._log_from(read))
                read, heard = size, now
            if now - heard > seconds or now - began > LONGEST_START_SECONDS:
                self.stop()
                said = self._log_end() or f"it wrote nothing to {self.log}"
                raise ProcessFailed(f"{self.name} was not ready, and silent for {now - heard:.0f} s:\n{said}")
            time.sleep(POLL_SECONDS)

    def stop(self, number: Signals = SIGTERM) -> None:
        """Ask the program to end, then end it."""
        self.signal(number)
        if not self.wait(STOP_SECONDS):
            self.kill()

    def kill(self) -> None:
        """End the program and its children at once, as a crash would."""
        if self.running:
            os.killpg(self.pid, SIGKILL)
        self.wait(STOP_SECONDS)

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _log_from(self, begin: int) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_END_CHARACTERS:] if self.log.exists() else ""


class ChildProcess(ManagedProcess):
    """Program that this process started."""

    def __init__(self, name: str, program: Program, arguments: Sequence[str], *, log: Path, folder: Path) -> None:
        super().__init__(name, log)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*program.command, *arguments],
                env=program.environ(),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal reaches only this process, which ends the children in the right order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: Signals) -> None:
        if self.running:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ending(self) -> str:
        return f"ended with {self._process.returncode}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class AdoptedProcess(ManagedProcess):
    """Program that an earlier run of this checkout left running."""

    def __init__(self, name: str, identity: ProcessIdentity, *, log: Path) -> None:
        super().__init__(name, log)
        self._identity = identity

    @property
    def pid(self) -> int:
        return self._identity.process_id

    @property
    def running(self) -> bool:
        return self._identity.runs

    def signal(self, number: Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return not self.running

    def ending(self) -> str:
        return "ended"
