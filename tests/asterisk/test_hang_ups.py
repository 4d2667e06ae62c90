"""A caller hangs up in every state (F16).

The call counts once, the agent is free at once, and nothing is left behind.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ari_app.ari.client import AriClient
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.desk_client import Desk

CALLER = "13800000004"


@pytest.fixture(autouse=True)
async def tidy(hotline: Hotline) -> AsyncIterator[None]:
    yield
    await nothing_is_left(hotline.stack)


async def nothing_is_left(stack: Stack) -> None:
    """No channel and no bridge but the queues' own outlive the calls."""
    at = stack.at
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    await ari.start()
    try:
        async with asyncio.timeout(WAIT_S):
            while await ari.channels() or any(not bridge.id.startswith("hold-") for bridge in await ari.bridges()):
                await asyncio.sleep(0.05)
    finally:
        await ari.aclose()


async def last_call(supervisor: Desk) -> dict[str, Any]:
    """The newest call of the caller."""
    (customer,) = await supervisor.get("/api/v1/customers", text="赵磊")
    history = await supervisor.get(f"/api/v1/customers/{customer['id']}/history")
    return dict(history["calls"][0]) if history["calls"] else {}


async def newer_call(supervisor: Desk, than: dict[str, Any]) -> dict[str, Any]:
    """The next call's record, once it is there."""
    async with asyncio.timeout(WAIT_S):
        while (found := await last_call(supervisor)).get("id") == than.get("id"):
            await asyncio.sleep(0.05)
    return dict(await supervisor.get(f"/api/v1/calls/{found['id']}"))


async def test_before_anything_is_heard(hotline: Hotline) -> None:
    caller = await hotline.phone(CALLER)

    await caller.call(hotline.number)
    await caller.hang_up()

    await caller.ended()


async def test_in_the_menu(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = await last_call(supervisor)
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=4.0)

    await caller.hang_up()

    record = await newer_call(supervisor, before)
    assert record["outcome"] == "left_flow"
    assert record["hangup_by"] == "caller"


async def test_while_waiting_is_an_abandon_with_its_place_and_wait(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = await last_call(supervisor)
    first, second = await hotline.phone("13800000006"), await hotline.phone(CALLER)
    await hotline.into_queue(first)
    await hotline.waiting(supervisor, "repair", 1)
    await hotline.into_queue(second)
    await hotline.waiting(supervisor, "repair", 2)

    await second.hang_up()

    record = await newer_call(supervisor, before)
    assert record["outcome"] == "abandoned"
    assert record["abandon_position"] == 1, "a VIP stands before the ordinary caller who came first (H20)"
    assert record["wait_ms"] > 0
    await first.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_while_the_agent_is_rung(hotline: Hotline) -> None:
    """Wait until the agent is ready, with a silent phone.

    The desk shows no pop any more.
    """
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = await last_call(supervisor)
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()

    await caller.hang_up()

    await phone.ended()
    await desk.message("pop_closed", call_id=pop["call_id"])
    await desk.message("agent", state="ready", call_id=None)
    assert (await newer_call(supervisor, before))["outcome"] == "abandoned"


async def test_while_talking(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()
    await phone.answer()
    await phone.answered()
    await desk.message("call", stage="talking")

    await caller.hang_up()

    await phone.ended()
    await desk.message("agent", state="wrap_up")
    record = await hotline.call_record(supervisor, pop["call_id"])
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
