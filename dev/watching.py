"""Parts that are started again when they end, as a supervisor would."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from dev.processes import ManagedProcess, ProcessFailed
from dev.terminal import say

WATCH_SECONDS = 0.05
"""How often the parts are looked at: a service that dies is missed for as long."""
STEADY_SECONDS = 10.0
"""What ran for so long and then ended is started again at once."""
LONGEST_PAUSE_SECONDS = 10.0


@dataclass
class Watched:
    """Part that is restarted at once, then with growing pauses."""

    name: str
    process: Callable[[], ManagedProcess | None]
    start: Callable[[], object]
    _pause: float = 0.0
    _begun: float = float("-inf")

    def look(self) -> None:
        """Restart the part where it ended and its pause is over.

        A part that cannot be started is tried again later.
        """
        process, now = self.process(), time.monotonic()
        if process is None or process.running or now < self._begun + self._pause:
            return
        steady = now - self._begun > self._pause + STEADY_SECONDS
        self._pause = 0.25 if steady else min(LONGEST_PAUSE_SECONDS, 2 * self._pause)
        self._begun = now
        say(f"hotline: {self.name} ended; starting it again")
        try:
            self.start()
        except ProcessFailed as failure:
            say(f"hotline: {failure}")
