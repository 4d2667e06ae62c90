"""Calls from end to end on the whole hotline."""

import asyncio
import json
from io import StringIO

import pytest

from ari_app.operations.logs import about
from dev.stack import Stack
from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, TRUNK_USER, WAIT_S, Hotline
from tests.words import words

LI_JIANGUO = "13800000002"
TWO_ACCOUNTS = "13800000005"
ROLES = {"agent": AGENT, "department": "2001", "quality": "4001", "supervisor": SUPERVISOR, "administrator": "9001"}


async def test_the_desk_shows_everything_before_the_phone_rings(hotline: Hotline) -> None:
    """G14, H4, H5, H9."""
    desk, phone = await hotline.ready_agent()
    await desk.paint_pops()
    caller = await hotline.phone(LI_JIANGUO)

    await hotline.into_queue(caller)
    message = await desk.message("pop")
    invite = await phone.ringing()

    pop = message["pop"]
    assert message["arrived_at"] < invite.at_ns / 1e9
    assert pop["customers"][0]["name"] == "李建国"
    assert pop["customer_id"] == pop["customers"][0]["id"]
    assert pop["customers"][0]["arrears_cents"] == 128050
    assert "1280" in pop["arrears"]["zh"]
    assert "幺零零幺" in pop["greeting"]["zh"]
    assert pop["keys"] == ["3"]
    assert pop["kind"] == "fault"
    assert "中国移动" in pop["number"]["origin"]["zh"]


@pytest.mark.parametrize("written", ["+8613800000002", "008613800000002", "13800000002"])
async def test_one_person_however_the_number_is_written(hotline: Hotline, written: str) -> None:
    desk, _ = await hotline.ready_agent()
    caller = await hotline.phone(TRUNK_USER, shown_as=f"<sip:{written}@carrier.invalid>")

    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]

    assert pop["number"]["display"] == "+8613800000002"
    assert [customer["name"] for customer in pop["customers"]] == ["李建国"]


@pytest.mark.parametrize("number", ["86261234", "95598", "1064812345678"], ids=["local", "service", "machine"])
async def test_a_number_without_an_e164_form_is_shown_as_it_came(hotline: Hotline, number: str) -> None:
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(TRUNK_USER, shown_as=f"<sip:{number}@carrier.invalid>")

    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()
    await phone.answer()
    await phone.answered()
    reporter = {"number": number, "name": "王先生"}
    body = {"kind": "fault", "subject": "暖气不热", "reporter": reporter, "call_id": pop["call_id"]}
    filed = await desk.post("/api/v1/tickets", body)
    await caller.hang_up()

    assert pop["number"]["display"] == number
    assert (await desk.get(f"/api/v1/tickets/{filed['id']}"))["reporters"][0]["number"] == number
    supervisor = await hotline.desk(SUPERVISOR)
    await hotline.call_record(supervisor, pop["call_id"])
    assert pop["call_id"] in {call["id"] for call in await supervisor.get("/api/v1/calls", number=number)}


@pytest.mark.parametrize(
    "shown_as",
    [
        '"Anonymous" <sip:anonymous@anonymous.invalid>',
        "<sip:1380000abc@carrier.invalid>",
        '"<img src=x onerror=alert(1)>" <sip:1%27%20OR%201@carrier.invalid>',
    ],
    ids=["withheld", "letters", "S12, S14: markup and quotes"],
)
async def test_a_caller_without_a_usable_number_is_served_like_any_other(hotline: Hotline, shown_as: str) -> None:
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(TRUNK_USER, shown_as=shown_as)

    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()
    await phone.answer()
    await phone.answered()

    assert pop["number"] is None
    assert pop["customers"] == []
    assert "onerror" not in str(pop)


async def test_two_accounts_on_one_phone_are_the_agents_choice(hotline: Hotline) -> None:
    desk, _ = await hotline.ready_agent()
    caller = await hotline.phone(TWO_ACCOUNTS)

    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]

    assert len(pop["customers"]) == 2
    assert pop["customer_id"] is None


async def test_menu_is_skipped_by_a_key_pressed_ahead(hotline: Hotline) -> None:
    """A key pressed during the greeting counts."""
    desk, _ = await hotline.ready_agent()
    caller = await hotline.phone(LI_JIANGUO)
    await caller.call(hotline.number)
    await caller.answered()

    await caller.press("2")

    assert (await desk.message("pop"))["pop"]["queue"] == "complaint"


async def test_silence_reaches_a_person(hotline: Hotline) -> None:
    """H11: a human is one key, or simply waiting, away."""
    desk, _ = await hotline.ready_agent()
    caller = await hotline.phone(LI_JIANGUO)
    await caller.call(hotline.number)
    await caller.answered()

    pop = (await desk.message("pop", seconds=60))["pop"]

    assert pop["keys"] == []


async def test_waiting_caller_hears_the_place_in_the_queue(hotline: Hotline) -> None:
    """Hear the catalogue's words in the chosen language (H11)."""
    first, second = await hotline.phone(LI_JIANGUO), await hotline.phone("13800000003")
    await hotline.into_queue(first)
    await first.hears_words(await words("queue_position", queue={"position": 1}))
    await hotline.into_queue(second, key="9")
    await second.hears_words(await words("main_menu", "en"))
    await second.press("3")
    await second.hears_words(await words("queue_position", "en", queue={"position": 2}))

    await first.hang_up()
    await second.hang_up()
    await hotline.waiting(await hotline.desk(SUPERVISOR, socket=False), "repair", 0)


