"""Public pages on a telephone, and the link of a message."""

import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from dev.console import CONSOLE
from dev.stack import SAMPLE_PASSWORD, Stack
from tests.browser.chromium import chromium
from tests.browser.looks import NARROW, WAIT_MS, Look, violations, wear
from tests.browser.test_department import SUPERVISOR, ask, photo

LOOKS = [
    Look("en", "dark", NARROW),
    Look("en", "light", NARROW),
    Look("zh", "dark", NARROW),
    Look("zh", "light", NARROW),
]
SUBJECT = "楼道漏水"
TYPED = {
    "subject": SUBJECT,
    "description": "从昨晚开始，三楼到四楼",
    "address": "平安里8号楼2单元",
    "name": "陈静",
    "number": "13812340077",
}

# A person takes longer than a test. The page writes its draft only when something is typed.
OPENED_EARLIER = """() => {
  const draft = JSON.parse(sessionStorage.getItem('hotline.report'))
  sessionStorage.setItem('hotline.report', JSON.stringify({ ...draft, opened_at: draft.opened_at - 60_000 }))
}"""


def word(key: str) -> str:
    """Return a text of the public pages in Chinese."""
    words = json.loads((CONSOLE / "src/features/public/words/messages/zh-CN.json").read_text(encoding="utf-8"))
    for name in key.split("."):
        words = words[name]
    return str(words).partition("{")[0].strip()


def field(page: Page, key: str) -> Locator:
    return page.get_by_label(re.compile(f"^{re.escape(word(key))}"))


