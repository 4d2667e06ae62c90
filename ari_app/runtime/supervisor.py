"""Keeps the service running: the next one is at work as soon as one dies, because all its code is in memory already.

A cold start spends seconds on importing. The keeper imports once and forks; it holds no connection and runs no loop, so
that there is nothing in it to die of. What must not be lost lives elsewhere, and the next service adopts it.
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
"""A service that dies sooner would only die again: whoever started us is to know."""
PREDECESSOR = "HOTLINE_PREDECESSOR"
"""The process id of the service that ran before the keeper replaced itself."""
PR_SET_PDEATHSIG = 1
TOLD_CHARACTERS = 2000
CHECK_S = 60.0
"""Meanwhile nobody would start the next service: what takes longer is not waited for."""

log = structlog.get_logger()


class ProcessSupervisor:
    """One service at a time, forked from us. SIGTERM and SIGINT end it and us; SIGHUP brings new code and new flows.

    `check` is the command that says beforehand whether a service could start with them: arguments of this Python.
    Where it cannot, the service that runs goes on.
    """

    def __init__(self, run: Callable[[], None], check: Sequence[str] = ("-c", "")) -> None:
        self._run = run
        self._check = check
        self._service: int | None = None
        self._ending = False

    def keep(self) -> int:
        """Run until told to end, or until a service ends by itself; returns its exit status."""
        self._listen()
        # What is there now is never collected, and so never copied into each service's own memory.
        gc.collect()
        gc.freeze()
        self._relieve()
        while True:
            began = time.monotonic()
            status = self._wait(self._fork())
            lived_s = time.monotonic() - began
            if self._ending or status >= 0:
                return max(status, 0)
            log.error("service_died", signal=signal.Signals(-status).name, lived_s=round(lived_s, 1))
            if lived_s < SHORTEST_LIFE_S:
                return 128 - status

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._replace)

    def _relieve(self) -> None:
        """End, in order, the service of the keeper that we were before."""
        predecessor = os.environ.pop(PREDECESSOR, None)
        if predecessor is not None:
            self._service = int(predecessor)
            os.kill(self._service, signal.SIGTERM)
            self._wait(self._service)

    def _fork(self) -> int:
        keeper = os.getpid()
        child = os.fork()
        if child:
            self._service = child
            if self._ending:
                os.kill(child, signal.SIGTERM)
            return child
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # A keeper that was killed takes its service along, in order; two would quarrel over the node's name.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != keeper:
            os._exit(0)
        self._run()
        raise SystemExit(0)

    def _wait(self, child: int) -> int:
        """The exit status; negative: the number of the signal it died of."""
        _, status = os.waitpid(child, 0)
        self._service = None
        return os.waitstatus_to_exitcode(status)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        if self._service is not None:
            os.kill(self._service, signal.SIGTERM)

    def _problem(self) -> str | None:
        """Why a service could not start with what is on disk now."""
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
        return checked.stdout[-TOLD_CHARACTERS:].strip() if checked.returncode != 0 else None

    def _replace(self, _number: int, _frame: FrameType | None) -> None:
        """Become a keeper of the code as it is on disk now; our service serves until that is read."""
        if (problem := self._problem()) is not None:
            remedy = "mend it, then send SIGHUP again; until then nothing changes"
            log.error("upgrade_refused", reason=problem, remedy=remedy)
            return
        if self._ending:
            return
        if self._service is not None:
            os.environ[PREDECESSOR] = str(self._service)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