async def test_agents_missing_phone_costs_the_caller_nothing(hotline: Hotline) -> None:
    """Ring the next agent; the first is not ready (F15).

    The first agent's desk shows the reason.
    """
    absent = await hotline.desk(AGENT)
    await absent.say(type="ready")
    await absent.message("agent", state="ready")
    other, phone = await hotline.ready_agent(OTHER_AGENT)
    caller = await hotline.phone(LI_JIANGUO)

    await hotline.into_queue(caller)
    refused = await absent.message("agent", state="not_ready", reason="unavailable")
    pop = (await other.message("pop"))["pop"]
    await phone.ringing()
    await phone.answer()
    await phone.answered()

    assert refused["call_id"] is None
    assert (await other.message("call", stage="talking"))["call_id"] == pop["call_id"]


async def test_an_agent_who_refuses_is_not_rung_again_for_the_same_call(hotline: Hotline) -> None:
    _, refusing = await hotline.ready_agent(AGENT, rejects="486 Busy Here")
    other, phone = await hotline.ready_agent(OTHER_AGENT)
    caller = await hotline.phone(LI_JIANGUO)

    await hotline.into_queue(caller)
    await refusing.ringing()
    await phone.ringing()
    await phone.answer()
    await phone.answered()

    assert [event.name for event in refusing.events].count("invite") == 1
    assert (await other.message("agent", state="talking"))["queue"] == "repair"


async def test_callers_hear_each_other_and_both_sides_are_kept(hotline: Hotline) -> None:
    desk, phone = await hotline.ready_agent()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(LI_JIANGUO)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await phone.ringing()
    await phone.answer()
    await phone.answered()
    await asyncio.gather(phone.reaches(caller, 1000), caller.reaches(phone, 440))

    body = {"kind": "fault", "subject": "楼道灯不亮", "address": "和平路31号", "call_id": pop["call_id"]}
    ticket = await desk.post("/api/v1/tickets", body)
    await phone.hang_up()
    await caller.ended()

    record = await hotline.call_record(supervisor, pop["call_id"])
    assert record["outcome"] == "answered"
    assert record["hangup_by"] == "agent"
    assert record["talk_ms"] > 0
    steps = ["call_started", "call_queued", "call_connected", "ticket_changed", "call_ended"]
    assert await logged(hotline.stack, steps, call=pop["call_id"]) == await logged(
        hotline.stack, steps, ticket=ticket["number"]
    )
    assert (await desk.message("agent", state="wrap_up"))["call_id"] == pop["call_id"]


async def logged(stack: Stack, steps: list[str], *, call: str | None = None, ticket: str | None = None) -> set[str]:
    """Return a call's or ticket's lines, once every step has one."""
    files = [stack.folder / "hotline.log", stack.folder / "asterisk" / "log" / "messages.log"]
    assert all(line.startswith("{") for line in files[0].read_text().splitlines())
    async with asyncio.timeout(WAIT_S):
        while True:
            lines = await asyncio.to_thread(about, files, StringIO(), call=call, ticket=ticket)
            events = [json.loads(line)["event"] for line in lines]
            if all(step in events for step in steps):
                assert [events.count(step) for step in steps] == [1] * len(steps)
                assert LI_JIANGUO not in "".join(lines)
                return set(lines)
            await asyncio.sleep(0.05)


async def test_f27_a_disk_that_takes_nothing_ends_no_call(hotline: Hotline) -> None:
    """Let both talk without a recording, and warn a supervisor.

    The entry says that nothing was recorded.
    """
    spool = hotline.stack.recordings / "spool"
    spool.rename(spool.with_name("spool-away"))
    spool.touch()
    try:
        supervisor = await hotline.desk(SUPERVISOR)
        desk, phone = await hotline.ready_agent()
        caller = await hotline.phone(LI_JIANGUO)
        await hotline.into_queue(caller)
        pop = (await desk.message("pop"))["pop"]
        await phone.ringing()
        await phone.answer()
        await phone.answered()
        await phone.reaches(caller, 1000)
        await supervisor.message("notice", level="warning")
        await caller.hang_up()
        await phone.ended()
        (entry,) = await supervisor.get("/api/v1/recordings", call_id=pop["call_id"])
    finally:
        spool.unlink()
        spool.with_name("spool-away").rename(spool)

    assert entry["status"] == "failed"
    assert entry["note"]


async def test_every_route_refuses_every_role_that_is_not_named(hotline: Hotline) -> None:
    """Walk all routes of the running service with all roles (S8)."""
    document = await (await hotline.desk(SUPERVISOR, socket=False)).get("/api/openapi.json")
    numbers = {
        "agent": AGENT,
        "department": "2001",
        "quality": "4001",
        "supervisor": SUPERVISOR,
        "administrator": "9001",
    }
    wrong = []
    for role, number in numbers.items():
        desk = await hotline.desk(number, socket=False)
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                allowed = operation.get("x-roles")
                if allowed and role not in allowed:
                    status = await desk.status(method, path.replace("{", "x").replace("}", "x"))
                    if status != 403:
                        wrong.append((method, path, role, status))
    assert wrong == []
