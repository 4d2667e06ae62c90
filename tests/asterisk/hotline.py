"""The whole hotline for end-to-end tests.

One stack for each worker process, with phones and desks as each test needs them.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dev.paths import PROJECT
from dev.stack import SAMPLE_PASSWORD, Stack, private_stack, sample_phones
from tests.desk_client import Desk, Refused
from tests.phones.accounts import account
from tests.phones.phone import Phone

WAIT_S = 60.0
AGENT, OTHER_AGENT, SUPERVISOR, ADMINISTRATOR = "1001", "1002", "3001", "9001"
TRUNK_USER = "carrier"
"""A phone in a carrier's place: what it says of the caller is what we hear."""


def stack_in(folder: Path, *, supervised: bool = False, unstaffed_wait_s: str = "null", **settings: str) -> Stack:
    """Stack that places callbacks at once, with a carrier's line."""
    pjsip = {**sample_phones(), "carrier": account(TRUNK_USER, SAMPLE_PASSWORD)}
    callflows = str(callflows_in(folder / "callflows", unstaffed_wait_s))
    always = {
        "CALLFLOWS": callflows,
        "SURVEY_DELAY_S": "0",
        "SURVEY_FROM_HOUR": "0",
        "SURVEY_UNTIL_HOUR": "24",
        # A machine that runs many tests at once is late for seconds; no caller is refused for that here.
        "LONGEST_LAG_S": "60",
    }
    return private_stack(folder, supervised=supervised, pjsip=pjsip, settings={**always, **settings})


def callflows_in(folder: Path, unstaffed_wait_s: str) -> Path:
    """Copy the callflows with another wait for a signed-in agent.

    `null` waits without end.
    """
    shutil.copytree(PROJECT / "callflows", folder, ignore=shutil.ignore_patterns("__pycache__"))
    queues = folder / "queues.yaml"
    text = queues.read_text(encoding="utf-8")
    queues.write_text(text.replace("- name:", f"- unstaffed_wait_s: {unstaffed_wait_s}\n  name:"), encoding="utf-8")
    return folder


class Hotline:
    """A running hotline with the phones and desks around it.

    Phones and desks that a test opens are closed with it.
    """

    def __init__(self, stack: Stack, opened: AsyncExitStack) -> None:
        self.stack = stack
        self._opened = opened

    @property
    def number(self) -> str:
        """The number that callers dial."""
        return self.stack.at.hotline_number

    async def phone(self, user: str, **manners: Any) -> Phone:
        """A registered phone."""
        at = self.stack.at
        phone = Phone(user, user, SAMPLE_PASSWORD, at.address, at.sip_port, **manners)
        return await self._opened.enter_async_context(phone)

    async def desk(self, staff_number: str, *, socket: bool = True) -> Desk:
        """A signed-in person; an agent is not ready yet."""
        return await self._opened.enter_async_context(
            Desk(self.stack.url, staff_number, SAMPLE_PASSWORD, socket=socket)
        )

    async def ready_agent(self, staff_number: str = AGENT, *, idle: bool = True, **manners: Any) -> tuple[Desk, Phone]:
        """Return a ready agent with an open desk and a registered phone.

        Without `idle` the agent may be reserved at once for a caller who waits.
        """
        phone = await self.phone(f"agent{staff_number}", **manners)
        desk = await self.desk(staff_number)
        await desk.say(type="ready")
        await desk.message("agent", state="ready" if idle else "reserved")
        self._opened.push_async_callback(self._stand_down, staff_number)
        return desk, phone

    async def _stand_down(self, staff_number: str) -> None:
        """Make the agent not ready for the next test."""
        async with Desk(self.stack.url, staff_number, SAMPLE_PASSWORD, socket=False) as desk:
            await desk.post("/api/v1/agents/me/not-ready", {"reason": "test over"})

    def speaks(self, phone: Phone, frequency: float) -> None:
        """Have a phone play a tone until the test is over."""
        speaking = asyncio.create_task(phone.play_tone(frequency, 300))

        async def fall_silent() -> None:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

        self._opened.push_async_callback(fall_silent)

    async def into_queue(self, caller: Phone, key: str = "3") -> None:
        """Dial and press a key of the menu once it is heard."""
        await caller.call(self.number)
        await caller.answered()
        await caller.hears(seconds=0.5)
        await caller.press(key)

    async def whole(self) -> None:
        """The service says that everything it needs is there."""
        async with asyncio.timeout(WAIT_S):
            while not await asyncio.to_thread(self.stack.ready):
                await asyncio.sleep(0.05)

    async def waiting(self, supervisor: Desk, queue: str, count: int) -> dict[str, Any]:
        """The queue once so many callers are in it."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    boards = await supervisor.get("/api/v1/queues")
                except Refused as refused:
                    # On a busy machine Redis answers too late now and then.
                    if refused.status != HTTPStatus.SERVICE_UNAVAILABLE:
                        raise
                    boards = []
                for board in boards:
                    if (board["name"], board["waiting"]) == (queue, count):
                        return dict(board)
                await asyncio.sleep(0.05)

    async def call_record(self, supervisor: Desk, call_id: str) -> dict[str, Any]:
        """A call's record once the call is over."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    record: dict[str, Any] = await supervisor.get(f"/api/v1/calls/{call_id}")
                except Refused as refused:
                    if refused.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE}:
                        raise
                    await asyncio.sleep(0.05)
                else:
                    return record

    async def sealed(self, supervisor: Desk, call_id: str) -> list[dict[str, Any]]:
        """A call's recordings once none of them is being made any more."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found: list[dict[str, Any]] = await supervisor.get("/api/v1/recordings", call_id=call_id)
                if found and all(recording["status"] != "recording" for recording in found):
                    return found
                await asyncio.sleep(0.05)


async def people(stack: Stack) -> AsyncIterator[Hotline]:
    """Yield a hotline and close its phones and desks afterwards."""
    async with AsyncExitStack() as opened:
        yield Hotline(stack, opened)
