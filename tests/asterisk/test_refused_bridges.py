"""Asterisk refuses bridges: it has no technology for one (F38).

What mixes is unloaded over ARI, as an operator could, and loaded again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ
from tests.asterisk.test_calling_out import CALLS
from tests.asterisk.test_crashpoints_queues import CALLER, invited, overflowing_stack, waits
from tests.asterisk.test_transfers import OUTSIDE, answered, talk_alone
from tests.asterisk.whole import calls_of, is_free_again, is_not_bound, nothing_is_left, only_new

MIXING = ("bridge_native_rtp.so", "bridge_softmix.so", "bridge_simple.so")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with overflowing_stack(tmp_path_factory.mktemp("refused")) as running:
        yield running


@asynccontextmanager
async def bridges_refused(stack: Stack) -> AsyncIterator[None]:
    """Have Asterisk refuse every mixing bridge."""
    at = stack.at
    credentials = {"Authorization": aiohttp.encode_basic_auth(at.user, at.password)}
    async with aiohttp.ClientSession(headers=credentials) as http:

        async def each(method: str) -> None:
            for module in MIXING:
                async with http.request(method, f"{at.rest_url}/asterisk/modules/{module}") as answer:
                    assert answer.status == 204, await answer.text()

        await each("DELETE")
        async with http.post(f"{at.rest_url}/bridges", params={"type": "mixing"}) as answer:
            assert answer.status >= 400, "Asterisk refuses"
        try:
            yield
        finally:
            await each("POST")


async def test_caller_whose_bridge_is_refused_keeps_the_place_and_is_served_afterwards(hotline: Hotline) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await waits(hotline, "repair")
    async with bridges_refused(hotline.stack):
        desk, agent = await hotline.ready_agent(idle=False)
        await answered(agent)
        await agent.ended()
        await caller.hears(seconds=0.5)
        await desk.message("agent", state="wrap_up")
    await desk.say(type="wrap_up_done")
    await answered(agent)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    await caller.hang_up()
    await agent.ended()
    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
    await nothing_is_left(hotline.stack)
    await is_free_again(desk)


async def test_caller_waits_on_where_the_bridge_with_a_queues_number_is_refused(hotline: Hotline) -> None:
    await hotline.whole()
    caller, duty = await hotline.phone(CALLER), await hotline.phone(OUTSIDE)
    async with bridges_refused(hotline.stack):
        log = hotline.stack.folder / "hotline.log"
        refused = log.read_text().count("overflow_number_not_rung")
        await hotline.into_queue(caller, "1")
        async with asyncio.timeout(WAIT_S):
            while log.read_text().count("overflow_number_not_rung") == refused:
                await asyncio.sleep(0.05)
    await waits(hotline, "consult")
    assert invited(duty) == 0
    await caller.hears(seconds=0.5)
    desk, agent = await hotline.ready_agent(idle=False)
    await answered(agent)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    await caller.hang_up()
    await agent.ended()
    await nothing_is_left(hotline.stack)
    await is_free_again(desk)


async def test_call_out_whose_bridge_is_refused_frees_both(hotline: Hotline) -> None:
    await hotline.whole()
    desk, agent = await hotline.ready_agent()
    other = await hotline.phone(OUTSIDE)
    async with bridges_refused(hotline.stack):
        made = await desk.post(CALLS, {"target": {"kind": "number", "id": OUTSIDE}})
        await answered(agent)
        await answered(other)
        await agent.ended()
        await other.ended()
        last = await desk.message("call", over=True, call_id=made["call_id"])
    assert last["result"] != "reached"
    await nothing_is_left(hotline.stack)
    await is_not_bound(desk)
