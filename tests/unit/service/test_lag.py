"""F35: a stalled event loop is seen."""

import asyncio
import time

from structlog.testing import capture_logs

from ari_app import lag


async def test_f35_a_stalled_loop_is_measured_and_logged() -> None:
    with capture_logs() as logged:
        watching = asyncio.create_task(lag.watch())
        await asyncio.sleep(0)
        time.sleep(lag.EVERY_S + 2 * lag.STALLED_S)  # noqa: ASYNC251 - the stall itself
        while not logged:
            await asyncio.sleep(0.01)
        watching.cancel()

    assert logged[0]["event"] == "event_loop_stalled"
    assert logged[0]["late_s"] > lag.STALLED_S
