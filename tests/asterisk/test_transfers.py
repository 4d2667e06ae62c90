"""Transfers and three-party calls, heard at every ear."""

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, OTHER_AGENT, SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.asterisk.sms_gateway import SmsGateway, sms_gateway
from tests.asterisk.test_adoption import die, revive
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ, Talking, conversation
from tests.desk_client import Desk
from tests.phones.phone import Phone

THIRD_HZ = 1700.0
OUTSIDE = "13800000003"
LINK = re.compile(r"https?://\S+/shared-calls/[\w-]+")


@pytest.fixture(scope="module")
def gateway() -> Iterator[SmsGateway]:
    """A gateway for SMS."""
    with sms_gateway() as opened:
        yield opened


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, gateway: SmsGateway) -> Iterator[Stack]:
    """A running stack that sends its SMS to that gateway."""
    running = stack_in(tmp_path_factory.mktemp("hotline"), SMS_GATEWAY=gateway.setting)
    running.start()
    yield running
    running.stop()


async def colleague(hotline: Hotline) -> tuple[Desk, Phone, str]:
    """Return desk, phone and id of a colleague at a break."""
    phone = await hotline.phone(f"agent{OTHER_AGENT}")
    desk = await hotline.desk(OTHER_AGENT)
    await desk.say(type="not_ready", reason="paperwork")
    state = await desk.message("agent", state="not_ready", reason="paperwork")
    return desk, phone, state["agent_id"]


async def answered(phone: Phone) -> None:
    """Take the call that comes."""
    await phone.ringing()
    await phone.answer()
    await phone.answered()


async def talk_alone(one: Phone, one_hz: float, other: Phone, other_hz: float) -> None:
    """Listen at the ears of two phones that hear each other."""
    await one.reaches(other, one_hz)
    await other.reaches(one, other_hz)


async def test_blind_transfer_and_back_to_the_sender(hotline: Hotline) -> None:
    """One refused, or ended at once, comes back."""
    async with conversation(hotline) as talk:
        desk, third, third_id = await colleague(hotline)
        target = {"target": {"kind": "agent", "id": third_id}, "note": "asks about the bill"}
        await talk.order("transfer", target)
        await talk.agent.ended()
        await third.ringing()
        await talk.caller.hears(seconds=0.5)
        await third.reject()
        await answered(talk.agent)
        await talk.desk.message("call", state="talking")
        await talk.hear_each_other()

        await talk.order("transfer", target)
        await answered(third)
        await third.hang_up()
        await answered(talk.agent)
        await talk.hear_each_other()

        await talk.order("transfer", target)
        await answered(third)
        await desk.message("call", state="talking")
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await talk.caller.hang_up()
        await third.ended()
        supervisor = await hotline.desk(SUPERVISOR)
        record = await hotline.call_record(supervisor, talk.call_id)
        assert record["outcome"] == "answered"
        assert record["agent_id"] == third_id


