"""Callers who leave a queue by key: message or call back."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ
from tests.asterisk.test_messages import message_ticket
from tests.asterisk.test_transfers import answered, talk_alone
from tests.callflows import edit
from tests.desk_client import Desk
from tests.words import words

MESSAGE_CALLER, CALL_BACK_CALLER, WINDOW_CALLER = "13800000002", "13800000003", "13800000004"
WAITING_CALLER = "13800000006"
COMPLAINT = "2"
WINDOW = """  name: complaint
  call_back:
    windows:
      - { code: tomorrow, zh: 明天, en: tomorrow, day: tomorrow, opens: "00:00", closes: "24:00" }
  announcements: { every_s: 15, prompts: [goodbye, leave_message] }
"""
OWN_PROMPT_S = 25.0
"""Time in which the next prompt of the queue is heard."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("queue-keys")
    running = stack_in(folder)
    queues = folder / "callflows" / "queues.yaml"
    edit(queues, "  priority: 5\n", "  priority: 5\n  announce_every_s: 3\n")
    edit(queues, "  name: complaint\n", WINDOW)
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


async def test_caller_is_called_back_in_the_own_place(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALL_BACK_CALLER)
    await hotline.into_queue(caller)
    await caller.hears_words(await words("key_asks_call_back"))

    await caller.press("2")
    await caller.hears_words(await words("call_back_own_number"))
    await caller.press("1")
    await caller.hears_words(await words("call_back_noted"))
    await caller.ended()

    entry = await missed(supervisor, CALL_BACK_CALLER)
    record = await hotline.call_record(supervisor, entry["call_id"])
    assert (entry["reason"], record["outcome"]) == ("call_back", "call_back")
    assert entry["joined_at"] == record["queued_at"] != record["started_at"]
    assert entry["in_line_from"] is not None
    await hotline.waiting(supervisor, "repair", 1)

    # The caller dials again: the call back and the new call are one place in line.
    await hotline.into_queue(caller)
    await caller.hears_words(await words("key_asks_call_back"))
    await hotline.waiting(supervisor, "repair", 1)
    (live,) = await supervisor.get("/api/v1/live-calls")
    assert live["direction"] == "inbound"
    await caller.press("2")
    await caller.hears_words(await words("call_back_own_number"))
    await caller.press("1")
    await caller.ended()
    await hotline.waiting(supervisor, "repair", 1)

    desk, agent = await hotline.ready_agent(idle=False)
    pop = await desk.message("pop")
    assert pop["pop"]["number"]["display"].endswith(CALL_BACK_CALLER)
    await answered(agent)
    await answered(caller)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    call = await desk.message("call", state="talking")
    await agent.hang_up()
    await caller.ended()

    record = await hotline.call_record(supervisor, call["call_id"])
    assert (record["direction"], record["outcome"], record["queue"]) == ("outbound", "answered", "repair")
    numbers = [one["number"] for one in await supervisor.get("/api/v1/missed-callers")]
    assert not [one for one in numbers if one.endswith(CALL_BACK_CALLER)], "reached: no longer missed"


async def test_caller_chooses_when_to_be_called_back(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(WINDOW_CALLER)
    await hotline.into_queue(caller, COMPLAINT)
    await hotline.waiting(supervisor, "complaint", 1)

    await caller.press("2")
    await caller.hears_words(await words("call_back_own_number"))
    await caller.press("1")
    await caller.hears_words(await words("call_back_choose_window", call_back={"window_2": "明天请按2，"}))
    await caller.press("2")
    await caller.hears_words(await words("call_back_noted_for", call_back={"title": "明天"}))
    await caller.ended()

    entry = await missed(supervisor, WINDOW_CALLER)
    assert entry["window"] == {"zh": "明天", "en": "tomorrow"}
    assert datetime.fromisoformat(entry["in_line_from"]) > datetime.now(UTC)
    await hotline.waiting(supervisor, "complaint", 0)


async def test_caller_hears_the_prompts_of_the_queue_in_turn_with_music_between(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(WAITING_CALLER)
    await hotline.into_queue(caller, COMPLAINT)
    await hotline.waiting(supervisor, "complaint", 1)

    await caller.hears_words(await words("goodbye"), within=OWN_PROMPT_S)
    await caller.hears_no_pause(seconds=8.0)
    await caller.hears_words(await words("leave_message"), within=OWN_PROMPT_S)

    await caller.hang_up()
    await hotline.waiting(supervisor, "complaint", 0)
