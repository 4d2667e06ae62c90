"""Order of waiting callers, and the agent each of them reaches."""

from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline

ORDINARY, VIP, REPORTER = "13800000006", "13800000004", "13800000002"


async def test_vip_is_served_before_an_ordinary_caller_who_came_first(hotline: Hotline) -> None:
    """H20."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    ordinary, vip = await hotline.phone(ORDINARY), await hotline.phone(VIP)
    await hotline.into_queue(ordinary)
    await hotline.waiting(supervisor, "repair", 1)
    await hotline.into_queue(vip)
    await hotline.waiting(supervisor, "repair", 2)

    desk, _ = await hotline.ready_agent(idle=False)

    assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(VIP)
    await vip.hang_up()
    await ordinary.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_repeat_caller_reaches_the_agent_who_filed_the_open_ticket(hotline: Hotline) -> None:
    """H15: also where another agent has been idle for longer."""
    filing = await hotline.desk(OTHER_AGENT, socket=False)
    await filing.post(
        "/api/v1/tickets", {"kind": "complaint", "subject": "楼道灯不亮", "reporter": {"number": REPORTER}}
    )
    await hotline.ready_agent(AGENT)
    desk, _ = await hotline.ready_agent(OTHER_AGENT)
    caller = await hotline.phone(REPORTER)

    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.5)
    await caller.press("0")

    assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(REPORTER)
    await caller.hang_up()
