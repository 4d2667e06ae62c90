"""The desk in the browser: a whole call, and its bad days."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
from playwright.async_api import WebSocketRoute, expect

from tests.asterisk.hotline import AGENT, OTHER_AGENT, Hotline
from tests.browser.agent_page import AgentPage, said
from tests.browser.chromium import MICROPHONE_HZ, chromium
from tests.browser.conftest import OpenPage
from tests.browser.looks import WAIT_MS
from tests.phones.phone import Phone

CALLER_HZ = 1000.0
BUSY_PAGE = "(() => { const end = performance.now() + 4000; while (performance.now() < end); })()"
"""Four seconds in which a page does nothing else."""
AGREED = "2030-12-03T09:00"
LI_JIANGUO, ZHANG_MIN = "13800000002", "13800000003"


async def talking(hotline: Hotline, agent: AgentPage, caller: Phone, staff_number: str = AGENT) -> None:
    """Have an agent's page and a caller talk."""
    await agent.sign_in(staff_number)
    await agent.start_shift()
    await hotline.into_queue(caller)
    await agent.answer()
    hotline.speaks(caller, CALLER_HZ)
    await agent.hears(CALLER_HZ)


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

    await agent.page.get_by_role("textbox", name=said("desk.subject")).fill("暖气不热，室温十二度")
    await agent.button("desk.file").click()
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)
    await reminded_and_visited(agent)

    await caller.hang_up()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")
    assert agent.complaints == []


async def reminded_and_visited(agent: AgentPage) -> None:
    """Store a reminder's outcome (H5); book a visit before the dispatch (H3)."""
    reminder, visit = agent.page.locator(".reminder"), agent.page.locator("form.visit")
    await reminder.get_by_role("button", name="答应缴费").click()
    await expect(reminder.locator("button[aria-pressed=true]")).to_have_text("答应缴费", timeout=WAIT_MS)
    await agent.page.locator(".filed-other").select_option(label="城东维修工区")
    windows = visit.locator("select")
    await expect(windows.locator("option").nth(1)).to_be_attached(timeout=WAIT_MS)
    await windows.select_option(index=1)
    await visit.get_by_role("button", name=said("desk.visit.book"), exact=True).click()
    await expect(visit.get_by_role("status")).to_contain_text("已预约上门", timeout=WAIT_MS)
    await expect(visit.get_by_role("button", name=said("desk.visit.move"), exact=True)).to_be_visible()
    await agent.page.locator(".filed-proposals").get_by_role("button", name=said("desk.dispatch"), exact=True).click()
    await expect(agent.page.locator(".filed-done")).to_be_visible(timeout=WAIT_MS)
    await expect(visit.get_by_role("status")).to_contain_text("已预约上门")


