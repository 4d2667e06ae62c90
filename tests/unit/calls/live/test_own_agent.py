"""Callers wait for their own agent alone, for a time (H20)."""

import asyncio

import pytest

from ivr.cursor import Cursor, CursorStore
from ivr.variables import write
from ivr.voice import Voice
from ivr.walker import Outcome, ToQueue
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

WAIT_S = 60.0

pytestmark = pytest.mark.parametrize("hotline", [{"preferred_wait_s": {"own_agent": WAIT_S}}], indirect=True)


async def known_customer(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    write(cursor.variables, "customer.own_agent_id", "staff-1002")
    await store.save(cursor)
    return ToQueue("repair", "repair")


async def test_own_agent_is_rung_before_those_who_are_idle_for_longer(hotline: FakeHotline) -> None:
    hotline.script = known_customer
    await hotline.agent_ready("1001")
    await hotline.agent_ready("1002")
    hotline.call()
    await hotline.talking("1002")


async def test_busy_own_agent_is_waited_for_and_then_any_agent_is_rung(hotline: FakeHotline) -> None:
    await hotline.agent_ready("1002")
    hotline.call("13800000009")
    await hotline.talking("1002")
    hotline.script = known_customer
    await hotline.agent_ready("1001")
    began = asyncio.get_running_loop().time()
    hotline.call()
    await hotline.rung("1001")
    assert asyncio.get_running_loop().time() - began == pytest.approx(WAIT_S, abs=1)


async def test_own_agent_who_signed_out_is_not_waited_for(hotline: FakeHotline) -> None:
    hotline.script = known_customer
    await hotline.agent_ready("1001")
    hotline.call()
    await until(lambda: hotline.ringing("1001") is not None, within_s=1)
