"""Menu from end to end: typed keys, several tickets, strangers."""

from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline
from tests.words import words

WANG, ZHAO, NO_CUSTOMER = "13800000001", "13800000004", "13800000006"
WANGS_ACCOUNT = "6001000001"


async def test_a_person_is_reached_by_zero_after_a_wrong_key(hotline: Hotline) -> None:
    """Both keys are pressed during the greeting."""
    desk, _ = await hotline.ready_agent()
    caller = await hotline.phone(NO_CUSTOMER)
    await caller.call(hotline.number)
    await caller.answered()

    await caller.press("80")

    assert (await desk.message("pop"))["pop"]["keys"] == ["8", "0"]


async def test_progress_is_reached_by_keys_typed_ahead_of_all_questions(hotline: Hotline) -> None:
    """F9: all keys are pressed during the greeting, and taken in order."""
    agent = await hotline.desk(AGENT, socket=False)
    reporter = {"number": NO_CUSTOMER, "name": "周女士"}
    ticket = await agent.post("/api/v1/tickets", {"kind": "fault", "subject": "路灯不亮", "reporter": reporter})
    caller = await hotline.phone(NO_CUSTOMER)
    await caller.call(hotline.number)
    await caller.answered()

    await caller.press(f"5{ticket['number']}#0006#")

    await caller.hears_words(await words("progress_registered"))


async def test_an_older_matter_is_urged_by_phone(hotline: Hotline) -> None:
    """The newest is offered first; key 3 leads on."""
    agent = await hotline.desk(AGENT, socket=False)
    older, newer = [
        await agent.post(
            "/api/v1/tickets",
            {"kind": "complaint", "subject": subject, "reporter": {"number": ZHAO}, "address": address},
        )
        for subject, address in (("垃圾清运不及时", "和平路56号"), ("夜间施工扰民", "和平路60号"))
    ]
    caller = await hotline.phone(ZHAO)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears_words(await words("your_undispatched_ticket", offer={"subject": "夜间施工扰民"}))
    await caller.press("3")
    await caller.hears_words(await words("your_undispatched_ticket", offer={"subject": "垃圾清运不及时"}))

    await caller.press("1")
    await caller.hears_words(await words("urge_noted"))
    await caller.hang_up()

    counts = [(await agent.get(f"/api/v1/tickets/{ticket['id']}"))["urge_count"] for ticket in (older, newer)]
    assert counts == [1, 0]


async def test_a_stranger_with_an_account_number_hears_no_matter_before_the_check(hotline: Hotline) -> None:
    """Four digits of the account's telephone are asked, as for progress."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    (ticket,) = [
        found for found in await supervisor.get("/api/v1/tickets", limit=50) if found["subject"] == "暖气不热"
    ][:1]
    departments = {found["id"]: found["name"] for found in await supervisor.get("/api/v1/departments")}
    offer = {"subject": ticket["subject"], "department": departments[ticket["department_id"]]}
    caller = await hotline.phone(NO_CUSTOMER)
    await caller.call(hotline.number)
    await caller.answered()

    await caller.press(f"4{WANGS_ACCOUNT}#1")
    await caller.hears_words(await words("enter_account_check"))
    await caller.press("9999")
    await caller.hears_words(await words("account_check_failed"))
    await caller.press(f"4{WANGS_ACCOUNT}#10001")

    await caller.hears_words(await words("your_open_ticket", offer=offer))
    await caller.hang_up()
