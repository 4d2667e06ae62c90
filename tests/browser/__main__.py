"""`make screens`: pictures of every page, and what axe finds on it."""

import asyncio
import shutil
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser, Page

from dev import console
from dev.paths import PROJECT, RUNTIME
from dev.stack import SAMPLE_PASSWORD, Stack
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, stack_in
from tests.browser.chromium import chromium

SCREENS = RUNTIME / "screens"
AXE = PROJECT / "console" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    AGENT: ("desk", "tickets", "people", "settings"),
    ADMINISTRATOR: ("board", "tickets", "people", "settings"),
}
"""Pages of a role, by the staff number that looks at them."""
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
AXE_RUN = """async () => {
  const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.target.join(' ')).join(', ')}`)
}"""
SIGN_IN = """async ([staff_number, password, language]) => {
  const send = (method, path, body) =>
    fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  await send('POST', '/api/v1/session', { staff_number, password })
  const settings = await (await fetch('/api/v1/me/settings')).json()
  await send('PUT', '/api/v1/me/settings', { ...settings, language })
}"""


async def look(page: Page, name: str) -> list[str]:
    """Take a picture; return what axe finds."""
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=SCREENS / f"{name}.png")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(AXE_RUN)
    return found


async def tour(browser: Browser, stack: Stack) -> int:
    """Visit every page in each language, theme and size; return axe's findings."""
    findings = 0
    for language, theme, (size, (width, height)) in product(("zh", "en"), ("light", "dark"), SIZES.items()):
        shown: Any = {"color_scheme": theme, "viewport": {"width": width, "height": height}}
        for staff_number, pages in PAGES.items():
            context = await browser.new_context(**shown)
            page = await context.new_page()
            await page.goto(f"{stack.url}/sign-in")
            if staff_number == AGENT:
                findings += report("sign-in", await look(page, f"sign-in-{language}-{theme}-{size}"))
            await page.evaluate(SIGN_IN, [staff_number, SAMPLE_PASSWORD, language])
            for path in pages:
                name = f"{staff_number}-{path}-{language}-{theme}-{size}"
                await page.goto(f"{stack.url}/{path}")
                findings += report(name, await look(page, name))
            await context.close()
    return findings


def report(name: str, found: list[str]) -> int:
    """Print what axe found on a page."""
    for one in found:
        print(f"{name}: {one}", flush=True)  # noqa: T201
    return len(found)


async def screens(folder: Path) -> int:
    """Start a hotline, visit its pages; return axe's findings."""
    stack = stack_in(folder / "hotline", CONSOLE=str(console.build()))
    stack.start()
    try:
        async with chromium(folder) as browser:
            return await tour(browser, stack)
    finally:
        stack.stop()


def main() -> None:
    """Write the pictures; exit with status 1 where axe found something."""
    shutil.rmtree(SCREENS, ignore_errors=True)
    SCREENS.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        findings = asyncio.run(screens(Path(folder)))
    print(f"{len([*SCREENS.iterdir()])} pictures in {SCREENS}, {findings} findings of axe")  # noqa: T201
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
