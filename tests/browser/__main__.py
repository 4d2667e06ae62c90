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
from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline, stack_in
from tests.browser import scenes
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import chromium
from tests.browser.hands import Buttons
from tests.browser.looks import ALL, violations, wear
from tests.browser.places import BEHIND, OPEN, ROLES, followed, shown
from tests.browser.public_scenes import reported
from tests.browser.walk import COLLEAGUE, Walk

SCREENS = RUNTIME / "screens"


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


async def pages(album: Album, browser: Browser, hotline: Hotline, wanted: list[str]) -> None:
    """Visit every page of every role, or of the wanted staff numbers."""
    url = hotline.stack.url
    for staff_number in wanted or ROLES:
        context, page = await scenes.signed_in(browser, url, staff_number)
        for address in ROLES[staff_number]:
            await shown(page, url, address)
            await album.show(page, f"{staff_number}-{re.sub('[^a-z]+', '-', address).strip('-')}")
        for name, behind in BEHIND.get(staff_number, {}).items():
            await followed(page, url, behind)
            await album.show(page, f"{staff_number}-{name}")
        await context.close()


async def states(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Lead a call through its states at the desk."""
    context = await browser.new_context(locale="zh-CN", permissions=["microphone", "notifications"])
    agent = await AgentPage.open(context, hotline.stack.url)
    other, board = await scenes.signed_in(browser, hotline.stack.url, SUPERVISOR)
    walk = Walk(hotline, agent, Buttons(agent))
    await walk.begin()
    await album.show(agent.page, "desk-ready")
    await scenes.called_out(agent, walk.caller, lambda name: album.show(agent.page, f"desk-{name}"))
    async for state in walk.states():
        await album.show(agent.page, f"desk-{state}")
        if state == "talking":
            await shown(board, hotline.stack.url, "board")
            await album.show(board, "board-in-a-call")
            await scenes.refused_form(agent)
            await album.show(agent.page, "desk-refused")
            await agent.button("desk.transfer").click()
            await album.show(agent.page, "desk-transfer")
            await agent.button("desk.transfer").click()
            await scenes.filed_ticket(agent)
            await album.show(agent.page, "desk-filed")
    await context.close()
    await other.close()
    await consulted(album, browser, hotline)


async def consulted(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Show a consultation at both desks; two customers share the number."""
    pages = []
    for staff_number in (AGENT, OTHER_AGENT):
        context = await browser.new_context(locale="zh-CN", permissions=["microphone", "notifications"])
        page = await AgentPage.open(context, hotline.stack.url)
        await page.sign_in(staff_number)
        pages.append(page)
    asking, asked = pages
    await asking.start_shift()
    caller = await hotline.phone(scenes.TWO_CUSTOMERS)
    await hotline.into_queue(caller)
    await asking.answer()
    await album.show(asking.page, "desk-two-customers")
    await asked.start_shift()
    await Buttons(asking).consult(COLLEAGUE)
    await asked.rung()
    await album.show(asked.page, "desk-asked-ringing")
    await asked.button("desk.answer").click()
    await asked.text("desk.consulted").wait_for()
    await album.show(asked.page, "desk-asked")
    await caller.hang_up()
    await asking.state("wrap_up")
    await album.show(asked.page, "desk-asked-over")
    for page in pages:
        await page.page.context.close()


async def doors(album: Album, browser: Browser, hotline: Hotline) -> None:
    """Visit what is before the sign-in, and after the first one."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{hotline.stack.url}/sign-in")
    await page.wait_for_load_state("networkidle")
    await album.show(page, "sign-in")
    for name in OPEN:
        await shown(page, hotline.stack.url, name)
        await album.show(page, name)
    await reported(page, hotline, lambda name: album.show(page, name))
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
            if "pages" in wanted or any(one in ROLES for one in wanted):
                await scenes.missed_callers(hotline)
                await scenes.busy_office(hotline)
                await pages(album, browser, hotline, [one for one in wanted if one in ROLES])
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
