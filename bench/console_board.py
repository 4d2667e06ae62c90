"""Measures of the live board: keys, changes, share of a core."""

import asyncio
import time

from playwright.async_api import Browser, Page, expect

from bench.console_pages import DESK, throttled
from tests.asterisk.hotline import OTHER_AGENT, SUPERVISOR, Hotline
from tests.browser.looks import WAIT_MS
from tests.browser.scenes import signed_in

AGENTS, CHANGES_PER_S, KEYS = 300, 5, 100
WATCHED = 200
"""Agents on the board while the changes of one are followed to the pixels."""
CHANGES, SHARE_S = 40, 20.0
_AGENTS = f"""([agents, rate]) => {{
  const desk = {DESK}
  const states = ['ready', 'talking', 'wrap_up', 'not_ready']
  const change = (at) => desk.apply({{
    type: 'presence', agent_id: `bench-${{at}}`, state: states[Math.floor(Math.random() * states.length)],
    since_ms: Date.now(), name: `坐席${{at}}`, staff_number: `${{5000 + at}}`, queues: ['repair'],
  }})
  for (let at = 0; at < agents; at += 1) change(at)
  setInterval(() => change(Math.floor(Math.random() * agents)), 1000 / rate)
  window.keys = []
  window.painted = []
  addEventListener('keydown', ({{ timeStamp }}) => {{
    requestAnimationFrame(() => setTimeout(() => window.keys.push(performance.now() - timeStamp)))
  }}, {{ capture: true }})
  desk.listen((message) => {{
    if (message.type !== 'presence' || message.staff_number !== '{OTHER_AGENT}') return
    requestAnimationFrame(() => setTimeout(() => window.painted.push(Date.now())))
  }})
}}"""


async def board_keys(browser: Browser, url: str, slower: int) -> list[float]:
    """Return the milliseconds from each key to the next picture.

    A supervisor types the reason of a pause while the table changes.
    """
    page = await _board(browser, url)
    async with throttled(page, slower):
        await _fill(page, AGENTS)
        await page.locator("[data-agent^='bench-'] button").first.click()
        await page.locator("#page-foot input.control").first.focus()
        for _ in range(KEYS):
            # As fast as people type: five keys in a second.
            await page.keyboard.press("a", delay=50)
            await page.wait_for_timeout(150)
        keys: list[float] = await page.evaluate("keys")
    await page.context.close()
    return keys


async def board_changes(hotline: Hotline, browser: Browser) -> tuple[list[float], float]:
    """Return milliseconds from word to picture, and the share of a core."""
    page = await _board(browser, hotline.stack.url)
    await _fill(page, WATCHED)
    share = await _share_of_a_core(browser)
    desk, _ = await hotline.ready_agent(OTHER_AGENT)
    await page.wait_for_function("painted.length > 0")
    took = []
    for number in range(CHANGES):
        before = await page.evaluate("painted.length")
        said = time.time() * 1000
        await desk.say(**({"type": "ready"} if number % 2 else {"type": "not_ready", "reason": "training"}))
        await page.wait_for_function("(before) => painted.length > before", arg=before)
        took.append(await page.evaluate("(before) => painted[before]", before) - said)
    await page.context.close()
    return took, share


async def _board(browser: Browser, url: str) -> Page:
    _, page = await signed_in(browser, url, SUPERVISOR)
    await page.goto(f"{url}/board")
    await expect(page.locator(".board-queues > *").first).to_be_visible(timeout=WAIT_MS)
    return page


async def _fill(page: Page, agents: int) -> None:
    await page.evaluate(_AGENTS, [agents, CHANGES_PER_S])
    await expect(page.locator("tr", has_text=f"坐席{agents - 1}")).to_have_count(1, timeout=WAIT_MS)


async def _share_of_a_core(browser: Browser) -> float:
    """Return the share of a core that pages take."""
    session = await browser.new_browser_cdp_session()

    async def spent() -> float:
        found = await session.send("SystemInfo.getProcessInfo")
        return sum(float(one["cpuTime"]) for one in found["processInfo"] if one["type"] == "renderer")

    before, begun = await spent(), time.monotonic()
    await asyncio.sleep(SHARE_S)
    return (await spent() - before) / (time.monotonic() - begun)
