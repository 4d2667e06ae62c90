"""Lag of the event loop: it delays every call (F12, F35)."""

import asyncio
from collections import deque

import structlog
from prometheus_client import Gauge

EVERY_S = 0.25
STALLED_S = 0.25
"""Worth a line in the log: a key pressed or a phone answered waited this long."""
STANDING_OVER_S = 2.0
LAG = Gauge("hotline_event_loop_lag_seconds", "How much later than asked for the event loop last woke a task")

log = structlog.get_logger()


class LoopLag:
    """Measures the lag, and tells one stall from a lag that stays."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=round(STANDING_OVER_S / EVERY_S))

    @property
    def standing_s(self) -> float:
        """Return the least lag of the last two seconds.

        CoDel judges a queue like this (RFC 8289): a stall that is over leaves none.
        """
        return min(self._late_s) if len(self._late_s) == self._late_s.maxlen else 0.0

    def note(self, late_s: float) -> None:
        """Note one measurement."""
        self._late_s.append(late_s)
        LAG.set(late_s)
        if late_s > STALLED_S:
            log.warning("event_loop_stalled", late_s=round(late_s, 3))

    async def watch(self) -> None:
        """Measure, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.note(loop.time() - due)
