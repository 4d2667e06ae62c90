"""Calls of agents, and transfers by phones, on the whole hotline."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline
from tests.asterisk.test_adoption import die, revive
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ, conversation
from tests.asterisk.test_transfers import OUTSIDE, THIRD_HZ, answered, colleague, talk_alone
from tests.desk_client import Desk, Refused
from tests.phones.phone import Phone

RINGBACK_HZ = 450.0
CODE_OF_NO_NUMBER = "phone_number"
CALLS = "/api/v1/calls"


async def calls(desk: Desk, phone: Phone, kind: str, to: str, **about: Any) -> str:
    """Have an agent call; return the id once the number rings."""
    made = await desk.post(CALLS, {"target": {"kind": kind, "id": to}, **about})
    assert made["stage"] == "ringing"
    await answered(phone)
    await desk.message("call", stage="dialling")
    return str(made["call_id"])


async def test_agent_calls_a_number_and_keeps_the_outcome(hotline: Hotline) -> None:
    desk, agent = await hotline.ready_agent()
    other = await hotline.phone(OUTSIDE)
    call_id = await calls(desk, agent, "number", "138 0000 0003")
    invite = await other.ringing()
    assert invite.details["caller"] == hotline.number
    await agent.hears_tone(RINGBACK_HZ)
    await other.answer()
    await other.answered()
    await desk.message("call", state="talking")
    await talk_alone(agent, AGENT_HZ, other, THIRD_HZ)
    await desk.post("/api/v1/agents/me/call/hold", None)
    await agent.hears_silence()
    await other.hears(seconds=0.5)
    await desk.post("/api/v1/agents/me/call/resume", None)
    await talk_alone(agent, AGENT_HZ, other, THIRD_HZ)
    at = datetime.now(UTC) + timedelta(hours=2)
    outcome = {"outcome": "call_again", "call_again_at": at.isoformat(), "note": "after work"}
    await desk.post(f"{CALLS}/{call_id}/outcome", outcome)
    await other.hang_up()
    await agent.ended()
    last = await desk.message("call", over=True)
    assert last["result"] == "reached"

    supervisor = await hotline.desk(SUPERVISOR)
    record = await hotline.call_record(supervisor, call_id)
    assert (record["direction"], record["outcome"], record["number"]) == ("outbound", "answered", "+8613800000003")
    assert [one["kind"] for one in await hotline.sealed(supervisor, call_id)] == ["conversation"] * 2
    (again,) = [one for one in await desk.get("/api/v1/missed-callers") if one["call_id"] == call_id]
    assert again["reason"] == "call_again"
    (kept,) = [one for one in await desk.get("/api/v1/outgoing-calls") if one["call_id"] == call_id]
    assert (kept["result"], kept["outcome"], kept["note"]) == ("reached", "call_again", "after work")


@pytest.mark.parametrize(("status", "wanted"), [("486 Busy Here", "busy"), ("603 Decline", "refused")])
async def test_number_that_is_not_reached_is_told(hotline: Hotline, status: str, wanted: str) -> None:
    desk, agent = await hotline.ready_agent()
    await hotline.phone(OUTSIDE, rejects=status)
    made = await desk.post(CALLS, {"target": {"kind": "number", "id": OUTSIDE}})
    await answered(agent)
    last = await desk.message("call", over=True, call_id=made["call_id"])
    assert last["result"] == wanted
    await agent.ended()


async def test_numbers_that_are_refused(hotline: Hotline) -> None:
    desk, _ = await hotline.ready_agent()
    for number, status, code in (
        ("+442071838750", HTTPStatus.FORBIDDEN, "number_class_closed"),
        ("+864008109999", HTTPStatus.FORBIDDEN, "number_class_closed"),
        ("119", HTTPStatus.UNPROCESSABLE_ENTITY, "ordinary_number"),
        ("13800000003;user=phone", HTTPStatus.UNPROCESSABLE_ENTITY, CODE_OF_NO_NUMBER),
    ):
        with pytest.raises(Refused, match=code) as refused:
            await desk.post(CALLS, {"target": {"kind": "number", "id": number}})
        assert refused.value.status == status, number
    rules = await desk.get("/api/v1/outgoing-rules")
    assert rules["open"] == ["free", "local", "long_distance", "mobile"]


async def test_service_killed_while_a_number_rings_goes_on_with_it(hotline: Hotline) -> None:
    """F39."""
    desk, agent = await hotline.ready_agent()
    other = await hotline.phone(OUTSIDE)
    await calls(desk, agent, "number", OUTSIDE)
    await other.ringing()
    await die(hotline)
    await agent.hears_tone(RINGBACK_HZ)
    await revive(hotline)
    await hotline.whole()
    await other.answer()
    await other.answered()
    await talk_alone(agent, AGENT_HZ, other, THIRD_HZ)
    await agent.hang_up()
    await other.ended()


async def test_agents_call_each_other(hotline: Hotline) -> None:
    desk, agent = await hotline.ready_agent()
    _, third, third_id = await colleague(hotline)
    await calls(desk, agent, "agent", third_id)
    invite = await third.ringing()
    assert invite.details["caller"] == AGENT
    await agent.hears_tone(RINGBACK_HZ)
    await third.answer()
    await third.answered()
    await talk_alone(agent, AGENT_HZ, third, THIRD_HZ)
    await third.hang_up()
    await agent.ended()


async def test_phone_transfers_by_its_own_key(hotline: Hotline) -> None:
    """REFER is a blind transfer by the same rules."""
    async with conversation(hotline) as talk:
        _, third, _ = await colleague(hotline)
        assert await talk.agent.refer("+442071838750") == HTTPStatus.ACCEPTED
        notice = await talk.desk.message("notice")
        assert "refused" in notice["text"]["en"]
        await talk.hear_each_other()
        await talk.agent.refer(OTHER_AGENT, joining="other-call")
        notice = await talk.desk.message("notice")
        assert "cannot join two calls" in notice["text"]["en"]
        assert "话机不能合并两路通话" in notice["text"]["zh"]
        await talk.hear_each_other()

        assert await talk.agent.refer(OTHER_AGENT) == HTTPStatus.ACCEPTED
        await talk.agent.ended()
        await answered(third)
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await talk.caller.hang_up()
        await third.ended()


async def test_agent_hears_a_consulted_phone_ring(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        _, third, third_id = await colleague(hotline)
        await talk.order("consult", {"target": {"kind": "agent", "id": third_id}})
        await third.ringing()
        await talk.agent.hears_tone(RINGBACK_HZ)
        await talk.order("cancel")
        await talk.hear_each_other()
