"""Lists, their files and views, imports, and the administration, through pages only."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from dev.stack import Stack
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR, Hotline
from tests.browser.agent_page import said
from tests.browser.chromium import chromium
from tests.browser.looks import WAIT_MS
from tests.browser.test_office import filed, judged, signed_in

ROWS = 10_000


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """A browser without a person."""
    async with chromium(tmp_path) as browser:
        yield await browser.new_context(locale="zh-CN", accept_downloads=True)


def customers(rows: int, *, wrong: int = 0) -> bytes:
    """Return a file of customers; the first ones have no telephone number."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["户号", "姓名", "电话", "地址"])
    for row in range(rows):
        number = "12" if row < wrong else f"139{row:08d}"
        writer.writerow([f"7{row:09d}", f"王{row}", number, f"新华路{row}号"])
    return file.getvalue().encode("utf-8-sig")


async def table_of(page: Page, link: str) -> list[list[str]]:
    """Click on a link to a file; return its rows."""
    async with page.expect_download() as begun:
        await page.get_by_role("link", name=link, exact=True).click()
    path = await (await begun.value).path()
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


async def found_by_an_agent(stack: Stack, context: BrowserContext) -> None:
    """Have an agent use the shared view; agents take no list away."""
    async with signed_in(context, stack, AGENT) as page:
        await page.goto(f"{stack.url}/tickets")
        await page.locator(".view", has_text="永安路的").click()
        await expect(page.locator("tbody tr")).to_have_count(1, timeout=WAIT_MS)
        await expect(page.get_by_role("link", name=said("shared.lists.csv"), exact=True)).to_have_count(0)


async def test_administrator_makes_an_account_and_finds_it_in_the_audit_log(
    stack: Stack, context: BrowserContext
) -> None:
    async with signed_in(context, stack, ADMINISTRATOR) as page:
        await page.goto(f"{stack.url}/administration/departments")
        await expect(page.locator("li strong").first).to_be_visible(timeout=WAIT_MS)
        await judged(page)
        await page.goto(f"{stack.url}/administration")
        await page.get_by_role("button", name=said("administration.new.accounts")).click()
        await page.get_by_role("button", name=said("administration.save")).click()
        await expect(page.locator(".field-error")).to_have_count(3, timeout=WAIT_MS)
        await judged(page)
        await page.get_by_label(said("administration.field.staff_number")).fill("1077")
        await page.get_by_label(said("administration.field.name")).first.fill("新来的")
        await page.get_by_label(said("administration.field.password"), exact=False).first.fill("short")
        await page.get_by_role("button", name=said("administration.save")).click()
        await expect(page.locator(".field-error")).to_have_count(1, timeout=WAIT_MS)
        await page.get_by_label(said("administration.field.password"), exact=False).first.fill("a long new password")
        await page.get_by_role("button", name=said("administration.save")).click()
        await expect(page.locator(".secret code")).to_be_visible(timeout=WAIT_MS)
        await page.get_by_placeholder(said("administration.find")).fill("1077")
        await page.get_by_role("button", name=said("administration.change"), exact=True).click()
        await page.get_by_label(said("administration.field.active")).uncheck()
        await page.get_by_role("button", name=said("administration.save")).click()
        await expect(page.get_by_text(said("administration.closed"))).to_be_visible(timeout=WAIT_MS)

        await page.goto(f"{stack.url}/audit")
        await page.locator("button.object", has_text="新来的").first.click()
        await expect(page.locator(".audit ol > li")).to_have_count(2, timeout=WAIT_MS)
        await expect(page.locator("dd", has_text="→")).to_have_text("是改为 → 否", timeout=WAIT_MS)
        await judged(page)
        found = await table_of(page, said("shared.lists.csv"))
        assert [row[3] for row in found[1:]] == ["新来的 (1077)"] * 2
        await page.get_by_role("button", name=said("audit.every_object")).click()
        await page.get_by_label(said("audit.action"), exact=True).select_option("export")
        await expect(page.locator(".audit ol > li")).to_have_count(1, timeout=WAIT_MS)
        await expect(page.locator(".audit ol > li").first).to_contain_text("审计日志")


async def test_supervisor_imports_protects_and_saves_a_view(
    hotline: Hotline, stack: Stack, context: BrowserContext
) -> None:
    desk = await hotline.desk(AGENT, socket=False)
    ticket = await filed(desk, "=1+1", address="永安路1号")
    async with signed_in(context, stack, SUPERVISOR) as page:
        await page.goto(f"{stack.url}/customers/imports")
        upload = page.locator("input[type=file]")
        await upload.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": customers(500, wrong=3)})
        await expect(page.locator(".import[data-status=refused]")).to_be_visible(timeout=WAIT_MS)
        await expect(page.locator(".errors tbody tr")).to_have_count(3, timeout=WAIT_MS)
        await judged(page)
        async with page.expect_download() as begun:
            await page.get_by_role("button", name=said("customers.imports.save_errors")).click()
        errors = (await (await begun.value).path()).read_text(encoding="utf-8-sig")
        assert len(errors.splitlines()) == 4

        await upload.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": customers(ROWS)})
        await expect(page.locator(".import[data-status=ready]")).to_be_visible(timeout=4 * WAIT_MS)
        await expect(page.locator(".preview tbody th").first).to_have_text("王0")
        await judged(page)
        await page.get_by_role("button", name=said("customers.imports.give_up")).click()
        await expect(page.locator(".import[data-status=cancelled]")).to_be_visible(timeout=WAIT_MS)
        await upload.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": customers(ROWS)})
        await page.get_by_role("button", name=said("customers.imports.apply")).click(timeout=4 * WAIT_MS)
        await expect(page.locator(".import[data-status=applied]")).to_be_visible(timeout=4 * WAIT_MS)
        await expect(page.get_by_text(f"新增 {ROWS} 户")).to_be_visible(timeout=WAIT_MS)

        await page.goto(f"{stack.url}/customers/protected")
        await page.get_by_role("button", name=said("customers.protected.new")).click()
        await page.get_by_label(said("customers.protected.name")).fill("春节保供")
        await page.get_by_label(said("customers.protected.reason")).fill("独居老人")
        await page.get_by_label(said("customers.protected.last")).fill("2099-12-31")
        await page.get_by_label(said("customers.protected.find")).fill("新华路9999号")
        await page.get_by_role("button", name="王9999").click()
        await page.get_by_role("button", name=said("customers.protected.save")).click()
        await expect(page.get_by_text("独居老人")).to_be_visible(timeout=WAIT_MS)
        await expect(page.get_by_text(said("customers.protected.in_force"), exact=True)).to_be_visible()
        await page.get_by_role("button", name=said("customers.protected.change")).click()
        await expect(page.get_by_role("button", name="移除 王9999")).to_be_visible(timeout=WAIT_MS)
        await judged(page)

        await page.goto(f"{stack.url}/tickets?text=永安路")
        await page.get_by_role("button", name=said("shared.lists.save")).click()
        await page.get_by_label(said("shared.lists.name")).fill("永安路的")
        await page.get_by_label(said("shared.lists.share")).check()
        await page.get_by_role("button", name=said("shared.lists.keep"), exact=True).click()
        await expect(page.locator(".view[aria-current]")).to_contain_text("永安路的", timeout=WAIT_MS)
        await judged(page)
        found = await table_of(page, said("shared.lists.csv"))
        assert [(row[0], row[6]) for row in found[1:]] == [(ticket["number"], "'=1+1")]
    await context.clear_cookies()
    await found_by_an_agent(stack, context)
