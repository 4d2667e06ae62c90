"""Process supervisor: starts the next service at once when one dies.

A cold start spends seconds on imports. The supervisor imports once and forks; it holds no connection and runs no event
loop, so that it has little to fail at. State lives in the servers, and the next service adopts it.
"""

import ctypes
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import structlog

SHORTEST_LIFE_S = 2.0
MOST_SHORT_LIVES = 3
"""After so many services in a row that died sooner, the next would too: the supervisor ends with their status."""
PREDECESSOR = "HOTLINE_PREDECESSOR"
"""Process id of the service that runs while the supervisor replaces itself."""
PR_SET_PDEATHSIG = 1
REASON_CHARACTERS = 2000
CHECK_S = 60.0
"""Time limit of the check: no service is restarted meanwhile."""

log = structlog.get_logger()


class ProcessSupervisor:
    """Runs one service at a time, as a fork of this process.

    SIGTERM and SIGINT end both; SIGHUP loads new code and new flows. `check` is the command (arguments of this Python)
    that first checks whether a service could start with them. Where it could not, the running service goes on.
    """

    def __init__(self, run: Callable[[], None], check: Sequence[str] = ("-c", "")) -> None:
        self._run = run
        self._check = check
        self._service: int | None = None
        self._ending = False

    def run(self) -> int:
        """Run until a signal or the end of a service.

        Returns the exit status.
        """
        self._listen()
        # Objects that exist now are never collected, and so never copied into each service's memory.
        gc.collect()
        gc.freeze()
        self._end_predecessor()
        short_lives = 0
        while True:
            began = time.monotonic()
            status = self._wait(self._fork())
            lived_s = time.monotonic() - began
            if self._ending or status >= 0:
                return max(status, 0)
            log.error("service_died", signal=signal.Signals(-status).name, lived_s=round(lived_s, 1))
            short_lives = short_lives + 1 if lived_s < SHORTEST_LIFE_S else 0
            if short_lives == MOST_SHORT_LIVES:
                return 128 - status

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._replace)

    def _end_predecessor(self) -> None:
        """End, in order, the service from before this process replaced itself."""
        predecessor = os.environ.pop(PREDECESSOR, None)
        if predecessor is not None:
            self._service = int(predecessor)
            os.kill(self._service, signal.SIGTERM)
            self._wait(self._service)

    def _fork(self) -> int:
        supervisor = os.getpid()
        child = os.fork()
        if child:
            self._service = child
            if self._ending:
                os.kill(child, signal.SIGTERM)
            return child
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # The service ends when its supervisor is killed: two services would compete for the node's name.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(0)
        self._run()
        raise SystemExit(0)

    def _wait(self, child: int) -> int:
        """Return the exit status; negative: the signal that ended the process."""
        _, status = os.waitpid(child, 0)
        self._service = None
        return os.waitstatus_to_exitcode(status)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        if self._service is not None:
            os.kill(self._service, signal.SIGTERM)

    def _problem(self) -> str | None:
        """Return why a service could not start with the files on disk."""
        try:
            checked = subprocess.run(
                [sys.executable, *self._check],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=CHECK_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        return checked.stdout[-REASON_CHARACTERS:].strip() if checked.returncode != 0 else None

    def _replace(self, _number: int, _frame: FrameType | None) -> None:
        """Replace this process by the code on disk; the service runs on."""
        if (problem := self._problem()) is not None:
            remedy = "correct it, then send SIGHUP again; until then nothing changes"
            log.error("upgrade_refused", reason=problem, remedy=remedy)
            return
        if self._ending:
            return
        if self._service is not None:
            os.environ[PREDECESSOR] = str(self._service)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
