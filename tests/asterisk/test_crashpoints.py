"""The service dies at every named step of a call, and the next one makes it whole (FAULTS.md, I1–I6)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ari_app.ari.client import AriClient
from ari_app.local.stack import Stack
from tests.asterisk.hotline import AGENT, SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.desk_client import Desk

CALLER, CONTACT = "13800000002", "13800000001"
TONE_HZ = 440.0
WORKER = "2001"
SURVEY_KEYS = ["1", "1", "1", "2", "10#"]
DIES_WHEN_OVER = "ended"
"""The one point that is reached only once somebody has hung up."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that calls back soon whom a dead service may or may not have rung."""
    running = stack_in(tmp_path_factory.mktemp("doomed"), SURVEY_RETRY_S="1")
    running.start()
    yield running
    running.stop()


class Doomed:
    """A service that dies at a point, and the one after it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.followed = asyncio.Event()
        """The next one serves."""

    async def follow(self) -> None:
        """Wait for the end, then start the next, which dies nowhere."""
        service = self._stack.service
        assert service is not None
        async with asyncio.timeout(WAIT_S):
            while service.running:
                await asyncio.sleep(0.02)
        self._stack.settings = {**self._stack.settings, "CRASHPOINT": ""}
        await asyncio.to_thread(self._stack.start_service)
        self.followed.set()


@asynccontextmanager
async def doomed(hotline: Hotline, point: str) -> AsyncIterator[Doomed]:
    """The service again, to die at a point; leaving waits until it did and the next one serves."""
    stack = hotline.stack
    assert stack.service is not None
    await asyncio.to_thread(stack.service.stop)
    stack.settings = {**stack.settings, "CRASHPOINT": point}
    await asyncio.to_thread(stack.start_service)
    one = Doomed(stack)
    following = asyncio.create_task(one.follow(), name="the next service")
    try:
        yield one
        await following
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def nothing_is_left(stack: Stack) -> None:
    """No channel without a call, no bridge without anybody in it (I2)."""
    at = stack.at
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    await ari.start()
    try:
        async with asyncio.timeout(WAIT_S):
            while await ari.channels() or any(
                not bridge.channels and bridge.bridge_type == "mixing" for bridge in await ari.bridges()
            ):
                await asyncio.sleep(0.1)
    finally:
        await ari.aclose()


async def calls_of(supervisor: Desk, number: str) -> list[dict[str, Any]]:
    """The records of a number's calls, newest first."""
    return [call for call in await supervisor.get("/api/v1/calls", limit=50) if call["number"].endswith(number)]


async def only_new(supervisor: Desk, number: str, before: int) -> dict[str, Any]:
    """The one record that was added (I1)."""
    async with asyncio.timeout(WAIT_S):
        while len(found := await calls_of(supervisor, number)) <= before:
            await asyncio.sleep(0.05)
    assert len(found) == before + 1
    record: dict[str, Any] = await supervisor.get(f"/api/v1/calls/{found[0]['id']}")
    return record


async def one_answered(supervisor: Desk, number: str, before: int) -> None:
    """Of the records that were added, one was answered; a call that never left the house may be another."""
    async with asyncio.timeout(WAIT_S):
        while True:
            added = (await calls_of(supervisor, number))[: -before or None]
            if outcomes := [call["outcome"] for call in added if call["outcome"] == "answered"]:
                assert len(outcomes) == 1
                return
            await asyncio.sleep(0.05)


async def one_true_recording(hotline: Hotline, supervisor: Desk, call_id: str) -> None:
    """Entry and file, one of each, and the sum is the file's (I5)."""
    (recording,) = await hotline.sealed(supervisor, call_id)
    assert recording["status"] in {"sealed", "partial"}
    content = await supervisor.download(f"/api/v1/recordings/{recording['id']}/audio")
    assert hashlib.sha256(content).hexdigest() == recording["sha256"]


async def is_free_again(desk: Desk) -> None:
    """She is not stuck (I3)."""
    async with asyncio.timeout(WAIT_S):
        while (agent := await desk.get("/api/v1/agents/me"))["state"] != "wrap_up":
            assert agent["state"] in {"talking", "ready"}
            if agent["state"] == "ready":
                return
            await asyncio.sleep(0.05)
    assert (await desk.post("/api/v1/agents/me/wrap-up-done", None))["state"] == "ready"


@pytest.mark.parametrize(
    "point", ["step", "step:3", "reserved", "ringing", "answered", "committed", "talking", DIES_WHEN_OVER]
)
async def test_a_call_is_whole_wherever_the_service_dies(hotline: Hotline, point: str) -> None:
    async with doomed(hotline, point) as service:
        supervisor = await hotline.desk(SUPERVISOR, socket=False)
        before = len(await calls_of(supervisor, CALLER))
        desk, agent = await hotline.ready_agent()
        caller = await hotline.phone(CALLER)
        await hotline.into_queue(caller)
        await agent.ringing()
        await agent.answer()
        await agent.answered()
        if point != DIES_WHEN_OVER:
            await service.followed.wait()
        await asyncio.gather(agent.play_tone(TONE_HZ, 4.0), caller.hears_tone(TONE_HZ))
        await caller.hang_up()
        await agent.ended()

    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
    assert record["agent_id"] is not None
    await one_true_recording(hotline, supervisor, record["id"])
    await nothing_is_left(hotline.stack)
    assert [event.name for event in agent.events].count("invite") == 1, "offered once (I4)"
    await is_free_again(desk)


async def replied_ticket(hotline: Hotline) -> str:
    """A ticket that its department says is done, so that its reporter is called back; its path."""
    agent, worker = await hotline.desk(AGENT, socket=False), await hotline.desk(WORKER, socket=False)
    me = await worker.get("/api/v1/session")
    ticket = await agent.post(
        "/api/v1/tickets", {"kind": "complaint", "subject": "热线难打通", "reporter": {"number": CONTACT}}
    )
    path = f"/api/v1/tickets/{ticket['id']}"
    await agent.post(f"{path}/dispatch", {"department_id": me["department_id"]})
    await worker.post(f"{path}/sign", {})
    await worker.post(f"{path}/reply", {"text": "已增加坐席"})
    return path


@pytest.mark.parametrize("point", ["dialling", "dialled", "step"])
async def test_f30_who_is_called_back_is_asked_once_wherever_the_service_dies(hotline: Hotline, point: str) -> None:
    async with doomed(hotline, point):
        supervisor = await hotline.desk(SUPERVISOR, socket=False)
        before = len(await calls_of(supervisor, CONTACT))
        contact = await hotline.phone(CONTACT)
        path = await replied_ticket(hotline)
        await contact.ringing(WAIT_S)
        await contact.answer()
        await contact.answered()
        for key in SURVEY_KEYS:
            await contact.hears(seconds=0.6, within=WAIT_S)
            await contact.press(key)
            await contact.hears_silence(seconds=0.1)
        await contact.hears_silence(seconds=1.0, within=WAIT_S)
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
