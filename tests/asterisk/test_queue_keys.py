"""Callers who leave a queue by key: message or call back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.asterisk.test_messages import message_ticket
from tests.desk_client import Desk
from tests.words import words

MESSAGE_CALLER, CALL_BACK_CALLER = "13800000002", "13800000003"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = stack_in(tmp_path_factory.mktemp("queue-keys"))
    running.start()
    yield running
    running.stop()


async def missed(supervisor: Desk, user: str) -> dict[str, Any]:
    """Return the caller's entry in the call-back list once it is there."""
    async with asyncio.timeout(WAIT_S):
        while True:
            for entry in await supervisor.get("/api/v1/missed-callers"):
                if entry["number"].endswith(user):
                    return dict(entry)
            await asyncio.sleep(0.1)


async def test_caller_leaves_a_message_by_key(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(MESSAGE_CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    await caller.press("1")
    await caller.hears_words(await words("leave_message"))
    # Longer than the rest of the prompt, which counts as heard before its end.
    await caller.play_tone(440, 8.0)
    await caller.press("#")
    await caller.hears_words(await words("message_noted"))
    await caller.ended()

    ticket = await message_ticket(supervisor, MESSAGE_CALLER)
    recording = await supervisor.get(f"/api/v1/recordings/{ticket['attachments'][0]['recording_id']}")
    assert recording["duration_ms"] > 2000
    await hotline.waiting(supervisor, "repair", 0)


async def test_caller_asks_to_be_called_back_once(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALL_BACK_CALLER)
    await hotline.into_queue(caller)
    await caller.hears_words(await words("key_asks_call_back"))

    await caller.press("2")
    await caller.hears_words(await words("call_back_noted"))
    await caller.ended()

    entry = await missed(supervisor, CALL_BACK_CALLER)
    record = await hotline.call_record(supervisor, entry["call_id"])
    assert (entry["reason"], record["outcome"]) == ("call_back", "call_back")
    assert entry["joined_at"] == record["queued_at"] != record["started_at"]
    await hotline.waiting(supervisor, "repair", 0)

    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await caller.press("2")
    await caller.hears_words(await words("call_back_outstanding"))
    await caller.ended()

    again = await missed(supervisor, CALL_BACK_CALLER)
    assert (again["call_id"], again["calls"]) == (entry["call_id"], 1)
