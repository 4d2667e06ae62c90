"""The service is away for long; Asterisk alone serves callers (F5, F6)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from ari_app.ari.client import AriClient
from ari_app.fallback.model import ALIVE, AWAY_S
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, people, stack_in
from tests.asterisk.whole import asked
from tests.desk_client import Desk

WAITING, NEW, TALKING, HUNG, GONE = "13800000002", "13800000006", "13800000003", "13800000004", "13800000005"
APOLOGY_MS = 4000
TONE_HZ = 440.0
BEEP_HZ = 700.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = stack_in(tmp_path_factory.mktemp("fallback"))
    running.start()
    running.start_watchdog()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    async for opened in people(stack):
        yield opened


async def test_f5_the_service_is_gone_for_long(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    talking, waiting, new = [await hotline.phone(user) for user in (TALKING, WAITING, NEW)]
    await hotline.into_queue(talking)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")
    await hotline.into_queue(waiting)
    await hotline.waiting(supervisor, "repair", 1)
    other = await hotline.phone("agent1002")
    assert hotline.stack.service is not None

    await asyncio.to_thread(hotline.stack.service.kill)

    # Led from the line to the other agent's phone; who talks is left alone.
    await other.ringing(WAIT_S)
    await agent.reaches(talking, TONE_HZ)
    await other.answer()
    await other.answered()
    await other.reaches(waiting, TONE_HZ)
    await other.play_tone(TONE_HZ, 2.0)
    # No agent is free for this caller: a message.
    await new.call(hotline.number)
    await new.answered()
    await new.hears_tone(BEEP_HZ, seconds=0.2, within=90.0)
    await new.play_tone(TONE_HZ, 3.0)
    await new.hang_up()
    await waiting.hang_up()
    await other.ended()
    await asyncio.to_thread(hotline.stack.start_service)

    found = await taken_in(supervisor, 2)
    assert {(ticket["subject"], ticket["status"]) for ticket in found} == {
        ("系统维护期间来电（值班人员已接听）", "registered"),
        ("系统维护期间来电（留言）", "registered"),
    }
    for ticket in found:
        details = await supervisor.get(f"/api/v1/tickets/{ticket['id']}")
        (attachment,) = details["attachments"]
        recording = await supervisor.get(f"/api/v1/recordings/{attachment['recording_id']}")
        assert recording["status"] in {"sealed", "partial"}
        assert recording["duration_ms"] > 1000
        record = await supervisor.get(f"/api/v1/calls/{recording['call_id']}")
        assert record["outcome"] in {"answered", "fallback"}
        if record["outcome"] == "answered":
            assert record["wait_ms"] >= APOLOGY_MS, "what is said before the line is waiting, not talk"
    listed = await supervisor.get("/api/v1/calls", limit=50)
    records = [(record["number"], record["outcome"]) for record in listed if record["number"] != f"+86{TALKING}"]
    assert sorted(records) == [(f"+86{WAITING}", "answered"), (f"+86{NEW}", "fallback")], "one record of each call"
    await agent.reaches(talking, TONE_HZ)
    await talking.hang_up()
    await agent.ended()
    assert (await hotline.call_record(supervisor, pop["call_id"]))["outcome"] == "answered"


async def missed(stack: Stack) -> None:
    """Pretend that the service has been silent for long enough."""
    at = stack.at
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    await ari.start()
    try:
        await ari.set_global_variable(ALIVE, str(int(await ari.global_variable(ALIVE)) - int(AWAY_S)))
    finally:
        await ari.aclose()


async def is_whole(supervisor: Desk, ticket: dict[str, str]) -> bool:
    """The recording is attached once the ticket is filed."""
    return bool((await supervisor.get(f"/api/v1/tickets/{ticket['id']}"))["attachments"])


async def taken_in(supervisor: Desk, count: int) -> list[dict[str, str]]:
    """The tickets made of the fallback's calls, once there are so many."""
    async with asyncio.timeout(WAIT_S):
        while True:
            listed = await supervisor.get("/api/v1/tickets", limit=50)
            found = [ticket for ticket in listed if ticket["subject"].startswith("系统维护期间来电")]
            if len(found) == count and all([await is_whole(supervisor, ticket) for ticket in found]):
                return found
            await asyncio.sleep(0.1)


async def test_f6_hanging_service_takes_no_caller_back(hotline: Hotline) -> None:
    """Leave a stopped service's caller in the fallback after it goes on."""
    service = hotline.stack.service
    assert service is not None
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(HUNG)
    await hotline.into_queue(caller)
    board = await hotline.waiting(supervisor, "repair", 1)
    known = {ticket["id"] for ticket in await supervisor.get("/api/v1/tickets", limit=50)}

    service.signal(SIGSTOP)
    try:
        await missed(hotline.stack)
        # No agent's phone is there: the caller is asked for a message.
        await caller.hears_tone(BEEP_HZ, seconds=0.2, within=90.0)
    finally:
        service.signal(SIGCONT)
    await hotline.waiting(supervisor, board["name"], 0)
    await caller.play_tone(TONE_HZ, 4.0)
    await caller.hang_up()

    async with asyncio.timeout(WAIT_S):
        while not (new := [t for t in await supervisor.get("/api/v1/tickets", limit=50) if t["id"] not in known]):
            await asyncio.sleep(0.1)
        (ticket,) = new
        while not await is_whole(supervisor, ticket):
            await asyncio.sleep(0.1)
    assert ticket["subject"] == "系统维护期间来电（留言）"
    (attachment,) = (await supervisor.get(f"/api/v1/tickets/{ticket['id']}"))["attachments"]
    assert (await supervisor.get(f"/api/v1/recordings/{attachment['recording_id']}"))["duration_ms"] > 3000


async def test_f6_caller_who_hangs_up_before_the_service_goes_on_has_one_record(hotline: Hotline) -> None:
    service = hotline.stack.service
    assert service is not None
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(GONE)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    service.signal(SIGSTOP)
    try:
        await missed(hotline.stack)
        await caller.hears_tone(BEEP_HZ, seconds=0.2, within=90.0)
        await caller.hang_up()
        async with asked(hotline.stack) as ari:
            while await ari.channels():
                await asyncio.sleep(0.1)
    finally:
        service.signal(SIGCONT)
    await hotline.waiting(supervisor, "repair", 0)

    record = await settled_record(supervisor, GONE)
    assert record["outcome"] == "abandoned"


async def settled_record(supervisor: Desk, number: str) -> dict[str, Any]:
    """Return a number's one record, once its fallback note was taken in."""
    async with asyncio.timeout(WAIT_S):
        while True:
            listed = await supervisor.get("/api/v1/calls", limit=50)
            records: list[dict[str, Any]] = [one for one in listed if one["number"] == f"+86{number}"]
            if [one["outcome"] for one in records] not in ([], ["fallback"]):
                (record,) = records
                return record
            await asyncio.sleep(0.1)
