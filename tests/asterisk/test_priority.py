"""Order of waiting callers, and the agent each of them reaches."""

from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline

ORDINARY, VIP, REPORTER = "13800000006", "13800000004", "13800000002"
RULES = """\
  preferred_wait_s: { ticket: 120 }
  wrap_up_s: 0
  rules:
    - asks: [en]
      steps: [{ skills: { english: 3 }, for_s: 120 }]
"""


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


async def test_customer_reaches_the_own_agent_whom_the_pop_names(hotline: Hotline) -> None:
    """H20: also where another agent has been idle for longer."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    own = next(one for one in await supervisor.get("/api/v1/staff") if one["staff_number"] == OTHER_AGENT)
    (customer,) = await supervisor.get("/api/v1/customers", text=VIP)
    await supervisor.put(f"/api/v1/customers/{customer['id']}/agent", {"agent_id": own["id"]})
    await hotline.ready_agent(AGENT)
    desk, _ = await hotline.ready_agent(OTHER_AGENT)
    caller = await hotline.phone(VIP)
    await hotline.into_queue(caller)
    card = (await desk.message("pop"))["pop"]["customers"][0]
    assert card["own_agent"] == f"{own['name']} {OTHER_AGENT}"
    await caller.hang_up()
    await supervisor.put(f"/api/v1/customers/{customer['id']}/agent", {"agent_id": None})


async def test_skill_then_the_agent_who_knows_the_matter(hotline: Hotline) -> None:
    """H15: the skill counts; customers wait for their ticket's agent."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    newest = (await supervisor.get("/api/v1/queue-documents"))[0]["version"]
    before = (await supervisor.get(f"/api/v1/queue-documents/{newest}"))["text"]
    changed = before.replace("  title_zh: 故障报修\n", f"  title_zh: 故障报修\n{RULES}").replace(
        "  wrap_up_s: 45\n", ""
    )
    stored = await supervisor.post(
        "/api/v1/queue-documents", {"text": changed, "note": "skills for a test", "follows": newest}
    )
    assert "+      steps: [{ skills: { english: 3 }, for_s: 120 }]" in stored["difference"]
    try:
        await _calls(hotline)
    finally:
        await supervisor.post(
            "/api/v1/queue-documents", {"text": before, "note": "as before", "follows": stored["version"]}
        )


async def _calls(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    filing = await hotline.desk(OTHER_AGENT, socket=False)
    await filing.post(
        "/api/v1/tickets", {"kind": "complaint", "subject": "楼道灯不亮", "reporter": {"number": REPORTER}}
    )
    await hotline.ready_agent(AGENT)
    desk, phone = await hotline.ready_agent(OTHER_AGENT)
    staff = {one["staff_number"]: one for one in await supervisor.get("/api/v1/staff")}
    other, skilled = staff[AGENT]["id"], staff[OTHER_AGENT]
    await supervisor.put(
        f"/api/v1/agents/{skilled['id']}/queues",
        {"queues": skilled["queues"], "skills": {"english": 3}, "reason": "speaks English"},
    )
    caller, reporter = await hotline.phone(ORDINARY), await hotline.phone(REPORTER)

    # The other agent has been idle for longer, and has not the skill.
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.5)
    await caller.press("9")
    await caller.hears(seconds=0.5)
    await caller.press("3")
    assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(ORDINARY)
    await phone.answer()
    await phone.answered()
    await desk.message("agent", state="talking")

    # The agent of the ticket talks: the customer waits, though the other agent is free.
    await reporter.call(hotline.number)
    await reporter.answered()
    await reporter.hears(seconds=0.5)
    await reporter.press("0")
    await hotline.waiting(supervisor, "repair", 1)
    await caller.hang_up()
    assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(REPORTER)
    await reporter.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
    state = {one["agent_id"]: one["state"] for one in await supervisor.get("/api/v1/agents")}
    assert state[other] == "ready", "the other agent was never rung"
