"""A hang-up in the moment of the agent's answer (F16, F17)."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.asterisk.hotline import SUPERVISOR, Hotline
from tests.phones.phone import PhoneProblem

CALLER = "13800000004"


@pytest.mark.parametrize("milliseconds", range(-5, 6))
async def test_call_is_either_answered_or_abandoned(hotline: Hotline, milliseconds: int) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()

    async def after(seconds: float, act: Any) -> None:
        await asyncio.sleep(seconds)
        # The agent's phone may learn of the hang-up before it has answered.
        with suppress(PhoneProblem):
            await act()

    offset = milliseconds / 1000
    await asyncio.gather(after(max(0.0, -offset), phone.answer), after(max(0.0, offset), caller.hang_up))
    await caller.ended()
    await phone.ended()

    record = await hotline.call_record(supervisor, pop["call_id"])
    assert record["hangup_by"] == "caller"
    if record["connected_at"] is not None:
        assert (record["outcome"], record["abandon_position"]) == ("answered", None)
        await desk.message("agent", state="wrap_up")
    else:
        assert (record["outcome"], record["abandon_position"], record["agent_id"]) == ("abandoned", 1, None)
        await desk.message("agent", state="ready", call_id=None)
