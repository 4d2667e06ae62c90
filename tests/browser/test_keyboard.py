"""Work of departments, dispatchers, leaders and the public with the keyboard alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from dev.stack import Stack
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR, Hotline
from tests.browser.agent_page import said
from tests.browser.chromium import chromium
from tests.browser.looks import NARROW, WAIT_MS, WIDE
from tests.browser.scenes import signed_in
from tests.browser.test_office import EAST, filed
from tests.browser.test_public import OPENED_EARLIER, TYPED, field, word

MOST = 120
"""More steps than any page takes from its begin to its end."""
SHOWS = """(one) => {
  const { outlineStyle, outlineWidth } = getComputedStyle(one)
  return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
}"""
HAS_FOCUS = "(one) => one === document.activeElement"


class Keys:
    """A page led by keys; every stop shows the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def to(self, target: Locator, key: str = "Tab") -> None:
        """Go on until an element has the focus."""
        await expect(target).to_be_visible(timeout=WAIT_MS)
        for _ in range(MOST):
            if await target.evaluate(HAS_FOCUS):
                assert await target.evaluate(SHOWS), f"the focus of {target} cannot be seen"
                return
            await self.page.keyboard.press(key)
        raise AssertionError(f"{target} is never reached")

    async def press(self, target: Locator, *, back: bool = False) -> None:
        """Go to a button or a link and press it."""
        await self.to(target, "Shift+Tab" if back else "Tab")
        await self.page.keyboard.press("Enter")

    async def write(self, target: Locator, text: str) -> None:
        """Go to a field and write into it."""
        await self.to(target)
        await self.page.keyboard.insert_text(text)

    async def opened(self, button: Locator, first: Locator, *, back: bool = False) -> None:
        """Open a part, leave it with Escape, and open it again."""
        await self.press(button, back=back)
        await expect(first).to_be_focused(timeout=WAIT_MS)
        await self.page.keyboard.press("Escape")
        await expect(first).to_have_count(0)
        await expect(button).to_be_focused()
        await self.page.keyboard.press("Enter")
        await expect(first).to_be_focused(timeout=WAIT_MS)

    async def stays(self) -> None:
        """Check that the focus did not fall out of the page."""
        await expect(self.page.locator("#page:focus, #page :focus")).to_have_count(1, timeout=WAIT_MS)

    def button(self, name: str) -> Locator:
        """Return a button by its words."""
        return self.page.locator("main").get_by_role("button", name=name, exact=True).first


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with chromium(tmp_path) as opened:
        yield opened


async def at(browser: Browser, stack: Stack, staff_number: str, place: str, size: ViewportSize = WIDE) -> Keys:
    """Open a page of a person."""
    _, page = await signed_in(browser, stack.url, staff_number)
    await page.set_viewport_size(size)
    await page.goto(f"{stack.url}/{place}")
    await expect(page.locator(".shell")).to_be_visible(timeout=WAIT_MS)
    return Keys(page)


async def test_department_signs_and_replies_by_keys(hotline: Hotline, stack: Stack, browser: Browser) -> None:
    desk = await hotline.desk(SUPERVISOR, socket=False)
    departments = {one["name"]: one["id"] for one in await desk.get("/api/v1/departments")}
    ticket = (await filed(desk, "键盘签收", address="和平路5号"))["id"]
    await desk.post(f"/api/v1/tickets/{ticket}/dispatch", {"department_id": departments[EAST]})

    keys = await at(browser, stack, "2001", "work", NARROW)
    await keys.to(keys.page.get_by_role("link", name=said("shared.skip")))
    await keys.page.keyboard.press("Enter")
    await keys.press(keys.page.locator(".card .open", has_text="键盘签收"))
    await expect(keys.page.locator("h1", has_text="键盘签收")).to_be_visible(timeout=WAIT_MS)
    await keys.stays()
    await keys.press(keys.button("签收"))
    words = keys.page.get_by_label(said("tickets.field.text"))
    await keys.stays()
    await keys.page.locator("main").focus()
    await keys.opened(keys.button("回复"), words)
    await keys.page.keyboard.insert_text("已上门处理")
    await keys.press(keys.page.locator(".form [type=submit]"))
    await expect(keys.page.locator(".words", has_text="已上门处理")).to_be_visible(timeout=WAIT_MS)
    await keys.stays()
    assert (await desk.get(f"/api/v1/tickets/{ticket}"))["status"] == "replied"


async def test_dispatcher_sends_out_by_keys(hotline: Hotline, stack: Stack, browser: Browser) -> None:
    desk = await hotline.desk(AGENT, socket=False)
    ticket = (await filed(desk, "键盘派单", address="和平路6号"))["id"]
    keys = await at(browser, stack, AGENT, "dispatch")
    card = keys.page.locator(".card", has_text="键盘派单")
    await expect(card.locator(".proposal[aria-pressed=true]")).to_be_visible(timeout=WAIT_MS)
    await keys.press(card.locator(".proposal").last)
    await keys.press(card.locator("[type=submit]"))
    await expect(card).to_have_count(0, timeout=WAIT_MS)
    assert (await desk.get(f"/api/v1/tickets/{ticket}"))["status"] == "dispatched"