async def test_result_is_chosen_in_its_tree_by_keys(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    # Without an open ticket: for a caller who has one, the key leads elsewhere.
    caller = await hotline.phone(ZHANG_MIN)
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await hotline.into_queue(caller, "2")
    await agent.answer()
    hotline.speaks(caller, CALLER_HZ)
    await agent.hears(CALLER_HZ)
    await caller.hang_up()
    await agent.state("wrap_up")

    levels, keys = agent.page.locator(".result .level"), agent.page.keyboard
    chosen = levels.nth(1).locator("button[aria-pressed=true]")
    await levels.first.get_by_role("button").first.focus()
    await keys.press("2")
    await expect(levels.nth(1).get_by_role("button").first).to_be_focused()
    await keys.press("ArrowRight")
    await keys.press("Enter")
    await expect(chosen).to_have_text("已转接")
    await keys.press("3")
    await expect(agent.page.get_by_label("约定时间")).to_be_focused()
    await agent.page.get_by_label("约定时间").fill(AGREED)
    await keys.press("Enter")
    await expect(agent.page.locator(".result .stored")).to_contain_text("约定回电", timeout=WAIT_MS)
    await agent.page.reload()
    await agent.state("wrap_up")
    await expect(chosen).to_have_text("约定回电", timeout=WAIT_MS)
    await expect(agent.page.get_by_label("约定时间")).to_have_value(AGREED)
    await agent.button("desk.finish").click()
    await agent.state("ready")
    assert agent.complaints == []


async def test_call_survives_the_service_and_a_reload_of_the_page(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    caller = await hotline.phone(LI_JIANGUO)
    await talking(hotline, agent, caller)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5

    killed = hotline.stack.service_id()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await agent.hears(CALLER_HZ)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5
    await hotline.whole()
    await expect(agent.page.locator(".link")).to_have_count(0, timeout=WAIT_MS)
    await agent.state("talking")

    await agent.page.reload()
    await expect(agent.page.get_by_text("李建国").first).to_be_visible(timeout=WAIT_MS)
    await agent.hears(CALLER_HZ)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5
    await agent.state("talking")

    await agent.button("desk.hang_up").click()
    await caller.ended()
    await agent.state("wrap_up")


async def test_one_tab_has_the_phone_and_desk_until_another_takes_both(hotline: Hotline, open_page: OpenPage) -> None:
    first = await open_page()
    await first.sign_in(OTHER_AGENT)
    await first.start_shift()
    second = await AgentPage.open(first.page.context, hotline.stack.url)
    await second.page.goto(f"{hotline.stack.url}/desk")
    await expect(second.text("shared.link.elsewhere")).to_be_visible(timeout=WAIT_MS)

    caller = await hotline.phone(ZHANG_MIN)
    await hotline.into_queue(caller)
    await first.answer()
    hotline.speaks(caller, CALLER_HZ)
    await first.hears(CALLER_HZ)
    # On a busy machine the page of the call answers late: no other tab takes that for a free desk.
    late = asyncio.create_task(first.page.evaluate(BUSY_PAGE))
    await second.button("shared.link.take_over").click()
    await expect(second.text("shared.link.busy_elsewhere")).to_be_visible(timeout=WAIT_MS)
    await second.button("shared.sign_out").click()
    await expect(second.text("shared.link.in_call")).to_be_visible(timeout=WAIT_MS)
    await late
    await first.button("shared.sign_out").click()
    await expect(first.text("shared.link.in_call")).to_be_visible(timeout=WAIT_MS)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5

    await caller.hang_up()
    await first.state("wrap_up")
    await first.button("desk.finish").click()
    await first.state("ready")
    await second.button("shared.link.back_to_call").click()
    late = asyncio.create_task(first.page.evaluate(BUSY_PAGE))
    await second.button("shared.link.take_over").click()
    await second.state("ready")
    await late
    await expect(first.text("shared.link.elsewhere")).to_be_visible(timeout=WAIT_MS)
    await hotline.into_queue(await hotline.phone(LI_JIANGUO))
    await second.rung()
    await expect(first.button("desk.answer")).to_have_count(0)


async def test_call_goes_to_a_colleague_who_was_asked(hotline: Hotline, open_page: OpenPage) -> None:
    asking, asked = await open_page(), await open_page()
    await asked.sign_in(OTHER_AGENT)
    caller = await hotline.phone(LI_JIANGUO)
    await talking(hotline, asking, caller)
    await asked.button("desk.start_shift").click()
    await asked.state("ready")
    await asking.page.get_by_role("textbox", name=said("desk.subject")).fill("暖气不热")

    await asking.button("desk.transfer").click()
    await asking.page.get_by_label(said("desk.transfer_to")).fill(OTHER_AGENT)
    # The digits could be dialled, too.
    await expect(asking.page.locator(".transfer li")).to_have_count(2, timeout=WAIT_MS)
    await asking.page.locator(".transfer .star").click()
    await expect(asking.page.locator(".transfer .star[aria-pressed=true]")).to_be_visible()
    await asking.page.get_by_label(said("desk.transfer_to")).focus()
    await asking.page.keyboard.press("Enter")
    await asked.rung()
    await expect(asked.page.locator(".bar[data-stage=ringing]")).to_be_visible(timeout=WAIT_MS)
    await expect(asked.button("desk.hang_up")).to_have_count(0)
    await asked.button("desk.answer").click()
    await expect(asked.text("desk.consulted")).to_be_visible(timeout=WAIT_MS)
    await asked.hears(MICROPHONE_HZ)
    await asked.page.goto("about:blank")
    await expect(asking.text("desk.party_away")).to_be_visible(timeout=WAIT_MS)
    await asked.page.goto(f"{hotline.stack.url}/desk")
    await asked.hears(MICROPHONE_HZ)
    await expect(asking.text("desk.party_away")).to_have_count(0, timeout=WAIT_MS)

    # Two who type in the same moment keep both their words.
    words = {"desk.subject": (asking, "暖气不热，室温十二度"), "desk.description": (asked, "昨晚开始")}
    typed = [(page.page.get_by_role("textbox", name=said(label)), text) for label, (page, text) in words.items()]
    await asyncio.gather(*(field.fill(text) for field, text in typed))
    for page in (asking, asked):
        for label, (_, text) in words.items():
            field = page.page.get_by_role("textbox", name=said(label))
            await expect(field).to_have_value(text, timeout=WAIT_MS)

    await asking.page.get_by_role("button", name="完成转接").dblclick()
    await expect(asking.text("desk.handed_over")).to_be_visible(timeout=WAIT_MS)
    await expect(asking.page.locator(".result button[aria-pressed=true]")).to_have_count(0)
    await expect(asking.button("desk.file")).to_have_count(0)
    await asked.hears(CALLER_HZ)


async def test_session_that_ends_in_a_call_ends_the_microphone_after_it(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    caller = await hotline.phone(LI_JIANGUO)
    await talking(hotline, agent, caller)
    track = await agent.page.evaluate_handle("peers.at(-1).getSenders()[0].track")

    # As another machine or an administrator ends it.
    await agent.page.evaluate("fetch('/api/v1/session', { method: 'DELETE' })")
    await expect(agent.button("session.sign_in")).to_be_visible(timeout=WAIT_MS)
    await expect(agent.text("phone.call_here_why.signed_out")).to_be_visible(timeout=WAIT_MS)
    await agent.hears(CALLER_HZ)
    assert await caller.hears_tone(MICROPHONE_HZ) > 0.5

    await agent.sign_in_again(AGENT)
    await agent.state("talking")
    await agent.page.evaluate("fetch('/api/v1/session', { method: 'DELETE' })")
    await agent.button("phone.hang_up").click()
    await caller.ended()
    await expect(agent.text("phone.call_here")).to_have_count(0, timeout=WAIT_MS)
    assert await track.evaluate("(track) => track.readyState") == "ended"


async def test_desk_opened_on_another_machine_leaves_the_call_until_it_is_asked_for(
    hotline: Hotline, open_page: OpenPage
) -> None:
    first, second = await open_page(), await open_page()
    caller = await hotline.phone(LI_JIANGUO)
    await talking(hotline, first, caller)

    await second.sign_in(AGENT)
    await expect(first.text("phone.call_here_why.replaced")).to_be_visible(timeout=WAIT_MS)
    await expect(first.button("phone.hang_up")).to_be_visible()
    await first.hears(CALLER_HZ)
    await second.page.get_by_role("button", name="重连").click()
    await second.hears(CALLER_HZ)
    await expect(first.text("phone.call_here")).to_have_count(0, timeout=WAIT_MS)
    await second.button("desk.hang_up").click()
    await caller.ended()
    await second.state("wrap_up")


async def test_prompt_is_heard_over_opus(hotline: Hotline, open_page: OpenPage) -> None:
    """A codec that Asterisk cannot make would leave every prompt silent."""
    agent = await open_page()
    await agent.sign_in(OTHER_AGENT)
    await agent.start_shift()
    at = hotline.stack.at
    place = {"endpoint": f"PJSIP/agent{OTHER_AGENT}-browser", "context": "prompt", "extension": "s", "priority": "1"}
    place["formats"] = "opus"
    async with aiohttp.ClientSession() as ari:
        key = f"{at.user}:{at.password}"
        (await ari.post(f"{at.rest_url}/channels", params={**place, "api_key": key})).raise_for_status()

    # No call of the queue, so there is no pop: the notice of ringing calls answers it.
    await agent.button("phone.answer").click()
    await agent.hears()
    assert await agent.codec() == "audio/opus"


async def test_registration_without_an_answer_is_said_and_tried_again(hotline: Hotline, open_page: OpenPage) -> None:
    """The socket is open, and behind it is silence."""
    agent = await open_page()
    silent = True

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda said: None if silent and str(said).startswith("REGISTER ") else server.send(said))

    await agent.page.route_web_socket("**/ws", route)
    await agent.sign_in(AGENT)
    await agent.button("desk.start_shift").click()
    await expect(agent.text("phone.problem.server-away.title")).to_be_visible(timeout=WAIT_MS)
    silent = False
    await agent.state("ready")
    await expect(agent.text("phone.problem.server-away.title")).to_have_count(0)
    await hotline.into_queue(await hotline.phone(ZHANG_MIN))
    await agent.rung()


async def test_refused_microphone_and_lost_network_are_said_with_a_way_on(hotline: Hotline, tmp_path: Path) -> None:
    async with chromium(tmp_path, asks=True) as browser:
        context = await browser.new_context(locale="zh-CN")
        agent = await AgentPage.open(context, hotline.stack.url)
        await agent.sign_in(AGENT)
        await agent.button("desk.start_shift").click()
        await expect(agent.text("phone.problem.microphone-refused.title")).to_be_visible(timeout=WAIT_MS)
        await expect(agent.button("desk.start_shift")).to_be_visible()

        await context.grant_permissions(["microphone"])
        await agent.start_shift()
        await context.set_offline(True)
        await expect(agent.page.get_by_text(said("phone.problem.network-lost.title"))).to_be_visible(timeout=WAIT_MS)
        await context.set_offline(False)
        await expect(agent.page.get_by_text(said("phone.problem.network-lost.title"))).to_have_count(0, timeout=WAIT_MS)
        await agent.state("ready")
