"""Messages of callers while no agent is signed in.

Each becomes a ticket with the recording.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.desk_client import Desk
from tests.words import words

CALLER, NEIGHBOUR = "13800000002", "13800000003"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = stack_in(tmp_path_factory.mktemp("unstaffed"), unstaffed_wait_s="1")
    running.start()
    yield running
    running.stop()


async def message_ticket(supervisor: Desk, number: str) -> dict[str, Any]:
    """Return the ticket of a caller's message with its recording."""
    async with asyncio.timeout(WAIT_S):
        while True:
            for line in await supervisor.get("/api/v1/tickets", limit=10):
                ticket: dict[str, Any] = await supervisor.get(f"/api/v1/tickets/{line['id']}")
                is_callers = ticket["reporters"][0]["number"].endswith(number)
                if ticket["subject"] == "电话留言事项" and is_callers and ticket["attachments"]:
                    return ticket
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("user", "ends"), [(CALLER, "with the hash key"), (NEIGHBOUR, "by hanging up")])
async def test_message_becomes_a_ticket_with_the_recording(hotline: Hotline, user: str, ends: str) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(user)
    await hotline.into_queue(caller)
    await caller.hears_words(await words("leave_message"))

    # Longer than the rest of the prompt, which counts as heard before its end.
    await caller.play_tone(440, 8.0)
    if ends == "by hanging up":
        await caller.hang_up()
    else:
        await caller.press("#")
        await caller.hears_words(await words("message_noted"))
    await caller.ended()

    ticket = await message_ticket(supervisor, user)
    (attachment,) = ticket["attachments"]
    recording = await supervisor.get(f"/api/v1/recordings/{attachment['recording_id']}")
    assert recording["status"] == "sealed"
    assert recording["duration_ms"] > 2000
    record = await supervisor.get(f"/api/v1/calls/{recording['call_id']}")
    assert (record["outcome"], record["ticket_id"]) == ("message_left", ticket["id"])
