"""The work of a dispatcher and of a supervisor, through pages only."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from dev.stack import SAMPLE_PASSWORD, Stack
from foundation.clock import utc_now
from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline
from tests.browser.agent_page import said
from tests.browser.chromium import chromium
from tests.browser.looks import PAIRS, WAIT_MS, violations, wear
from tests.desk_client import Desk

EAST, WORKER = "城东维修工区", "2001"
ACTIONS = "/api/v1/tickets/{}/{}"


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """A browser without a person."""
    async with chromium(tmp_path) as browser:
        yield await browser.new_context(locale="zh-CN", accept_downloads=True)


@asynccontextmanager
async def signed_in(context: BrowserContext, stack: Stack, staff_number: str) -> AsyncIterator[Page]:
    """Sign in; at the end the page must have complained about nothing."""
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{stack.url}/sign-in")
    await page.locator("[name=username]").fill(staff_number)
    await page.locator("[name=password]").fill(SAMPLE_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".shell")).to_be_visible(timeout=WAIT_MS)
    yield page
    assert complaints == []


async def judged(page: Page) -> None:
    """Hold a page to WCAG 2.1 AA in every pair of looks."""
    for look in PAIRS:
        await wear(page, look)
        assert await violations(page) == [], look.name
    await wear(page, PAIRS[0])


async def filed(desk: Desk, subject: str, **facts: object) -> Any:
    """File a fault that a department of the east is proposed for."""
    categories = {one["name"]: one["id"] for one in await desk.get("/api/v1/categories")}
    report = {"kind": "fault", "subject": subject, "category_id": categories["暖气不热"], "area": "城东"}
    return await desk.post("/api/v1/tickets", {**report, **facts, "reporter": {"name": "王秀英"}})


async def test_dispatcher_sends_out_and_supervisor_rules(
    hotline: Hotline, stack: Stack, context: BrowserContext
) -> None:
    async with AsyncExitStack() as opened:
        desk = await hotline.desk(AGENT, socket=False)
        worker = await hotline.desk(WORKER, socket=False)
        first, second = (
            await filed(desk, "北屋不热", address="和平路1号"),
            await filed(desk, "南屋不热", address="和平路2号"),
        )

        page = await opened.enter_async_context(signed_in(context, stack, AGENT))
        await page.goto(f"{stack.url}/dispatch")
        await expect(page.locator(".card")).to_have_count(2, timeout=WAIT_MS)
        await expect(page.locator(".proposal[aria-pressed=true] strong").first).to_have_text(EAST, timeout=WAIT_MS)
        await judged(page)
        await page.get_by_label(said("dispatch.all"), exact=True).check()
        await page.locator(".together button.el-button--primary").click()
        await expect(page.get_by_text(said("dispatch.none.undispatched"))).to_be_visible(timeout=WAIT_MS)
        for ticket in (first, second):
            assert (await desk.get(f"/api/v1/tickets/{ticket['id']}"))["status"] == "dispatched"

        refusal = {"reason": "not_our_area", "explanation": "和平路属于城西"}
        await worker.post(ACTIONS.format(first["id"], "refuse"), refusal)
        await worker.post(ACTIONS.format(second["id"], "sign"), {})
        until = (utc_now() + timedelta(days=5)).isoformat()
        await worker.post(ACTIONS.format(second["id"], "extension"), {"until": until, "reason": "等待配件"})
        await context.clear_cookies()
        page = await opened.enter_async_context(signed_in(context, stack, SUPERVISOR))
        await page.goto(f"{stack.url}/dispatch?work=refused")
        await expect(page.get_by_text(refusal["explanation"])).to_be_visible(timeout=WAIT_MS)
        await judged(page)
        await page.locator("textarea").fill("和平路1号在城东")
        await page.get_by_role("button", name=said("dispatch.overrule")).click()
        await expect(page.get_by_text(said("dispatch.none.refused"))).to_be_visible(timeout=WAIT_MS)
        await page.get_by_role("link", name=said("dispatch.work.extensions")).click()
        await page.locator("textarea").fill("同意")
        await page.get_by_role("button", name=said("dispatch.grant")).click()
        await expect(page.get_by_text(said("dispatch.none.extensions"))).to_be_visible(timeout=WAIT_MS)
        ruled, extended = [await desk.get(f"/api/v1/tickets/{one['id']}") for one in (first, second)]
        assert (ruled["status"], ruled["refusals"][-1]["ruling"]) == ("dispatched", "overruled")
        assert extended["extensions"][-1]["granted"] is True


async def test_supervisor_corrects_a_ticket_and_merges_customers(
    hotline: Hotline, stack: Stack, context: BrowserContext
) -> None:
    desk = await hotline.desk(AGENT, socket=False)
    ticket = await filed(desk, "客厅不热", address="友谊路7号")
    twin = {"account_number": "TWIN0001", "name": "王秀英", "phones": ["13800000001"], "notes": "同一人"}
    await desk.post("/api/v1/customers", twin)
    async with signed_in(context, stack, SUPERVISOR) as page:
        await page.goto(f"{stack.url}/tickets?text=谊路7")
        await page.get_by_role("link", name=ticket["number"]).click()
        await page.get_by_role("button", name="更正").click()
        await page.get_by_label(said("tickets.field.address")).fill("友谊路9号")
        await page.locator("form.form button[type=submit]").click()
        await expect(page.locator(".changed del")).to_have_text("友谊路7号", timeout=WAIT_MS)
        await expect(page.locator(".changed ins")).to_have_text("友谊路9号", timeout=WAIT_MS)
        await judged(page)

        await page.locator("nav a[href='/customers']").click()
        await page.get_by_placeholder(said("customers.find")).fill("0000 0001")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="王秀英").first.click()
        await page.get_by_role("button", name=said("customers.compare")).click()
        await expect(page.locator(".preview table, .preview p").first).to_be_visible(timeout=WAIT_MS)
        await judged(page)
        await page.get_by_role("button", name=said("customers.merge.do")).click()
        await page.get_by_role("button", name=said("customers.merge.undo")).click()
        await expect(page.get_by_role("button", name=said("customers.compare"))).to_be_visible(timeout=WAIT_MS)
