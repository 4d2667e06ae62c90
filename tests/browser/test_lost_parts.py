"""Bad days of a desk's parts: Redis, database, clock, headset, notifications."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.asterisk.hotline import AGENT, Hotline
from tests.asterisk.test_crashpoints import locked
from tests.browser.agent_page import AgentPage, said
from tests.browser.chromium import MICROPHONE_HZ, chromium
from tests.browser.conftest import OpenPage
from tests.browser.looks import WAIT_MS
from tests.phones.phone import Phone

CALLER_HZ = 1000.0
CALLER = "13800000002"
AN_HOUR_AHEAD = """
const Right = Date
window.Date = class extends Right {
  constructor(...given) { given.length > 0 ? super(...given) : super(Right.now() + 3600000) }
  static now() { return Right.now() + 3600000 }
}
"""
WITHOUT_WEBRTC = "delete window.RTCPeerConnection"
UNPLUG = """() => {
  // A microphone that is unplugged ends its track; a page cannot unplug Chromium's.
  const track = peers.at(-1).getSenders()[0].track
  track.stop()
  track.dispatchEvent(new Event('ended'))
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'))
}"""

OUTPUTS = """
window.outputs = 'none'
const sink = HTMLMediaElement.prototype.setSinkId
HTMLMediaElement.prototype.setSinkId = function (id) {
  const dead = window.outputs === 'none' || (window.outputs === 'default' && id !== '')
  return dead ? Promise.reject(new DOMException('no such device', 'NotFoundError')) : sink.call(this, id)
}
const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices)
navigator.mediaDevices.enumerateDevices = async () =>
  (await list()).filter((one) => window.outputs !== 'none' || one.kind !== 'audiooutput')
"""
PLUG = """(outputs) => {
  window.outputs = outputs
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'))
}"""


async def talking(hotline: Hotline, agent: AgentPage) -> Phone:
    """Have an agent at the page and a caller talk."""
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await agent.answer()
    hotline.speaks(caller, CALLER_HZ)
    await agent.hears(CALLER_HZ)
    return caller


async def test_lost_redis_and_database_take_neither_voice_nor_words(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    await agent.sign_in(AGENT)
    await agent.start_shift()
    caller = await talking(hotline, agent)
    subject, redis = agent.page.get_by_role("textbox", name=said("desk.subject")), hotline.stack.redis
    assert redis is not None

    await asyncio.to_thread(redis.kill)
    await subject.fill("暖气不热，室温十二度")
    await expect(agent.text("desk.draft_here")).to_be_visible(timeout=WAIT_MS)
    await agent.hears(CALLER_HZ)
    await caller.hears_tone(MICROPHONE_HZ)
    await asyncio.to_thread(redis.start)
    await expect(agent.text("desk.draft_saved")).to_be_visible(timeout=WAIT_MS)
    await hotline.whole()
    await agent.page.reload()
    await expect(subject).to_have_value("暖气不热，室温十二度", timeout=WAIT_MS)
    await agent.hears(CALLER_HZ)

    if "DATABASE_URL" not in os.environ:
        with locked(hotline.stack.folder / "hotline.db"):
            await agent.button("desk.file").click()
            await expect(agent.text("desk.kept")).to_be_visible(timeout=WAIT_MS)
            await agent.hears(CALLER_HZ)
            await expect(subject).to_have_value("暖气不热，室温十二度")
    await agent.button("desk.file").click()
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)
    await caller.hang_up()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")


async def test_wrong_clock_blocked_notifications_and_a_new_headset(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page(permissions=["microphone"])
    await agent.page.add_init_script(AN_HOUR_AHEAD)
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await expect(agent.text("phone.problem.notifications-blocked.title")).to_be_visible(timeout=WAIT_MS)
    await agent.page.keyboard.press("Control+Alt+l")
    # An open list of shortcuts hides no call that rings.
    await expect(agent.page.locator("dialog[open]")).to_be_visible(timeout=WAIT_MS)
    caller = await talking(hotline, agent)
    for clock in await agent.page.get_by_role("timer").all():
        assert re.fullmatch(r"0\d:\d\d|", await clock.inner_text()), "times are the service's, not the machine's"

    await agent.page.evaluate(UNPLUG)
    async with asyncio.timeout(WAIT_MS / 1000):
        while await agent.page.evaluate("peers.at(-1).getSenders()[0].track.readyState") != "live":
            await asyncio.sleep(0.1)
    await caller.hears_tone(MICROPHONE_HZ)
    await agent.button("desk.hang_up").click()
    await caller.ended()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")


@pytest.mark.parametrize(
    ("problem", "script"), [("microphone-missing", ""), ("browser-too-old", WITHOUT_WEBRTC)], ids=["none", "old"]
)
async def test_shift_that_cannot_begin_says_why(hotline: Hotline, tmp_path: Path, problem: str, script: str) -> None:
    async with chromium(tmp_path, microphone=False) as browser:
        context = await browser.new_context(locale="zh-CN", permissions=["microphone", "notifications"])
        agent = await AgentPage.open(context, hotline.stack.url)
        await agent.page.add_init_script(script)
        await agent.sign_in(AGENT)
        await agent.button("desk.start_shift").click()
        await expect(agent.text(f"phone.problem.{problem}.title")).to_be_visible(timeout=WAIT_MS)
        await expect(agent.text(f"phone.problem.{problem}.way")).to_be_visible()
        await expect(agent.button("desk.start_shift")).to_be_visible()


async def test_call_without_an_output_device_says_so_with_a_way_on(hotline: Hotline, open_page: OpenPage) -> None:
    agent = await open_page()
    await agent.page.add_init_script(OUTPUTS)
    problem = agent.text("phone.problem.no-output.title")
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await expect(problem).to_be_visible(timeout=WAIT_MS)
    await expect(agent.text("phone.problem.no-output.way")).to_be_visible()
    # The customer is served all the same: the call rings, and hears the agent.
    caller = await talking(hotline, agent)
    await caller.hears_tone(MICROPHONE_HZ)
    await expect(problem).to_be_visible()
    await agent.page.evaluate(PLUG, "every")
    await expect(problem).to_have_count(0, timeout=WAIT_MS)
    await agent.page.evaluate(PLUG, "none")
    await expect(problem).to_be_visible(timeout=WAIT_MS)

    # One that is listed and plays nothing: the system's takes its place with one click.
    await agent.page.evaluate(PLUG, "default")
    await expect(problem).to_have_count(0, timeout=WAIT_MS)
    await agent.page.locator("nav a[href='/settings']").click()
    await agent.page.get_by_label(said("settings.device.ear")).select_option(index=1)
    await expect(problem).to_be_visible(timeout=WAIT_MS)
    await agent.button("phone.use_default").click()
    await expect(problem).to_have_count(0, timeout=WAIT_MS)
    await agent.page.locator("nav a[href='/desk']").click()
    await agent.button("desk.hang_up").click()
    await caller.ended()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")
    assert agent.complaints == []
