"""Nothing is written on a caller's way to the ring."""

import asyncio
import os

import pytest

from tests.asterisk.hotline import Hotline
from tests.asterisk.test_crashpoints import locked
from tests.desk_client import Desk
from tests.phones.phone import Phone

CALLER = "13800000002"
WRITER_WAITS_S = 5.0
"""A write waits so long for its turn before it fails: `BUSY_TIMEOUT_MS` of `foundation/sqlite.py`."""

pytestmark = pytest.mark.skipif("DATABASE_URL" in os.environ, reason="a database that is not ours is not locked")


async def until_ringing_s(hotline: Hotline, caller: Phone, desk: Desk, agent: Phone) -> float:
    """Dial; return the time until phone and desk knew."""
    began = asyncio.get_running_loop().time()
    await hotline.into_queue(caller)
    await agent.ringing()
    await desk.message("pop")
    return asyncio.get_running_loop().time() - began


async def hung_up(caller: Phone, desk: Desk, agent: Phone) -> None:
    await caller.hang_up()
    await agent.ended()
    await desk.message("agent", state="ready")


async def test_locked_database_delays_no_ring(hotline: Hotline) -> None:
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    usual_s = await until_ringing_s(hotline, caller, desk, agent)
    await hung_up(caller, desk, agent)

    with locked(hotline.stack.folder / "hotline.db"):
        locked_s = await until_ringing_s(hotline, caller, desk, agent)
    await hung_up(caller, desk, agent)
    assert locked_s < usual_s + WRITER_WAITS_S / 2
