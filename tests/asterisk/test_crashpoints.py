"""The service dies at every named step of a call (I1–I6).

The next service completes the call.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from signal import SIGKILL

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.test_every_order import Walker
from tests.asterisk.whole import (
    CONTACT,
    LAST_POINT,
    POINTS,
    answers_questions,
    calls_of,
    is_free_again,
    nothing_is_left,
    one_answered,
    one_true_recording,
    only_new,
    order,
    replied_ticket,
    stack_with_points,
)

CALLER = "13800000002"
TONE_HZ = 440.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Stack with a service that can be ordered to die."""
    running = stack_with_points(tmp_path_factory.mktemp("doomed"))
    running.start()
    yield running
    running.stop()


async def service_dead(stack: Stack) -> None:
    """Wait until the service has died."""
    assert stack.service is not None
    async with asyncio.timeout(WAIT_S):
        while stack.service.running:
            await asyncio.sleep(0.02)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Keep everything else from writing into a SQLite database."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@asynccontextmanager
async def doomed(hotline: Hotline, point: str) -> AsyncIterator[asyncio.Event]:
    """Order the service to die at a point.

    The event says that the next one serves, and leaving waits for it.
    """
    stack, followed = hotline.stack, asyncio.Event()
    order(stack, SIGKILL, point)

    async def follow() -> None:
        try:
            await service_dead(stack)
            await asyncio.to_thread(stack.start_service)
        finally:
            followed.set()

    following = asyncio.create_task(follow(), name="the next service")
    try:
        yield followed
        await following
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@pytest.mark.parametrize("point", POINTS)
async def test_a_call_is_whole_wherever_the_service_dies(hotline: Hotline, point: str) -> None:
    async with doomed(hotline, point) as followed:
        supervisor = await hotline.desk(SUPERVISOR, socket=False)
        before = len(await calls_of(supervisor, CALLER))
        desk, agent = await hotline.ready_agent()
        caller = await hotline.phone(CALLER)
        await hotline.into_queue(caller)
        await agent.ringing()
        await agent.answer()
        await agent.answered()
        if point != LAST_POINT:
            await followed.wait()
        await agent.reaches(caller, TONE_HZ)
        await caller.hang_up()
        await agent.ended()

    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
    assert record["agent_id"] is not None
    await one_true_recording(hotline, supervisor, record["id"])
    await nothing_is_left(hotline.stack)
    assert [event.name for event in agent.events].count("invite") == 1, "offered once (I4)"
    await is_free_again(desk)


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="a database that is not ours is not locked")
async def test_a_conversation_is_recorded_though_no_entry_was_stored_before_the_service_died(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.5)
    order(hotline.stack, SIGKILL, "talking")
    with locked(hotline.stack.folder / "hotline.db"):
        await caller.press("3")
        await agent.ringing()
        await agent.answer()
        await agent.answered()
        await service_dead(hotline.stack)
    await asyncio.to_thread(hotline.stack.start_service)
    await agent.reaches(caller, TONE_HZ)
    await agent.hang_up()
    await caller.ended()

    record = await only_new(supervisor, CALLER, before)
    assert record["outcome"] == "answered"
    await one_true_recording(hotline, supervisor, record["id"])
    await is_free_again(desk)


@pytest.mark.parametrize("point", ["dialling", "dialled", "step"])
async def test_f30_customer_is_asked_once_wherever_the_service_dies(hotline: Hotline, point: str) -> None:
    async with doomed(hotline, point):
        supervisor = await hotline.desk(SUPERVISOR, socket=False)
        before = len(await calls_of(supervisor, CONTACT))
        contact = await hotline.phone(CONTACT)
        path = await replied_ticket(hotline)
        await contact.ringing(WAIT_S)
        await contact.answer()
        await contact.answered()
        await answers_questions(contact)
        await contact.press("#")
        await contact.ended(WAIT_S)

    await one_answered(supervisor, CONTACT, before)
    await nothing_is_left(hotline.stack)
    assert [event.name for event in contact.events].count("invite") == 1, "rung once (I6)"
    surveys = await supervisor.get(f"{path}/surveys")
    assert [answer["score"] for answer in surveys["answers"]] == [10]
    async with asyncio.timeout(WAIT_S):
        while (await supervisor.get(path))["status"] != "archived":
            await asyncio.sleep(0.1)


WALK = ["consult", "answer", "swap", "three_party", "leave"]
DIES_AT = {"answer": "arranged-consulting", "three_party": "control-three_party"}
"""Points in a consultation and in a three-party call; the others die on the fake Asterisk."""


async def test_f38_parties_stay_wherever_the_service_dies_in_a_consultation(hotline: Hotline) -> None:
    """The next service acts the stored stage out, at every ear."""
    walker = Walker(hotline, 0)
    await walker.begin()
    for command in WALK:
        point = DIES_AT.get(command)
        if point is None:
            await walker.step(command)
        else:
            order(hotline.stack, SIGKILL, point)
            with suppress(aiohttp.ClientError):  # the command's answer dies with the service
                await walker.step(command)
            walker.place.stage = point.partition("-")[2]
            await service_dead(hotline.stack)
            await asyncio.to_thread(hotline.stack.start_service)
            await hotline.whole()
        await walker.listen(command)
    await walker.phones["C"].hang_up()
    await walker.phones["B"].ended()
    await nothing_is_left(hotline.stack)
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    record = await hotline.call_record(supervisor, walker.call_id)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
