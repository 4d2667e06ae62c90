"""Asterisk dies at the steps of overflow, take-over, calls out (F11).

The caller is on the list of lost calls, no one is bound, no number is dialled once more.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.test_call_control import conversation
from tests.asterisk.test_crashpoints_queues import CALLER, invited, overflowing_stack
from tests.asterisk.test_supervision import order, supervisor_of
from tests.asterisk.test_transfers import OUTSIDE, answered
from tests.asterisk.whole import calls_of, is_not_bound, nothing_is_left, only_new, stopped_while
from tests.desk_client import Desk, Refused
from tests.phones.phone import Phone

CALLS = "/api/v1/calls"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with overflowing_stack(tmp_path_factory.mktemp("asterisk-dies")) as running:
        yield running


@asynccontextmanager
async def asterisk_dies(stack: Stack, point: str) -> AsyncIterator[asyncio.Event]:
    """Kill Asterisk while the service stands at a point; start it again."""

    def die() -> None:
        stack.asterisk.kill()
        stack.asterisk.start()

    async with stopped_while(stack, point, die) as gone_on:
        yield gone_on


async def supervised(hotline: Hotline) -> tuple[Desk, int]:
    """Return a supervisor's desk, and how many calls the caller had."""
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    return supervisor, len(await calls_of(supervisor, CALLER))


async def is_lost(hotline: Hotline, supervisor: Desk, before: int) -> dict[str, Any]:
    """Check that one lost call was added, and no caller waits."""
    await hotline.whole()
    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("lost", "system")
    await nothing_is_left(hotline.stack)
    for queue in ("repair", "consult", "complaint"):
        await hotline.waiting(supervisor, queue, 0)
    async with asyncio.timeout(WAIT_S):
        while any(agent["call_id"] == record["id"] for agent in await supervisor.get("/api/v1/agents")):
            await asyncio.sleep(0.05)
    listed = await supervisor.get("/api/v1/missed-callers")
    assert [one["number"].endswith(CALLER) for one in listed] == [True], "to be called back (I7)"
    return record


async def test_caller_cut_off_while_changing_the_queue_is_on_the_list(hotline: Hotline) -> None:
    supervisor, before = await supervised(hotline)
    caller = await hotline.phone(CALLER)
    async with asterisk_dies(hotline.stack, "changing-queue") as gone_on:
        await hotline.into_queue(caller, "2")
        await gone_on.wait()
    await is_lost(hotline, supervisor, before)


@pytest.mark.parametrize("point", ["overflowing", "control-left", "arranged-left"])
async def test_caller_cut_off_at_the_number_of_a_queue_is_on_the_list(hotline: Hotline, point: str) -> None:
    supervisor, before = await supervised(hotline)
    caller, duty = await hotline.phone(CALLER), await hotline.phone(OUTSIDE)
    async with asterisk_dies(hotline.stack, point) as gone_on:
        await hotline.into_queue(caller, "1")
        if point != "overflowing":
            await answered(duty)
        await gone_on.wait()
    await is_lost(hotline, supervisor, before)
    assert invited(duty) == (point != "overflowing"), "not rung for a caller who is gone"


@pytest.mark.parametrize("point", ["supervisor-asked", "taking-over"])
async def test_caller_cut_off_while_taken_over_is_on_the_list(hotline: Hotline, point: str) -> None:
    supervisor, before = await supervised(hotline)
    async with conversation(hotline) as talk:
        if point == "taking-over":
            await supervisor_of(talk, "listen")
        async with asterisk_dies(hotline.stack, point) as gone_on:
            with suppress(aiohttp.ClientError, Refused):
                await order(supervisor, talk, "take-over")
            await gone_on.wait()
        await is_lost(hotline, supervisor, before)
        await is_not_bound(talk.desk)


@pytest.mark.parametrize("point", ["calling-out", "own-phone", "dialling-out", "dialled-out"])
async def test_call_out_cut_off_frees_the_agent_and_is_not_dialled_once_more(hotline: Hotline, point: str) -> None:
    await hotline.whole()
    desk, agent = await hotline.ready_agent()
    other = await hotline.phone(OUTSIDE)
    async with asterisk_dies(hotline.stack, point) as gone_on:
        calling = asyncio.create_task(calls_out(desk, agent), name="the call")
        await gone_on.wait()
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    await hotline.whole()
    await nothing_is_left(hotline.stack)
    await is_not_bound(desk)
    assert invited(other) <= (point == "dialled-out"), "not dialled for an agent who is gone"
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    async with asyncio.timeout(WAIT_S):
        while (kept := (await desk.get("/api/v1/outgoing-calls"))[0])["result"] is None:
            await asyncio.sleep(0.05)
    assert kept["result"] in {"cancelled", "failed", "no_phone"}, "no one let it ring"
    record = await hotline.call_record(supervisor, kept["call_id"])
    assert record["outcome"] != "answered"


async def calls_out(desk: Desk, agent: Phone) -> None:
    """Have an agent call a number, and answer the own phone."""
    await desk.post(CALLS, {"target": {"kind": "number", "id": OUTSIDE}})
    await answered(agent)
