"""The service dies at the steps of a queue (I1–I4).

Overflow, keys, calls back, calls of agents. The next service goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ
from tests.asterisk.test_crashpoints import doomed
from tests.asterisk.test_transfers import OUTSIDE, THIRD_HZ, answered, talk_alone
from tests.asterisk.whole import is_free_again, nothing_is_left, stack_with_points
from tests.desk_client import Desk
from tests.phones.phone import Phone

CALLER, CALL_BACK_CALLER = "13800000002", "13800000006"
OTHER_QUEUE = "{ unstaffed_s: 1, to: { queue: repair } }"
NUMBER = "{ waited_s: 2, to: { number: '+8613800000003' } }"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with overflowing_stack(tmp_path_factory.mktemp("doomed-queues")) as running:
        yield running


@contextmanager
def overflowing_stack(folder: Path) -> Iterator[Stack]:
    """Run a stack: its queues overflow to a number and a queue."""
    running = stack_with_points(folder)
    queues = folder / "callflows" / "queues.yaml"
    text = queues.read_text(encoding="utf-8").replace("  overflow:\n    - { waited_s: 120, to: call_back }\n", "")
    for name, rule in (("consult", NUMBER), ("complaint", OTHER_QUEUE)):
        text = text.replace(f"name: {name}\n", f"name: {name}\n  overflow: [{rule}]\n")
    queues.write_text(text, encoding="utf-8")
    running.start()
    try:
        yield running
    finally:
        running.stop()


def invited(phone: Phone) -> int:
    """Count the calls that rang at a phone."""
    return [event.name for event in phone.events].count("invite")


async def served(hotline: Hotline, caller: Phone) -> None:
    """Have an agent answer the caller, once, and both hear each other."""
    desk, agent = await hotline.ready_agent(idle=False)
    await answered(agent)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    assert invited(agent) == 1, "offered once (I4)"
    await caller.hang_up()
    await agent.ended()
    await nothing_is_left(hotline.stack)
    await is_free_again(desk)


async def waits(hotline: Hotline, queue: str, count: int = 1) -> Desk:
    """Wait until so many are in a queue; return a supervisor's desk."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    await hotline.waiting(supervisor, queue, count)
    return supervisor


async def test_caller_of_a_queue_that_overflows_to_another_keeps_the_place(hotline: Hotline) -> None:
    caller = await hotline.phone(CALLER)
    async with doomed(hotline, "changing-queue"):
        await hotline.into_queue(caller, "2")
    await waits(hotline, "repair")
    await waits(hotline, "complaint", 0)
    await served(hotline, caller)


async def test_caller_of_a_number_that_was_never_rung_is_served_by_the_queue(hotline: Hotline) -> None:
    caller, duty = await hotline.phone(CALLER), await hotline.phone(OUTSIDE)
    async with doomed(hotline, "overflowing"):
        await hotline.into_queue(caller, "1")
    await waits(hotline, "consult")
    assert invited(duty) == 0
    await served(hotline, caller)


@pytest.mark.parametrize("point", ["control-left", "arranged-left"])
async def test_number_that_answers_talks_with_the_caller(hotline: Hotline, point: str) -> None:
    caller, duty = await hotline.phone(CALLER), await hotline.phone(OUTSIDE)
    async with doomed(hotline, point):
        await hotline.into_queue(caller, "1")
        await answered(duty)
    await talk_alone(caller, CALLER_HZ, duty, THIRD_HZ)
    assert invited(duty) == 1
    await caller.hang_up()
    await duty.ended()
    await nothing_is_left(hotline.stack)


async def calls_back(hotline: Hotline, caller: Phone) -> None:
    """Answer the agent's phone, then the customer's; both talk."""
    desk, agent = await hotline.ready_agent(idle=False)
    await answered(agent)
    await answered(caller)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    assert (invited(agent), invited(caller)) == (1, 1), "rung once"
    await agent.hang_up()
    await caller.ended()
    await nothing_is_left(hotline.stack)
    await is_free_again(desk)


@pytest.mark.parametrize("point", ["key-chosen", "call-back-asked"])
async def test_call_back_is_asked_for_once(hotline: Hotline, point: str) -> None:
    caller = await hotline.phone(CALL_BACK_CALLER)
    await hotline.into_queue(caller)
    await waits(hotline, "repair")
    async with doomed(hotline, point):
        await caller.press("2")
    await caller.ended(WAIT_S)
    await waits(hotline, "repair")
    await calls_back(hotline, caller)


@pytest.mark.parametrize("point", ["calling-out", "ringing", "answered", "dialling-out", "dialled-out", "talking"])
async def test_call_back_in_line_is_carried_out_once(hotline: Hotline, point: str) -> None:
    caller = await hotline.phone(CALL_BACK_CALLER)
    await hotline.into_queue(caller)
    await waits(hotline, "repair")
    await caller.press("2")
    await caller.ended(WAIT_S)
    await waits(hotline, "repair")
    async with doomed(hotline, point):
        await calls_back(hotline, caller)


@pytest.mark.parametrize("point", ["calling-out", "own-phone", "dialling-out", "dialled-out"])
async def test_agents_call_out_is_carried_out_once(hotline: Hotline, point: str) -> None:
    desk, agent = await hotline.ready_agent()
    other = await hotline.phone(OUTSIDE)
    async with doomed(hotline, point):
        with suppress(aiohttp.ClientError):
            await desk.post("/api/v1/calls", {"target": {"kind": "number", "id": OUTSIDE}})
        await answered(agent)
        await answered(other)
        await talk_alone(other, THIRD_HZ, agent, AGENT_HZ)
        assert (invited(agent), invited(other)) == (1, 1), "rung once"
    await other.hang_up()
    await agent.ended()
    await nothing_is_left(hotline.stack)
    await is_free_again(desk)
