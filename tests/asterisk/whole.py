"""Faults at a named point, and what must hold afterwards."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP, Signals
from typing import Any

from ari_app.ari.client import AriClient
from dev.stack import Stack
from foundation.crashpoint import ordered
from tests.asterisk.hotline import AGENT, WAIT_S, Hotline, stack_in
from tests.desk_client import Desk
from tests.phones.phone import Phone

POINTS = ["step", "step:3", "reserved", "ringing", "answered", "committed", "talking", "ended"]
"""The named steps of a call that is queued and answered, `:n` for the n-th time."""
CONTACT, WORKER = "13800000001", "2001"
SURVEY_KEYS = ["1", "1", "1", "10#"]
"""Good moment, solved, satisfied, score: a complaint is not asked about charges."""
LAST_POINT = "ended"
"""The point that is reached only after a hang-up."""
AWAY_S = 2.0
"""A part is away for longer than a step takes."""


def stack_with_points(folder: Path, **settings: str) -> Stack:
    """Stack with a service that can be ordered to die or stop.

    It soon calls back a customer who may not have been rung.
    """
    running = stack_in(folder, SURVEY_RETRY_S="1", CRASHPOINTS=str(folder / "crashpoints"))
    running.settings = {**running.settings, **settings}
    return running


def order(stack: Stack, number: Signals, point: str) -> None:
    """Have the service send itself a signal at a point, once."""
    name, _, times = point.partition(":")
    Path(stack.settings["CRASHPOINTS"]).write_text(ordered(number.name, name, int(times or 1)))


@asynccontextmanager
async def asked(stack: Stack) -> AsyncIterator[AriClient]:
    """The stack's Asterisk, to be asked what it has."""
    at = stack.at
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    await ari.start()
    try:
        yield ari
    finally:
        await ari.aclose()


async def nothing_is_left(stack: Stack) -> None:
    """Check that channels have calls and bridges have channels (I2)."""
    async with asked(stack) as ari, asyncio.timeout(WAIT_S):
        while await ari.channels() or any(
            not bridge.channels and bridge.bridge_type == "mixing" for bridge in await ari.bridges()
        ):
            await asyncio.sleep(0.1)


async def entered(stack: Stack, prefix: str) -> None:
    """Tell if Asterisk shows a leg with this id as answered."""
    async with asked(stack) as ari, asyncio.timeout(WAIT_S):
        while not any(
            channel.id.startswith(prefix) and channel.stasis_arguments(ari.application) is not None
            for channel in await ari.channels()
        ):
            await asyncio.sleep(0.02)


async def hung_up(stack: Stack, phone: str) -> None:
    """No channel of a phone is left, as Asterisk sees it."""
    async with asked(stack) as ari, asyncio.timeout(WAIT_S):
        while any(channel.name.startswith(f"PJSIP/{phone}-") for channel in await ari.channels()):
            await asyncio.sleep(0.02)


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
    """Return the one answered call among the added records.

    A call that never left the house may be another.
    """
    async with asyncio.timeout(WAIT_S):
        while True:
            added = (await calls_of(supervisor, number))[: -before or None]
            if outcomes := [call["outcome"] for call in added if call["outcome"] == "answered"]:
                assert len(outcomes) == 1
                return
            await asyncio.sleep(0.05)


async def one_true_recording(hotline: Hotline, supervisor: Desk, call_id: str) -> None:
    """Check one entry for one file with its checksum (I5)."""
    (recording,) = await hotline.sealed(supervisor, call_id)
    assert recording["status"] in {"sealed", "partial"}
    content = await supervisor.download(f"/api/v1/recordings/{recording['id']}/audio")
    assert hashlib.sha256(content).hexdigest() == recording["sha256"]


async def is_free_again(desk: Desk) -> None:
    """Check that the agent is not stuck (I3)."""
    async with asyncio.timeout(WAIT_S):
        while (agent := await desk.get("/api/v1/agents/me"))["state"] != "wrap_up":
            assert agent["state"] in {"talking", "ready"}, agent
            if agent["state"] == "ready":
                return
            await asyncio.sleep(0.05)
    assert (await desk.post("/api/v1/agents/me/wrap-up-done", None))["state"] == "ready"


async def replied_ticket(hotline: Hotline) -> str:
    """Create a replied ticket, so that its reporter is called back.

    Returns its path.
    """
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


async def answers_questions(contact: Phone) -> None:
    """Answer a survey up to its spoken suggestion, ended by `#`."""
    for key in SURVEY_KEYS:
        await contact.hears(seconds=0.6, within=WAIT_S)
        await contact.press(key)
        await contact.hears_silence(seconds=0.1)
    await contact.hears_silence(seconds=1.0, within=WAIT_S)


async def is_not_bound(desk: Desk) -> None:
    """Wait until an ended call's agent is ready or in wrap-up."""
    async with asyncio.timeout(WAIT_S):
        while (agent := await desk.get("/api/v1/agents/me"))["state"] not in {"ready", "wrap_up"}:
            await asyncio.sleep(0.05)
    if agent["state"] == "wrap_up":
        assert (await desk.post("/api/v1/agents/me/wrap-up-done", None))["state"] == "ready"


def stands_still(pid: int) -> bool:
    """Tell if a process was stopped by a signal (proc(5), `stat`)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@asynccontextmanager
async def standing_still(stack: Stack) -> AsyncIterator[None]:
    """Wait until the service stands at its point; leaving releases it."""
    assert stack.service is not None
    try:
        async with asyncio.timeout(WAIT_S):
            while not stands_still(stack.service.pid):
                await asyncio.sleep(0.02)
        yield
    finally:
        stack.service.signal(SIGCONT)


@asynccontextmanager
async def stopped_while(
    stack: Stack, point: str, fail: Callable[[], None], mend: Callable[[], None] | None = None
) -> AsyncIterator[asyncio.Event]:
    """Stop the service at a point, let another part fail, go on.

    The event says so, and leaving waits for the end.
    """
    gone_on = asyncio.Event()
    order(stack, SIGSTOP, point)

    async def follow() -> None:
        try:
            async with standing_still(stack):
                await asyncio.to_thread(fail)
        finally:
            gone_on.set()
        if mend is not None:
            await asyncio.sleep(AWAY_S)
            await asyncio.to_thread(mend)

    failing = asyncio.create_task(follow(), name="the fault")
    try:
        yield gone_on
        await failing
    finally:
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)
