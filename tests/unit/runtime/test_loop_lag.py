"""Lag of the event loop: one stall (F35) and a lasting one (F12)."""

import asyncio
import time

from structlog.testing import capture_logs

from ari_app.runtime.loop_lag import EVERY_S, STALLED_S, STANDING_OVER_S, LoopLag

ALL = round(STANDING_OVER_S / EVERY_S)


async def test_f35_a_stalled_loop_is_measured_and_logged() -> None:
    lag = LoopLag()
    with capture_logs() as logged:
        watching = asyncio.create_task(lag.watch())
        await asyncio.sleep(0)
        time.sleep(EVERY_S + 2 * STALLED_S)  # noqa: ASYNC251 - the stall itself
        while not logged:
            await asyncio.sleep(0.01)
        watching.cancel()

    assert logged[0]["event"] == "event_loop_stalled"
    assert logged[0]["late_s"] > STALLED_S


def test_f12_lag_that_ends_does_not_count() -> None:
    lag = LoopLag()
    for _ in range(ALL - 1):
        lag.note(3.0)
    assert lag.standing_s == 0.0, "nobody can say yet"
    lag.note(0.5)
    assert lag.standing_s == 0.5
    lag.note(0.001)
    assert lag.standing_s == 0.001, "it caught up once"
    for _ in range(ALL):
        lag.note(0.3)
    assert lag.standing_s == 0.3
