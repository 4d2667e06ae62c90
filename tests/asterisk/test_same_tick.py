"""Two things in the same tick, on the whole hotline (I3, I4).

A hang-up against the agent's answer is in `test_moment_of_the_answer.py`.
"""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ, conversation
from tests.asterisk.test_supervision import SUPERVISOR_HZ, order, supervisor_of
from tests.asterisk.test_transfers import answered, talk_alone
from tests.asterisk.whole import is_free_again, nothing_is_left
from tests.desk_client import Desk, Refused
from tests.phones.phone import Phone, PhoneProblem

CALL_BACK_CALLER, ONE, OTHER = "13800000003", "13800000002", "13800000006"


async def asks_call_back(hotline: Hotline, caller: Phone) -> None:
    """Have a caller wait, and ask for a call back by key."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await caller.press("2")
    await caller.ended(WAIT_S)
    await hotline.waiting(supervisor, "repair", 1)


def invited(phone: Phone) -> int:
    """Count the calls that rang at a phone."""
    return [event.name for event in phone.events].count("invite")


async def test_caller_who_dials_while_the_agent_is_rung_for_the_call_back_is_served_once(hotline: Hotline) -> None:
    caller = await hotline.phone(CALL_BACK_CALLER)
    await asks_call_back(hotline, caller)
    desk, agent = await hotline.ready_agent(idle=False)
    await agent.ringing()
    await hotline.into_queue(caller)
    await agent.ended(WAIT_S)

    await answered(agent)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    assert (invited(agent), invited(caller)) == (2, 0), "one ring after the other, and the number is not dialled"
    call = await desk.message("call", state="talking")
    await caller.hang_up()
    record = await hotline.call_record(desk, call["call_id"])
    assert (record["direction"], record["outcome"]) == ("inbound", "answered")
    await is_free_again(desk)
    await nothing_is_left(hotline.stack)


async def test_two_queues_want_one_agent_who_serves_one_after_the_other(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    callers = {"1": await hotline.phone(ONE), "3": await hotline.phone(OTHER)}
    for caller in callers.values():
        await caller.call(hotline.number)
        await caller.answered()
        await caller.hears(seconds=0.5)
    await asyncio.gather(*(caller.press(key) for key, caller in callers.items()))

    talked = []
    for turn in range(2):
        pop = (await desk.message("pop"))["pop"]
        await answered(agent)
        call = await desk.message("call", state="talking", call_id=pop["call_id"])
        assert invited(agent) == turn + 1, "no agent with two calls"
        waiting = {board["name"]: board["waiting"] for board in await supervisor.get("/api/v1/queues")}
        assert sum(waiting.values()) == 1 - turn, "the other caller keeps the place"
        await agent.hang_up()
        talked.append(await hotline.call_record(supervisor, call["call_id"]))
        await desk.message("agent", state="wrap_up")
        await desk.post("/api/v1/agents/me/wrap-up-done", None)
    assert {record["outcome"] for record in talked} == {"answered"}
    assert {record["queue"] for record in talked} == {"consult", "repair"}
    assert talked[0]["ended_at"] <= talked[1]["connected_at"]
    await nothing_is_left(hotline.stack)


async def is_the_supervisors(desk: Desk, call_id: str) -> bool:
    """Wait until a call has ended, or has become the supervisor's."""
    me = (await desk.get("/api/v1/session"))["staff_id"]
    async with asyncio.timeout(WAIT_S):
        while True:
            live = [call for call in await desk.get("/api/v1/live-calls") if call["call_id"] == call_id]
            if not live or live[0]["agent_id"] == me:
                return bool(live)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("milliseconds", [-10, 0, 10])
@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_take_over_against_a_hang_up_leaves_no_party_alone(hotline: Hotline, who: str, milliseconds: int) -> None:
    async with conversation(hotline) as talk:
        desk, phone = await supervisor_of(talk, "listen")
        leaving = talk.caller if who == "caller" else talk.agent

        async def after(seconds: float, act: Any) -> None:
            await asyncio.sleep(max(0.0, seconds))
            with suppress(PhoneProblem, Refused):
                await act()

        seconds = milliseconds / 1000
        await asyncio.gather(after(-seconds, lambda: order(desk, talk, "take-over")), after(seconds, leaving.hang_up))
        await leaving.ended()
        # A call without its caller may be the supervisor's for a moment, until the service has heard of it.
        if who == "agent" and await is_the_supervisors(desk, talk.call_id):
            await talk_alone(talk.caller, CALLER_HZ, phone, SUPERVISOR_HZ)
            await phone.hang_up()
        await phone.ended()
        record = await hotline.call_record(desk, talk.call_id)
        assert record["outcome"] == "answered"
        await is_free_again(talk.desk)
        await nothing_is_left(hotline.stack)
