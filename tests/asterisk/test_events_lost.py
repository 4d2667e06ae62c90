"""Events that Asterisk sent into a dying connection (F7).

Their effects are found when the next connection is there.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from dev.ports import free_port
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.proxy import Proxy
from tests.asterisk.whole import (
    CONTACT,
    answers_questions,
    calls_of,
    entered,
    nothing_is_left,
    one_answered,
    replied_ticket,
    stack_with_points,
)

CALLER = "13800000002"
TONE_HZ = 440.0


@dataclass
class Line:
    """The connection of Asterisk's events, in a test's hands."""

    stack: Stack
    proxy: Proxy


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    events_port = free_port()
    stack = stack_with_points(tmp_path_factory.mktemp("lost"), EVENTS_PORT=str(events_port))
    proxy = Proxy(stack.at.address, stack.at.events_port, events_port)
    with ExitStack() as started:
        proxy.start()
        started.callback(proxy.stop)
        started.callback(stack.stop)
        stack.start()
        yield Line(stack, proxy)


@pytest.fixture(scope="module")
def stack(line: Line) -> Stack:
    return line.stack


async def test_an_agents_answer(line: Line, hotline: Hotline) -> None:
    _, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await agent.ringing()
    line.proxy.lose()
    await agent.answer()
    await entered(line.stack, "agent-leg-")

    line.proxy.cut()

    await agent.reaches(caller, TONE_HZ)
    await caller.hang_up()
    await agent.ended()
    await nothing_is_left(line.stack)


async def test_the_end_of_a_prompt(line: Line, hotline: Hotline) -> None:
    """Without it, a caller who says nothing would hear nothing for minutes."""
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears()
    line.proxy.lose()
    await caller.hears_silence(seconds=2.0)

    line.proxy.cut()

    await caller.hears()
    await caller.hang_up()
    await nothing_is_left(line.stack)


async def test_a_contacts_answer_and_the_end_of_a_recording(line: Line, hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CONTACT))
    contact = await hotline.phone(CONTACT)
    path = await replied_ticket(hotline)
    await contact.ringing(WAIT_S)
    line.proxy.lose()
    await contact.answer()
    await contact.answered()
    await entered(line.stack, "contact-leg-")
    line.proxy.cut()
    await answers_questions(contact)

    line.proxy.lose()
    await contact.press("#")
    await contact.hears_silence(seconds=1.0)
    line.proxy.cut()

    await contact.ended(WAIT_S)
    await one_answered(supervisor, CONTACT, before)
    surveys = await supervisor.get(f"{path}/surveys")
    assert [answer["score"] for answer in surveys["answers"]] == [10]