async def test_consult_swap_and_complete_at_three_ears(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        desk, third, third_id = await colleague(hotline)
        await talk.order("consult", {"target": {"kind": "agent", "id": third_id}})
        await answered(third)
        await talk.desk.message("call", state="consulting")
        await talk_alone(talk.agent, AGENT_HZ, third, THIRD_HZ)
        await talk.caller.hears(seconds=0.5)

        third = await rung_back(hotline, desk, third)
        missed = await talk.desk.message("call", state="consulting")
        while missed["party"]["away_since_ms"] is None:
            missed = await talk.desk.message("call", state="consulting")
        await talk_alone(talk.agent, AGENT_HZ, third, THIRD_HZ)
        await talk.caller.hears(seconds=0.5)

        await talk.order("swap")
        await talk.hear_each_other()
        await third.hears(seconds=0.5)
        await talk.order("swap")
        await talk_alone(talk.agent, AGENT_HZ, third, THIRD_HZ)

        await talk.order("complete")
        await talk.agent.ended()
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await talk.caller.hang_up()
        await third.ended()
        supervisor = await hotline.desk(SUPERVISOR)
        await segments(
            hotline, supervisor, talk, ["conversation", "consult", "consult", "conversation", "consult", "conversation"]
        )


async def rung_back(hotline: Hotline, desk: Desk, third: Phone) -> Phone:
    """Kill a colleague's phone; have the next one rung back."""
    third.kill()
    again = await hotline.phone(f"agent{OTHER_AGENT}")
    shown = await desk.post("/api/v1/agents/me/call/reconnect", None)
    assert (shown["role"], shown["party"]["rings_again"]) == ("third", True)
    await answered(again)
    return again


async def test_three_party_call_with_an_outside_number_goes_on_without_the_agent(hotline: Hotline) -> None:
    """H2: the agent leaves, customer and department talk on."""
    async with conversation(hotline) as talk:
        third = await hotline.phone(OUTSIDE)
        await talk.order("consult", {"target": {"kind": "number", "id": OUTSIDE}})
        await answered(third)
        await talk.desk.message("call", state="consulting")
        await talk.order("three-party")
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await talk_alone(talk.agent, AGENT_HZ, third, THIRD_HZ)
        await talk.hear_each_other()

        await talk.order("cancel")
        await talk.hear_each_other()
        await third.ended()
        await talk.order("consult", {"target": {"kind": "number", "id": OUTSIDE}})
        await answered(third)
        await talk.desk.message("call", state="consulting")
        await talk.order("three-party")
        await talk.order("leave")
        await talk.agent.ended()
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await third.hang_up()
        await talk.caller.ended()


async def test_department_without_a_desk_reads_draft_and_ticket_by_sms(hotline: Hotline, gateway: SmsGateway) -> None:
    """H2: one button rings the number on duty, and the link follows."""
    administrator = await hotline.desk(ADMINISTRATOR, socket=False)
    # Another department of the sample data has a telephone on duty.
    departments = await administrator.get("/api/v1/departments")
    department = next(one["id"] for one in departments if "城西" in one["name"])
    await administrator.post(
        "/api/v1/notice-recipients",
        {"name": "张师傅", "channel": "sms", "address": OUTSIDE, "department_id": department},
    )
    async with conversation(hotline) as talk:
        third = await hotline.phone(OUTSIDE)
        draft = {"subject": "暖气不热", "kind": "fault", "address": "幸福路12号"}
        await talk.desk.say(type="draft", call_id=talk.call_id, fields=draft)
        await talk.order("consult", {"target": {"kind": "department", "id": department}})
        sms = await asyncio.to_thread(gateway.next, WAIT_S)
        assert sms.number == f"+86{OUTSIDE}"
        (link,) = LINK.findall(sms.text)
        await answered(third)
        await talk.desk.message("call", state="consulting")
        await talk.order("three-party")
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)

        assert {"暖气不热", "幸福路12号"} <= set(re.findall(r"[\w]+", await page_of(hotline, link)))
        ticket = await talk.desk.post(
            "/api/v1/tickets", {"kind": "fault", "subject": "暖气不热", "call_id": talk.call_id}
        )
        await talk.desk.message("call", ticket_id=ticket["id"])
        assert ticket["number"] in await page_of(hotline, link)
        deliveries = await administrator.get("/api/v1/notice-deliveries")
        assert not LINK.search(str(deliveries)), "the log opens no call"

        await talk.order("leave")
        await talk.agent.ended()
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await third.hang_up()
        await talk.caller.ended()
        await hotline.call_record(await hotline.desk(SUPERVISOR, socket=False), talk.call_id)
        assert "通话已结束" in await page_of(hotline, link)


async def page_of(hotline: Hotline, link: str) -> str:
    """Return what a link shows to one who is not signed in."""
    async with aiohttp.ClientSession() as http, http.get(hotline.stack.url + link[link.index("/shared") :]) as answer:
        assert answer.status == 200
        return await answer.text()


async def segments(hotline: Hotline, supervisor: Desk, talk: Talking, kinds: list[str]) -> None:
    """The call's recordings, whole and in order."""
    found = await hotline.sealed(supervisor, talk.call_id)
    assert [one["kind"] for one in found] == kinds
    assert {one["status"] for one in found} == {"sealed"}


async def test_service_killed_in_a_consultation_goes_on_with_it(hotline: Hotline) -> None:
    """F38: customer and colleague stay, and the agent completes the transfer afterwards."""
    async with conversation(hotline) as talk:
        _, third, third_id = await colleague(hotline)
        await talk.order("consult", {"target": {"kind": "agent", "id": third_id}})
        await answered(third)
        await talk.desk.message("call", state="consulting")

        await die(hotline)
        await talk_alone(talk.agent, AGENT_HZ, third, THIRD_HZ)
        await talk.caller.hears(seconds=0.5)
        await revive(hotline)
        await hotline.whole()

        desk = await hotline.desk(AGENT)
        shown = await desk.get("/api/v1/agents/me/call")
        assert shown["state"] == "consulting"
        await desk.post("/api/v1/agents/me/call/complete", None)
        await talk.agent.ended()
        await talk_alone(talk.caller, CALLER_HZ, third, THIRD_HZ)
        await talk.caller.hang_up()
        await third.ended()