async def test_supervisor_leads_by_keys(hotline: Hotline, stack: Stack, browser: Browser) -> None:
    agent = await hotline.desk(AGENT)
    await agent.say(type="not_ready", reason="paperwork")
    keys = await at(browser, stack, SUPERVISOR, "board")
    change = keys.page.get_by_role("button", name=f"{said('board.change')}", exact=False).first
    await keys.opened(change, keys.page.locator("form.orders select"))
    await keys.write(keys.page.get_by_label(said("board.reason")), "请接听")
    await keys.press(keys.page.locator("form.orders [type=submit]"))
    await agent.message("agent", state="ready")
    await expect(keys.page.locator("form.orders")).to_have_count(0, timeout=WAIT_MS)
    await keys.stays()

    # A bound is stored when its field is left.
    await keys.press(keys.page.get_by_role("link", name=said("board.alerts.title")), back=True)
    await keys.write(keys.page.locator("tbody input").first, "7")
    await keys.page.keyboard.press("Tab")
    await expect(keys.page.get_by_text(said("board.alerts.saved"))).to_be_visible(timeout=WAIT_MS)

    # A button that cannot be pressed yet is reached all the same, and says why.
    await keys.page.goto(f"{stack.url}/queues")
    await expect(keys.page.locator("textarea")).not_to_have_value("", timeout=WAIT_MS)
    await keys.press(keys.button(said("queues.save")))
    await expect(keys.page.locator(".toast", has_text=said("queues.reason_first"))).to_be_visible(timeout=WAIT_MS)

    await keys.page.goto(f"{stack.url}/oversight?tab=improvements")
    await keys.write(keys.page.get_by_label(said("oversight.improvement.what")), "键盘措施")
    await keys.write(keys.page.get_by_label(said("oversight.improvement.owner")), "何主管")
    await keys.press(keys.button(said("oversight.improvement.add")))
    measure = keys.page.locator("li", has_text="键盘措施")
    finish = measure.get_by_role("button", name=said("oversight.improvement.finish"))
    await keys.opened(finish, measure.locator("textarea"))
    await keys.page.keyboard.insert_text("已完成")
    await keys.press(measure.locator("[type=submit]"))
    await expect(measure).to_contain_text("已完成", timeout=WAIT_MS)
    await keys.stays()


async def test_administrator_finds_and_changes_by_keys(stack: Stack, browser: Browser) -> None:
    keys = await at(browser, stack, ADMINISTRATOR, "administration/categories")
    await expect(keys.page.locator("li strong").first).to_be_visible(timeout=WAIT_MS)
    name = keys.page.get_by_label(said("administration.field.name")).first
    await keys.opened(keys.button(said("administration.new.categories")), name)
    await keys.page.keyboard.insert_text("键盘类别")
    await keys.page.keyboard.press("Enter")
    await expect(keys.page.locator("li", has_text="键盘类别")).to_be_visible(timeout=WAIT_MS)
    await keys.stays()

    # An administrator sees names masked.
    keys = await at(browser, stack, SUPERVISOR, "customers")
    await keys.write(keys.page.get_by_placeholder(said("customers.find")), "王秀英")
    await keys.page.keyboard.press("Enter")
    await keys.press(keys.page.get_by_role("link", name="王秀英").first)
    edit = keys.button(said("customers.edit.edit"))
    await expect(edit).to_be_visible(timeout=WAIT_MS)
    await keys.stays()
    await keys.opened(edit, keys.page.get_by_label(said("shared.customer.name"), exact=True))


async def test_public_reports_by_keys(stack: Stack, browser: Browser) -> None:
    context = await browser.new_context(viewport=NARROW, locale="zh-CN")
    keys = Keys(await context.new_page())
    await keys.page.goto(f"{stack.url}/report")
    await keys.write(field(keys.page, "subject"), TYPED["subject"])
    await keys.press(keys.page.get_by_role("button", name=word("send"), exact=True))
    wrong = keys.page.locator("form [aria-invalid=true]").first
    await expect(wrong).to_be_focused(timeout=WAIT_MS)
    for name in ("address", "name", "number"):
        await keys.to(field(keys.page, name), "Shift+Tab" if name == "address" else "Tab")
        await keys.page.keyboard.press("Control+a")
        await keys.page.keyboard.insert_text(TYPED[name])
    await keys.page.evaluate(OPENED_EARLIER)
    await keys.page.reload()
    await keys.press(keys.page.get_by_role("button", name=word("send"), exact=True))
    await expect(keys.page.locator(".receipt")).to_be_visible(timeout=WAIT_MS)
