"""A call at the desk in the browser, from sign-in to wrap-up."""

from playwright.async_api import expect

from tests.asterisk.hotline import AGENT, Hotline
from tests.browser.agent_page import WAIT_MS, said
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.conftest import OpenPage

LI_JIANGUO = "13800000002"
CALLER_HZ = 1000.0


async def test_agent_takes_a_call_with_nothing_but_a_browser(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    caller = await hotline.phone(LI_JIANGUO)
    await agent.sign_in(AGENT)
    await agent.start_shift()

    await hotline.into_queue(caller)
    await agent.rung()
    await expect(agent.page.get_by_text("李建国").first).to_be_visible()
    assert (await agent.page.title()).startswith("☎")
    moments = await agent.moments()
    assert moments["pop"] < moments["painted"]
    assert moments["pop"] < moments["invite"], "the pop comes before the ring"

    await agent.answer()
    hotline.speaks(caller, CALLER_HZ)
    await agent.hears(CALLER_HZ)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5
    assert not (await agent.page.title()).startswith("☎")

    await agent.page.get_by_label(said("desk.subject")).fill("暖气不热，室温十二度")
    await agent.button("desk.file").click()
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)

    await caller.hang_up()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")
    assert agent.complaints == []
