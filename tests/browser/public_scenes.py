"""Scenes of the public pages: a report sent, and its visit."""

from playwright.async_api import Page, expect

from tests.asterisk.hotline import Hotline
from tests.browser.looks import WAIT_MS
from tests.browser.scenes import Show, signed_in
from tests.browser.test_department import SUPERVISOR, photo
from tests.browser.test_public import OPENED_EARLIER, TYPED, field, visited, word


async def reported(page: Page, hotline: Hotline, show: Show) -> None:
    """Report something, look at its progress, and begin to move its visit."""
    url, send = hotline.stack.url, page.get_by_role("button", name=word("send"), exact=True)
    await page.goto(f"{url}/report")
    await page.locator("input[type=file]").set_input_files([photo()])
    await send.click()
    await expect(page.locator("form [aria-invalid=true]").first).to_be_visible(timeout=WAIT_MS)
    await show("report-wrong")
    for name, text in TYPED.items():
        await field(page, name).fill(text)
    await page.evaluate(OPENED_EARLIER)
    await page.reload()
    await send.click()
    await expect(page.locator(".receipt")).to_be_visible(timeout=WAIT_MS)
    await show("report-receipt")
    number, code = [await page.locator(f".receipt .{one}").inner_text() for one in ("number", "code")]

    browser = page.context.browser
    assert browser is not None
    context, desk = await signed_in(browser, url, SUPERVISOR)
    (row,) = await desk.evaluate("(path) => fetch(path).then((one) => one.json())", f"/api/v1/tickets?number={number}")
    await visited(desk, row["id"])
    await context.close()
    await page.goto(f"{url}/progress?number={number}")
    await field(page, "ask.check").fill(TYPED["number"][-4:])
    await page.get_by_role("button", name=word("ask.ask"), exact=True).click()
    await expect(page.locator(".found")).to_be_visible(timeout=WAIT_MS)
    await show("progress-found")
    await field(page, "visit.code").fill(code)
    await page.get_by_role("button", name=word("visit.change"), exact=True).click()
    await expect(field(page, "visit.other")).to_be_visible(timeout=WAIT_MS)
    await show("progress-visit")
    await page.get_by_role("button", name=word("visit.cancel"), exact=True).click()
    await show("progress-visit-sure")