async def opened(browser: Browser) -> Page:
    context = await browser.new_context(viewport=NARROW, locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    return page


async def readable(page: Page) -> None:
    """Check a page in both languages and colours."""
    await page.wait_for_load_state("networkidle")
    for look in LOOKS:
        await wear(page, look)
        assert await violations(page) == [], look.name


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with chromium(tmp_path) as opened:
        yield opened


def files() -> list[FilePayload]:
    """Return three files that are refused, and a photo."""
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    return [
        {"name": "page.jpg", "mimeType": "image/jpeg", "buffer": b"<!doctype html><script>alert(1)</script>"},
        {"name": "IMG.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 99},
        {"name": "bomb.png", "mimeType": "image/png", "buffer": bomb.getvalue()},
        photo(),
    ]


async def half_written(page: Page) -> None:
    """Fill a report but for its number, and load the page again."""
    # What is wrong with a photo is said at its field; the good one stays.
    await page.locator("input[type=file]").set_input_files(files())
    await expect(page.locator(".photos img")).to_have_count(1, timeout=WAIT_MS)
    rules = ("page.jpg：请选择照片", "IMG.heic：请先转存为 JPEG", "bomb.png：照片不能超过 50 百万像素")
    await expect(page.locator(".photos .wrong li")).to_have_text([re.compile(one) for one in rules], timeout=WAIT_MS)
    for name, text in TYPED.items():
        await field(page, name).fill(text)
    await field(page, "number").fill("1381234")
    await page.evaluate(OPENED_EARLIER)
    await page.reload()
    await expect(field(page, "subject")).to_have_value(SUBJECT, timeout=WAIT_MS)
    await expect(page.locator(".photos .name")).to_have_text(photo()["name"])


async def sent(page: Page) -> str:
    """Send the report; return the number of its ticket."""
    form, send = page.locator("form"), page.get_by_role("button", name=word("send"), exact=True)
    await send.click()
    await expect(form.locator("[aria-invalid=true]")).to_have_count(1, timeout=WAIT_MS)
    await expect(field(page, "number")).to_be_focused(timeout=WAIT_MS)
    await readable(page)
    await field(page, "number").fill(TYPED["number"])
    # What a robot fills is refused without a reason.
    await page.locator("[name=website]").fill("https://spam.example")
    await send.click()
    await expect(form.get_by_role("alert")).to_contain_text("没有提交成功", timeout=WAIT_MS)
    await page.locator("[name=website]").fill("")
    await send.click()
    await expect(page.locator(".receipt")).to_be_visible(timeout=WAIT_MS)
    await readable(page)
    return await page.locator(".receipt .number").inner_text()


async def visited(desk: Page, ticket: str) -> None:
    """Dispatch a ticket and book a visit for it."""
    department = next(one["id"] for one in await ask(desk, "GET", "/departments") if "城东" in one["name"])
    windows = [{"weekday": day, "from_clock": "14:00", "until_clock": "17:00", "places": 2} for day in range(1, 8)]
    await ask(desk, "PUT", f"/departments/{department}/appointment-week", {"windows": windows})
    await ask(desk, "POST", f"/tickets/{ticket}/dispatch", {"department_id": department})
    first = (await ask(desk, "GET", f"/departments/{department}/appointment-windows"))[0]
    await ask(desk, "POST", f"/tickets/{ticket}/appointment", {"visit_from": first["visit_from"]})


async def visit_changed(page: Page, stack: Stack, number: str, code: str) -> None:
    """Move a visit and cancel it, with the code of the receipt."""
    await page.goto(f"{stack.url}/progress?number={number}")
    await field(page, "ask.check").fill(TYPED["number"][-4:])
    await page.get_by_role("button", name=word("ask.ask"), exact=True).click()
    await field(page, "visit.code").fill(f"{(int(code) + 1) % 10**8:08d}")
    change = page.get_by_role("button", name=word("visit.change"), exact=True)
    await change.click()
    await expect(page.locator(".visit").get_by_role("alert")).to_contain_text("不符", timeout=WAIT_MS)
    await field(page, "visit.code").fill(code)
    await change.click()
    await field(page, "visit.other").select_option(index=2)
    await readable(page)
    await page.get_by_role("button", name=word("visit.move"), exact=True).click()
    await expect(page.get_by_text(word("visit.moved"))).to_be_visible(timeout=WAIT_MS)
    await page.get_by_role("button", name=word("visit.cancel"), exact=True).click()
    await readable(page)
    await page.get_by_role("button", name=word("visit.cancel_now"), exact=True).click()
    await expect(page.locator(".found")).not_to_contain_text("14:00", timeout=WAIT_MS)


async def test_a_report_with_a_photo_reaches_the_dispatcher_and_tells_its_progress(
    stack: Stack, browser: Browser
) -> None:
    page = await opened(browser)
    await page.goto(f"{stack.url}/report")
    await half_written(page)
    number = await sent(page)
    code = await page.locator(".receipt .code").inner_text()

    await page.get_by_role("link", name=word("receipt.ask")).click()
    ask_for_it = page.get_by_role("button", name=word("ask.ask"), exact=True)
    await field(page, "ask.check").fill("9999")
    await ask_for_it.click()
    await expect(page.locator("form").get_by_role("alert")).to_contain_text("工单号与后四位数字不符", timeout=WAIT_MS)
    await field(page, "ask.check").fill(TYPED["number"][-4:])
    await ask_for_it.click()
    await expect(page.locator(".found")).to_contain_text(word("found.steps.registered"), timeout=WAIT_MS)
    await readable(page)
    await page.get_by_role("link", name=word("report"), exact=True).click()
    await expect(page.locator(".before")).to_contain_text(number, timeout=WAIT_MS)

    # The link of a message asks who opens it, and comes back to the ticket after the sign-in.
    desk = await opened(browser)
    await desk.goto(f"{stack.url}/tickets/{number}")
    await desk.locator("[name=username]").fill(SUPERVISOR)
    await desk.locator("[name=password]").fill(SAMPLE_PASSWORD)
    await desk.keyboard.press("Enter")
    await expect(desk.locator("h1", has_text=SUBJECT)).to_be_visible(timeout=WAIT_MS)
    (row,) = await ask(desk, "GET", f"/tickets?number={number}")
    assert (row["subject"], row["channel"], row["status"]) == (SUBJECT, "web", "registered")
    whole = await ask(desk, "GET", f"/tickets/{row['id']}")
    assert [(one["name"], one["media_type"]) for one in whole["files"]] == [(photo()["name"], "image/jpeg")]
    await expect(desk.locator("ol img").first).to_be_visible(timeout=WAIT_MS)
    await visited(desk, row["id"])
    await visit_changed(page, stack, number, code)
    log = [(one["action"], one["actor_kind"]) for one in (await ask(desk, "GET", f"/tickets/{row['id']}"))["log"]]
    assert log[-3:] == [("book_visit", "staff"), ("book_visit", "caller"), ("cancel_visit", "caller")]
    # The one who is signed in gets it at once.
    await desk.goto(f"{stack.url}/tickets/{number}")
    await expect(desk.locator("h1", has_text=SUBJECT)).to_be_visible(timeout=WAIT_MS)
