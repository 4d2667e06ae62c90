"""rows: a long list in Chromium, on the real service.

A supervisor opens `/tickets` among 100,000 (`BENCH_SEARCHED`). Each figure is the time from the click or the key to the
picture of the new rows.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, expect

from bench import searching
from bench.harness import Context, Row, note, percentile, summary
from bench.loading import CACHE, start_postgres
from dev import console
from tests.asterisk.hotline import SUPERVISOR, stack_in
from tests.browser.chromium import chromium
from tests.browser.looks import WAIT_MS
from tests.browser.scenes import signed_in

PAGES = 20
"""Pages of 50 rows, one under the other."""
SEARCHED = ("暖气不热", "阀门", "管道爆裂", "13800", "人民路")
TABS = (1, 4, 7, 0)
"""Undispatched, to be signed, archived, all."""
AIM_MS = 500.0
_PAINTED = """
  const next = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  const all = () => [...document.querySelectorAll('tbody tr')]
  // Rows of before are known by a mark: one without it is new.
  all().forEach((row) => (row.dataset.seen = ''))
  const there = () => document.querySelector('.empty') !== null || all().some((row) => row.dataset.seen === undefined)
  const measured = async (act) => {
    const begun = performance.now()
    for (act(); !there(); await next()) if (performance.now() > begun + 20000) throw new Error('no rows')
    await next()
    return performance.now() - begun
  }
"""
_NEXT = f"""async () => {{ {_PAINTED}
  const more = () => document.querySelector('.more')
  // News of tickets make the list read again: a person waits for the button, too.
  while (more()?.getAttribute('aria-busy') !== 'false') await next()
  more().scrollIntoView()
  return measured(() => more().click())
}}"""
_TAB = f"""async (at) => {{ {_PAINTED}
  return measured(() => document.querySelectorAll('.tabs a')[at].click())
}}"""
_SEARCH = f"""async (text) => {{ {_PAINTED}
  return measured(() => {{
    const input = document.querySelector('input[type=search]')
    input.value = text
    input.dispatchEvent(new Event('change', {{ bubbles: true }}))
  }})
}}"""


async def run(context: Context) -> list[Row]:
    """Measure the first rows, next pages, tabs and searches."""
    async with _opened(context) as (browser, url):
        _, page = await signed_in(browser, url, SUPERVISOR)
        measured = {
            "first rows": [await _first(page, url) for _ in range(3)],
            "next page": [float(await page.evaluate(_NEXT)) for _ in range(PAGES)],
            "tab": [float(await page.evaluate(_TAB, at)) for at in TABS],
            "search": [float(await page.evaluate(_SEARCH, text)) for text in SEARCHED],
        }
    for figure, taken in measured.items():
        note(f"{figure}: {', '.join(f'{one:.0f}' for one in taken)} ms")
    context.keep("rows", measured)
    return [
        Row(
            "rows",
            round(percentile(taken, 0.95), 1),
            None,
            None,
            f"<= {AIM_MS:g} ms",
            percentile(taken, 0.95) <= AIM_MS,
            {"figure": figure, "unit": "ms, p95", "rows": searching.ROWS, "all_ms": summary(taken)},
        )
        for figure, taken in measured.items()
    ]


async def _first(page: Page, url: str) -> float:
    await page.goto(f"{url}/tickets")
    await expect(page.locator("tbody tr").first).to_be_visible(timeout=WAIT_MS)
    return float(await page.evaluate("performance.now()"))


@asynccontextmanager
async def _opened(context: Context) -> AsyncIterator[tuple[Browser, str]]:
    """Serve a copy of the filled database, and open a browser."""
    stack = stack_in(
        context.folder / "hotline",
        CONSOLE=str(await asyncio.to_thread(console.build)),
        DATABASE_URL=f"sqlite:///{await _copied(context)}",
    )
    try:
        await asyncio.to_thread(stack.start)
        async with chromium(context.folder) as browser:
            yield browser, stack.url
    finally:
        await asyncio.to_thread(stack.stop)


async def _copied(context: Context) -> str:
    filled, copy = CACHE / f"searched-{searching.ROWS}.db", context.folder / "rows.db"
    if not filled.exists():
        server = start_postgres()
        try:
            await searching.filled("sqlite", f"sqlite:///{filled}", server)
        finally:
            server.stop()
    await asyncio.to_thread(shutil.copyfile, filled, copy)
    return str(copy)
