"""How late the event loop is: whoever stalls it holds up every call (F35)."""

import asyncio

import structlog
from prometheus_client import Gauge

EVERY_S = 0.5
STALLED_S = 0.25
"""Worth a line in the log: a key pressed or a phone answered waited this long."""
LAG = Gauge("hotline_event_loop_lag_seconds", "How much later than asked for the event loop last woke a task")

log = structlog.get_logger()


async def watch() -> None:
    """Measure, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY_S
        await asyncio.sleep(EVERY_S)
        late_s = loop.time() - due
        LAG.set(late_s)
        if late_s > STALLED_S:
            log.warning("event_loop_stalled", late_s=round(late_s, 3))
