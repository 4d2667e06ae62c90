"""A call led by buttons and by keys, heard at every ear."""

from playwright.async_api import expect

from tests.asterisk.hotline import AGENT, Hotline
from tests.browser.agent_page import said
from tests.browser.conftest import OpenPage
from tests.browser.hands import Buttons, Keys
from tests.browser.looks import PAIRS, WAIT_MS, violations, wear
from tests.browser.walk import LI_JIANGUO, Walk

MOST_KEYS = 12
"""From the ring to the end of the wrap-up, without those that write text."""


async def test_buttons_lead_a_call_and_each_state_is_readable(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    walk = Walk(hotline, agent, Buttons(agent))
    await walk.begin()
    found = {}
    async for state in walk.states():
        for look in PAIRS:
            await wear(agent.page, look)
            found[f"{state}, {look.name}"] = await violations(agent.page)
        await wear(agent.page, PAIRS[0])
    assert {name: broken for name, broken in found.items() if broken} == {}
    assert agent.complaints == []


async def test_keys_lead_a_call(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    walk = Walk(hotline, agent, Keys(agent))
    await walk.begin()
    states = [state async for state in walk.states()]
    assert states[-1] == "wrap-up"


async def test_whole_call_takes_few_keys_and_none_from_an_input_method(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    keys = Keys(agent)
    caller = await hotline.phone(LI_JIANGUO)
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await hotline.into_queue(caller)
    await agent.rung()
    await keys.answer()
    await agent.state("talking")

    await keys.press("F8")
    await expect(agent.page.get_by_role("textbox", name=said("desk.subject"))).to_be_focused(timeout=WAIT_MS)
    input_method = await agent.page.context.new_cdp_session(agent.page)
    composed = {"text": "nuanqi", "selectionStart": 6, "selectionEnd": 6}
    await input_method.send("Input.imeSetComposition", composed)
    for key in ("F9", "Control+Alt+h", "F4"):
        await agent.page.keyboard.press(key)
    await input_method.send("Input.insertText", {"text": "暖气不热"})
    await expect(agent.page.get_by_role("textbox", name=said("desk.subject"))).to_have_value("暖气不热")
    await expect(agent.page.locator(".bar[data-state=talking]")).to_be_visible()
    await expect(agent.text("desk.filed")).to_have_count(0)

    await keys.press("F9")
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)
    await keys.do("hang_up")
    await caller.ended()
    await agent.state("wrap_up")
    await keys.finish()
    await agent.state("ready")
    assert keys.pressed <= MOST_KEYS
