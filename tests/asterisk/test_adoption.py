"""A process dies and the next goes on with its calls.

No call is cut off and no caller loses a place.
"""

import asyncio
from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.asterisk.hotline import AGENT, SUPERVISOR, WAIT_S, Hotline
from tests.desk_client import Desk

CALLER, SECOND = "13800000002", "13800000006"
TONE_HZ = 440.0


async def die(hotline: Hotline, number: Signals = SIGKILL) -> None:
    """End the service, at once or in order.

    Its calls are Asterisk's alone until `revive`.
    """
    service = hotline.stack.service
    assert service is not None
    await asyncio.to_thread(service.kill if number is SIGKILL else service.stop)


async def revive(hotline: Hotline) -> None:
    """Start the service again."""
    await asyncio.to_thread(hotline.stack.start_service)


async def abandoned(supervisor: Desk) -> set[str]:
    """The caller's calls that were given up in a line."""
    listed = await supervisor.get("/api/v1/calls", outcome="abandoned", limit=500)
    return {call["id"] for call in listed if call["number"].endswith(CALLER)}


async def next_abandoned(supervisor: Desk, before: set[str]) -> str:
    """Return the next call record.

    A call leaves its line a moment before its record is there.
    """
    async with asyncio.timeout(WAIT_S):
        while not (new := await abandoned(supervisor) - before):
            await asyncio.sleep(0.05)
    (call_id,) = new
    return call_id


@pytest.mark.parametrize("number", [SIGKILL, SIGTERM], ids=["F1", "F34"])
async def test_conversation_goes_on_after_the_service_died(hotline: Hotline, number: Signals) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")

    await die(hotline, number)
    await agent.reaches(caller, TONE_HZ)
    await agent.play_tone(TONE_HZ, 2.0)
    await revive(hotline)
    await agent.reaches(caller, TONE_HZ)
    await agent.play_tone(TONE_HZ, 2.0)
    await agent.hang_up()

    await caller.ended()
    record = await hotline.call_record(supervisor, pop["call_id"])
    assert (record["outcome"], record["hangup_by"]) == ("answered", "agent")
    recordings = await hotline.sealed(supervisor, pop["call_id"])
    assert [recording["status"] for recording in recordings] == ["sealed"]
    assert recordings[0]["duration_ms"] > 4000, "both tones"


async def test_f1_caller_is_released_when_the_agent_hung_up_meanwhile(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")

    await die(hotline)
    await agent.hang_up()
    await revive(hotline)

    await caller.ended()
    assert (await hotline.call_record(supervisor, pop["call_id"]))["outcome"] == "answered"


async def test_f2_waiting_caller_has_music_and_the_same_place(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    first, second = await hotline.phone(CALLER), await hotline.phone(SECOND)
    await hotline.into_queue(first)
    await hotline.waiting(supervisor, "repair", 1)
    await hotline.into_queue(second)
    await hotline.waiting(supervisor, "repair", 2)

    await die(hotline)
    await second.hears(seconds=1.0)
    await revive(hotline)

    board = await hotline.waiting(supervisor, "repair", 2)
    assert board["longest_wait_ms"] > 1000
    desk, agent = await hotline.ready_agent(idle=False)
    assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(CALLER)
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await first.hang_up()
    await second.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_caller_who_left_the_queue_meanwhile_is_recorded_as_abandoned(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = await abandoned(supervisor)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    await die(hotline)
    await caller.hang_up()
    await caller.ended()
    await revive(hotline)

    await hotline.waiting(supervisor, "repair", 0)
    record = await supervisor.get(f"/api/v1/calls/{await next_abandoned(supervisor, before)}")
    assert (record["outcome"], record["abandon_position"]) == ("abandoned", 1)


async def test_menu_is_repeated_after_the_service_died(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=2.0)

    await die(hotline)
    await revive(hotline)
    await caller.hears(seconds=0.5)
    await caller.press("3")

    await hotline.waiting(supervisor, "repair", 1)
    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


@pytest.mark.parametrize("answers", ["while the service is away", "afterwards"])
async def test_f3_a_phone_that_rings_goes_on_ringing(hotline: Hotline, answers: str) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()

    await die(hotline)
    if answers != "afterwards":
        await agent.answer()
    await revive(hotline)
    if answers == "afterwards":
        await agent.answer()
    await agent.answered()

    await agent.reaches(caller, TONE_HZ)
    await caller.hang_up()
    await agent.ended()
    assert (await hotline.call_record(supervisor, pop["call_id"]))["agent_id"] is not None
    assert [recording["status"] for recording in await hotline.sealed(supervisor, pop["call_id"])] == ["sealed"]


async def test_f3_phone_that_stopped_ringing_meanwhile_costs_no_place(hotline: Hotline) -> None:
    desk, agent = await hotline.ready_agent(AGENT)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()

    await die(hotline)
    await agent.reject()
    await agent.ended()
    await revive(hotline)

    other_desk, other = await hotline.ready_agent("1002", idle=False)
    assert (await other_desk.message("pop"))["pop"]["call_id"] == pop["call_id"]
    await other.ringing()
    await other.answer()
    await other.answered()
    await caller.hang_up()
    await other.ended()


async def test_f5_new_caller_waits_for_the_next_process(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)

    await die(hotline)
    await caller.call(hotline.number)
    await revive(hotline)
    await caller.answered()
    await caller.hears(seconds=0.5)
    await caller.press("3")

    await hotline.waiting(supervisor, "repair", 1)
    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
