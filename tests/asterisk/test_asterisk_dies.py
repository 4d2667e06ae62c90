"""Asterisk dies and comes back (F11).

Lost calls are listed, agents are free again, recordings are safe, calls come in again.
"""

import asyncio

from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.desk_client import Desk

CALLER, SECOND = "13800000002", "13800000006"
TONE_HZ = 440.0


async def test_f11_asterisk_dies_and_comes_back(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR)
    desk, agent = await hotline.ready_agent()
    caller, waiting = await hotline.phone(CALLER), await hotline.phone(SECOND)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")
    await agent.reaches(caller, TONE_HZ)
    await hotline.into_queue(waiting)
    await hotline.waiting(supervisor, "repair", 1)
    # What is said in the last second may not be in the file yet.
    await agent.play_tone(TONE_HZ, 4.0)

    await asyncio.to_thread(hotline.stack.asterisk.kill)
    assert not await asyncio.to_thread(hotline.stack.ready)
    await asyncio.to_thread(hotline.stack.asterisk.start)

    # A recording that the cut left incomplete may be named first.
    async with asyncio.timeout(WAIT_S):
        while "cut 2 calls off" not in (await supervisor.message("notice"))["text"]["en"]:
            pass
    await desk.message("agent", state="wrap_up")
    await hotline.waiting(supervisor, "repair", 0)
    assert await lost_numbers(supervisor, 2) == {f"+86{CALLER}", f"+86{SECOND}"}
    record = await hotline.call_record(supervisor, pop["call_id"])
    assert (record["outcome"], record["hangup_by"]) == ("lost", "system")
    (recording,) = await hotline.sealed(supervisor, pop["call_id"])
    assert recording["status"] in {"sealed", "partial"}
    assert recording["duration_ms"] > 1000
    await hotline.whole()
    again = await hotline.phone("13800000003")
    await again.call(hotline.number)
    await again.answered()
    await again.hears(seconds=0.5)


async def lost_numbers(supervisor: Desk, count: int) -> set[str]:
    """Return the calls to be called back, once so many are listed."""
    async with asyncio.timeout(WAIT_S):
        while len(lost := await supervisor.get("/api/v1/calls", outcome="lost")) < count:
            await asyncio.sleep(0.05)
    return {call["number"] for call in lost}
