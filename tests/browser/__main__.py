"""`make screens`: pictures of every page and state, judged by axe."""

import asyncio
import re
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page

from dev import console
from dev.paths import RUNTIME
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR, Hotline, stack_in
from tests.browser import scenes
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import chromium
from tests.browser.hands import Buttons
from tests.browser.looks import ALL, violations, wear
from tests.browser.walk import Walk

SCREENS = RUNTIME / "screens"
PAGES = {
    AGENT: ("desk", "callbacks", "surveys", "tickets", "dispatch", "customers", "people", "settings"),
    "2001": ("work", "visits", "duty", "notices", "handovers", "tickets", "people", "settings"),
    SUPERVISOR: (
        *(
            "board",
            "board?wall",
            "board/alerts",
            "reports",
            "reports?of=agents",
            "reports?of=tickets",
            "reports?of=flows",
        ),
        *("reports/calendar", "reports/staffing", "reports/simulation", "callbacks", "tickets", "dispatch"),
        *("people", "settings", "surveys"),
        *("oversight", "oversight?tab=improvements", "oversight?tab=recurring", "oversight?tab=notices"),
        *("oversight?tab=letters", "handovers", "duty"),
    ),
    "4001": ("reports", "oversight", "tickets"),
    ADMINISTRATOR: (
        *("board", "settings", "audit", "customers", "customers/imports", "customers/protected"),
        *(f"administration/{part}" for part in ("accounts", "departments", "categories", "recipients")),
    ),
}
"""Pages of a role, by the staff number that looks at them."""
OPEN = ("report", "progress")
"""Pages that need no sign-in."""


class Album:
    """Pictures, with the findings of axe."""

    def __init__(self) -> None:
        self.findings = 0

    async def show(self, page: Page, name: str) -> None:
        """Take a page's picture in every look, and ask axe."""
        for look in ALL:
            await wear(page, look)
            for found in await violations(page):
                self.findings += 1
                print(f"{name}-{look.name}: {found}", flush=True)  # noqa: T201
            await page.screenshot(path=SCREENS / f"{name}-{look.name}.png")
        await wear(page, ALL[0])


async def pages(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Visit every page of every role."""
    url = hotline.stack.url
    for staff_number, names in PAGES.items():
        context, page = await scenes.signed_in(browser, url, staff_number)
        for name in names:
            await page.goto(f"{url}/{name}")
            await page.wait_for_load_state("networkidle")
            await album.show(page, f"{staff_number}-{re.sub('[^a-z]', '-', name)}")
        await page.goto(f"{url}/tickets")
        await page.locator("tbody a").first.click()
        await page.wait_for_load_state("networkidle")
        await album.show(page, f"{staff_number}-ticket")
        await context.close()


async def states(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Lead a call through its states at the desk."""
    context = await browser.new_context(locale="zh-CN", permissions=["microphone", "notifications"])
    agent = await AgentPage.open(context, hotline.stack.url)
    walk = Walk(hotline, agent, Buttons(agent))
    await walk.begin()
    await album.show(agent.page, "desk-ready")
    async for state in walk.states():
        await album.show(agent.page, f"desk-{state}")
        if state == "talking":
            await scenes.refused_form(agent)
            await album.show(agent.page, "desk-refused")
            await agent.button("desk.transfer").click()
            await album.show(agent.page, "desk-transfer")
            await agent.button("desk.transfer").click()
            await scenes.filed_ticket(agent)
            await album.show(agent.page, "desk-filed")
    await context.close()


async def doors(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Visit what is before the sign-in, and after the first one."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{hotline.stack.url}/sign-in")
    await page.wait_for_load_state("networkidle")
    await album.show(page, "sign-in")
    for name in OPEN:
        await page.goto(f"{hotline.stack.url}/{name}")
        await page.wait_for_load_state("networkidle")
        await album.show(page, name)
    await context.close()
    await album.show(await scenes.one_time_password(hotline, browser), "one-time-password")


async def screens(folder: Path, wanted: list[str]) -> int:
    """Start a hotline, take the wanted pictures; return axe's findings."""
    stack = stack_in(folder / "hotline", CONSOLE=str(console.build()))
    stack.start()
    album = Album()
    try:
        async with chromium(folder) as browser, AsyncExitStack() as opened:
            hotline = Hotline(stack, opened)
            if "states" in wanted:
                await states(album, browser, hotline)
            if "pages" in wanted:
                await scenes.missed_callers(hotline)
                await pages(album, browser, hotline)
            if "doors" in wanted:
                await doors(album, browser, hotline)
    finally:
        stack.stop()
    return album.findings


def main() -> None:
    """Write the pictures; exit with status 1 where axe found something."""
    shutil.rmtree(SCREENS, ignore_errors=True)
    SCREENS.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        findings = asyncio.run(screens(Path(folder), sys.argv[1:] or ["states", "pages", "doors"]))
    print(f"{len([*SCREENS.iterdir()])} pictures in {SCREENS}, {findings} findings of axe")  # noqa: T201
    sys.exit(findings > 0)


if __name__ == "__main__":
    main()
