"""Calls that an agent begins: calls out, calls picked up."""

from playwright.async_api import expect

from tests.asterisk.hotline import AGENT, Hotline
from tests.browser.agent_page import said
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.conftest import OpenPage
from tests.browser.looks import PAIRS, WAIT_MS, violations, wear

CALLED, CALLED_HZ = "13800000002", 1000.0
ABROAD = "+44 20 7946 0000"


async def test_number_typed_is_called_and_its_outcome_kept(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    called = await hotline.phone(CALLED)
    await agent.sign_in(AGENT)
    await agent.start_shift()

    await agent.page.keyboard.press("Control+Alt+o")
    number = agent.page.get_by_label(said("desk.call_out.number"))
    await number.fill(ABROAD)
    await agent.page.keyboard.press("Enter")
    await expect(agent.page.locator(".call-out .field-error")).to_be_visible(timeout=WAIT_MS)
    found = {}
    for look in PAIRS:
        await wear(agent.page, look)
        found[look.name] = await violations(agent.page)
    await wear(agent.page, PAIRS[0])
    assert {name: broken for name, broken in found.items() if broken} == {}

    await number.fill("138 0000 0002")
    await agent.page.keyboard.press("Enter")
    await called.ringing()
    await expect(agent.page.locator(".bar[data-stage=dialling]")).to_be_visible(timeout=WAIT_MS)
    await called.answer()
    await agent.stage("talking")
    hotline.speaks(called, CALLED_HZ)
    await agent.hears(CALLED_HZ)
    assert await called.hears_tone(MICROPHONE_HZ) > 0.5
    await expect(agent.page.get_by_text("李建国").first).to_be_visible(timeout=WAIT_MS)

    await agent.button("desk.hang_up").click()
    await called.ended()
    await agent.state("wrap_up")
    await expect(agent.text("desk.other_party")).to_be_visible(timeout=WAIT_MS)
    outcome = agent.page.get_by_role("button", name="号码错误")
    await outcome.click()
    await expect(outcome).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)
    await agent.button("desk.finish").click()
    await agent.state("ready")
    desk = await hotline.desk(AGENT, socket=False)
    (call,) = await desk.get("/api/v1/outgoing-calls")
    assert (call["result"], call["outcome"]) == ("reached", "wrong_number")
    assert agent.complaints == []


async def test_waiting_call_is_picked_up_by_key(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    caller = await hotline.phone(CALLED)
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await agent.page.keyboard.press("Control+Alt+p")
    await expect(agent.page.get_by_role("menuitem").first).to_be_focused(timeout=WAIT_MS)
    await agent.page.keyboard.press("Enter")
    await agent.state("not_ready")

    await hotline.into_queue(caller)
    row = agent.page.locator(".calls li")
    await expect(row).to_contain_text("138 0000 0002", timeout=WAIT_MS)
    found = {}
    for look in PAIRS:
        await wear(agent.page, look)
        found[look.name] = await violations(agent.page)
    await wear(agent.page, PAIRS[0])
    assert {name: broken for name, broken in found.items() if broken} == {}

    await agent.page.keyboard.press("Control+Alt+u")
    await agent.answer()
    hotline.speaks(caller, CALLED_HZ)
    await agent.hears(CALLED_HZ)
    await expect(agent.text("desk.caller")).to_be_visible()
    await agent.button("desk.hang_up").click()
    await caller.ended()
    assert agent.complaints == []
