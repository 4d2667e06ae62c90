"""Measures of the console's pages: sizes, first picture, heap."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, CDPSession, Page, expect

from dev import console
from tests.asterisk.hotline import AGENT
from tests.browser.looks import WAIT_MS
from tests.browser.scenes import signed_in

KIB = 1024
POPS, FIRST_POPS = 200, 10
"""Pops between two looks at the heap, and before the first: what is loaded once is loaded then."""
KEPT_MS = 35_000
"""So long the page keeps answers that nothing shows any more."""
_TEN_MBIT = {"offline": False, "latency": 10, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8}
DESK = "document.querySelector('#app').__vue_app__.config.globalProperties.$pinia._s.get('desk')"
"""Expression of a page: what the service has said to it."""
_LARGEST = """() => new Promise((resolve) => {
  let last = 0
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (last = one.startTime)))
    .observe({ type: 'largest-contentful-paint', buffered: true })
  // Whatever is painted later than that is no first picture.
  setTimeout(() => resolve(last), 1000)
})"""
_POP = f"""async ([from, until]) => {{
  const desk = {DESK}
  const painted = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))
  for (let number = from; number < until; number += 1) {{
    const pop = {{ ...structuredClone(window.popped), id: `pop-${{number}}`, call_id: `call-${{number}}` }}
    desk.apply({{ type: 'pop', pop }})
    await painted()
    desk.apply({{ type: 'pop_closed', call_id: pop.call_id }})
    await painted()
  }}
}}"""
_SIZE = re.compile(r"^(?:ok|OVER)\s+(\S.*?)\s+([\d.]+) KiB of 80$", re.MULTILINE)


@asynccontextmanager
async def throttled(page: Page, slower: int) -> AsyncIterator[CDPSession]:
    """Make the processor of a page slower."""
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    try:
        yield session
    finally:
        await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


async def first_load(browser: Browser, url: str) -> float:
    """Return the KiB of scripts and styles that an agent's desk loads."""
    context, page = await signed_in(browser, url, AGENT)
    await page.close()
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    wanted: set[str] = set()
    sizes: dict[str, float] = {}

    def answered(event: dict[str, object]) -> None:
        if event["type"] in {"Script", "Stylesheet", "Document"}:
            wanted.add(str(event["requestId"]))

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await page.goto(f"{url}/desk")
    await expect(page.locator(".shift-state")).to_be_visible(timeout=WAIT_MS)
    await page.wait_for_load_state("networkidle")
    await context.close()
    return sum(size for request, size in sizes.items() if request in wanted) / KIB


async def largest_paint(browser: Browser, url: str, slower: int) -> float:
    """Return the LCP in milliseconds of a desk with an empty cache."""
    context, page = await signed_in(browser, url, AGENT)
    await page.close()
    page = await context.new_page()
    async with throttled(page, slower) as session:
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await session.send("Network.emulateNetworkConditions", _TEN_MBIT)
        await page.goto(f"{url}/desk")
        await expect(page.locator(".shift-state")).to_be_visible(timeout=WAIT_MS)
        painted = float(await page.evaluate(_LARGEST))
    await context.close()
    return painted


async def heap_growth(page: Page, pop: object) -> float:
    """Return the growth of a desk's heap over many painted pops."""
    await page.evaluate("(pop) => (window.popped = pop)", pop)
    session = await page.context.new_cdp_session(page)
    await page.evaluate(_POP, [0, FIRST_POPS])
    await page.wait_for_timeout(KEPT_MS)
    before = await _heap(session)
    await page.evaluate(_POP, [FIRST_POPS, FIRST_POPS + POPS])
    await page.wait_for_timeout(KEPT_MS)
    return await _heap(session) / before


async def _heap(session: CDPSession) -> float:
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"])


def other_chunks() -> float:
    """Return the KiB gz of the largest other chunk, without charts."""
    output = console.npm("run", "size", output=console.build())
    return max(float(size) for _, size in _SIZE.findall(output))
