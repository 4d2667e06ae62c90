"""The work of a dispatcher and of a supervisor, through pages only."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from dev.stack import SAMPLE_PASSWORD, Stack
from foundation.clock import utc_now
from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline
from tests.browser.agent_page import said
from tests.browser.chromium import chromium
from tests.browser.looks import NARROW, PAIRS, WAIT_MS, WIDE, violations, wear
from tests.browser.scenes import SIGN_IN
from tests.browser.test_department import photo
from tests.browser.test_public import OPENED_EARLIER, TYPED, field, word
from tests.browser.test_public import opened as opened_on_phone
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


async def test_letter_becomes_a_ticket_of_its_customer_and_keeps_its_words(
    hotline: Hotline, stack: Stack, context: BrowserContext
) -> None:
    desk = await hotline.desk(AGENT, socket=False)
    async with signed_in(context, stack, SUPERVISOR) as page:
        await page.goto(f"{stack.url}/tickets")
        await page.get_by_role("link", name=said("tickets.new"), exact=True).click()
        await page.get_by_label(said("filing.channel")).select_option("letter")
        await page.get_by_role("textbox", name=said("filing.subject")).fill("来信反映楼道漏水")
        await page.reload()
        await expect(page.get_by_role("textbox", name=said("filing.subject"))).to_have_value(
            "来信反映楼道漏水", timeout=WAIT_MS
        )
        await page.get_by_label(said("filing.customer")).fill("赵磊")
        await page.keyboard.press("Enter")
        await page.locator(".found button").first.click()
        # The label of the customer's search has the word, too.
        address = page.get_by_role("textbox", name=said("filing.address"), exact=True)
        await expect(address).to_have_value("和平路56号1单元1102", timeout=WAIT_MS)
        await judged(page)
        await page.get_by_role("button", name=said("filing.file"), exact=True).click()
        await expect(page.locator("h1", has_text="来信反映楼道漏水")).to_be_visible(timeout=WAIT_MS)
        (ticket,) = await desk.get("/api/v1/tickets", text="来信反映")
        detail = await desk.get(f"/api/v1/tickets/{ticket['id']}")
        assert (detail["channel"], detail["reporters"][0]["name"], detail["status"]) == ("letter", "赵磊", "registered")


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
        await page.get_by_role("button", name=said("customers.edit.edit"), exact=True).click()
        await page.get_by_label(said("customers.edit.phone")).fill("12")
        await page.get_by_role("button", name=said("customers.edit.save"), exact=True).first.click()
        await expect(page.locator(".edit .field-error")).to_have_count(1, timeout=WAIT_MS)
        await judged(page)
        await page.get_by_label(said("customers.edit.phone")).fill("138 0000 0066")
        await page.get_by_label(said("shared.customer.area"), exact=True).fill("城东二片")
        await page.get_by_role("button", name=said("customers.edit.save"), exact=True).first.click()
        await expect(page.get_by_role("link", name="0000 0066")).to_be_visible(timeout=WAIT_MS)
        await expect(page.locator("dd", has_text="城东二片")).to_be_visible(timeout=WAIT_MS)
        await page.get_by_role("button", name=said("customers.compare")).click()
        await expect(page.locator(".preview table, .preview p").first).to_be_visible(timeout=WAIT_MS)
        await judged(page)
        await page.get_by_role("button", name=said("customers.merge.do")).click()
        await page.get_by_role("button", name=said("customers.merge.undo")).click()
        await expect(page.get_by_role("button", name=said("customers.compare"))).to_be_visible(timeout=WAIT_MS)


async def test_supervisor_oversees_deadlines_improvements_and_handovers(
    hotline: Hotline, stack: Stack, context: BrowserContext
) -> None:
    desk = await hotline.desk(AGENT, socket=False)
    left = await filed(desk, "阀门渗水", address="友谊路11号")
    async with signed_in(context, stack, SUPERVISOR) as page:
        await page.locator("nav a[href='/oversight']").click()
        # Other minutes are tried; what they would do is shown, and nothing is changed.
        before = await desk.get(f"/api/v1/tickets/{left['id']}/clocks")
        minutes = page.locator("tr", has_text="供热故障").first.locator("input")
        for which in (0, 1):
            await minutes.nth(which).fill("500")
            await minutes.nth(which).dispatch_event("change")
        await page.get_by_role("button", name=said("oversight.try"), exact=True).click()
        await expect(page.locator(".effect [data-drawn=true]")).to_be_visible(timeout=WAIT_MS)
        await expect(page.locator(".effect")).to_contain_text(left["number"], timeout=WAIT_MS)
        await judged(page)
        assert await desk.get(f"/api/v1/tickets/{left['id']}/clocks") == before

        await page.get_by_role("link", name=said("oversight.tab.improvements")).click()
        await page.get_by_label(said("oversight.improvement.what")).fill("立管阀门分批更换")
        await page.get_by_label(said("oversight.improvement.owner")).fill("何主管")
        await page.get_by_role("button", name=said("oversight.improvement.add"), exact=True).click()
        action = page.locator("li", has_text="立管阀门分批更换")
        await action.get_by_role("button", name=said("oversight.improvement.finish")).click()
        await page.get_by_label(said("oversight.improvement.outcome")).fill("首批已更换")
        await judged(page)
        await action.locator("[type=submit]").click()
        await expect(action).to_contain_text("首批已更换", timeout=WAIT_MS)
        for tab in ("recurring", "notices", "letters"):
            await page.get_by_role("link", name=said(f"oversight.tab.{tab}")).click()
            await expect(page.locator("section h2")).to_have_text(said(f"oversight.tab.{tab}"), timeout=WAIT_MS)
            await judged(page)

        await page.locator("nav a[href='/handovers']").click()
        await page.get_by_label(re.compile(left["number"])).fill("等用户回家")
        await page.get_by_label(re.compile(said("handovers.notes")[:4])).last.fill("2号席位耳机待修")
        await page.get_by_role("button", name=said("handovers.hand_over"), exact=True).click()
        await page.get_by_role("button", name=said("handovers.open"), exact=True).first.click()
        await expect(page.get_by_text("等用户回家")).to_be_visible(timeout=WAIT_MS)
        await judged(page)
        # The next shift takes over, and not the person who handed over.
        await expect(page.get_by_role("button", name=said("handovers.take"), exact=True)).to_have_count(0)
        await desk.post("/api/v1/handovers", {"notes": "白班无异常"})
        await page.reload()
        await page.get_by_role("button", name=said("handovers.open"), exact=True).first.click()
        await page.get_by_role("button", name=said("handovers.take"), exact=True).click()
        await expect(page.get_by_text("何主管 (3001) 已接班")).to_be_visible(timeout=WAIT_MS)


async def at_desk(browser: Browser, stack: Stack, staff_number: str, size: ViewportSize) -> Page:
    """Sign in with a browser of its own."""
    context = await browser.new_context(locale="zh-CN", viewport=size, permissions=["microphone"])
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    await page.goto(f"{stack.url}/sign-in")
    assert await page.evaluate(SIGN_IN, [staff_number, SAMPLE_PASSWORD])
    await page.goto(stack.url)
    await expect(page.locator(".shell")).to_be_visible(timeout=WAIT_MS)
    return page


async def reported(page: Page, stack: Stack) -> str:
    """Report something with a photo; return the number of the receipt."""
    await page.goto(f"{stack.url}/report")
    for name, text in TYPED.items():
        await field(page, name).fill(text)
    await page.locator("input[type=file]").set_input_files([photo()])
    await expect(page.locator(".photos img")).to_have_count(1, timeout=WAIT_MS)
    await page.evaluate(OPENED_EARLIER)
    await page.reload()
    await page.get_by_role("button", name=word("send"), exact=True).click()
    return await page.locator(".receipt .number").inner_text()


async def submitted(page: Page) -> None:
    """Send the form of an action, and see it go."""
    await page.locator(".form [type=submit]").click()
    await expect(page.locator(".form")).to_have_count(0, timeout=WAIT_MS)


async def refused_and_ruled(worker: Page, supervisor: Page, stack: Stack, number: str) -> None:
    """Refuse on a telephone; the supervisor rules, and it comes back."""
    await worker.goto(f"{stack.url}/work")
    await worker.locator(".card", has_text=number).locator(".open").click()
    await worker.get_by_role("button", name="退单", exact=True).click()
    await worker.locator(".form select").select_option("not_our_area")
    await worker.get_by_label(said("tickets.field.explanation")).fill("该楼属于物业")
    await worker.locator(".form [type=submit]").click()
    await worker.wait_for_url(lambda url: "/tickets/" not in url, timeout=WAIT_MS)
    await supervisor.goto(f"{stack.url}/dispatch?work=refused")
    refused = supervisor.locator(".card", has_text=number)
    await refused.locator("textarea").fill("管网图显示属于工区")
    await refused.get_by_role("button", name=said("dispatch.overrule")).click()
    await expect(refused).to_have_count(0, timeout=WAIT_MS)


async def done_and_replied(worker: Page, stack: Stack, number: str) -> None:
    """Sign, and reply with a photo."""
    await worker.goto(f"{stack.url}/work")
    await worker.locator(".card", has_text=number).locator(".open").click()
    await worker.get_by_role("button", name="签收", exact=True).click()
    await worker.get_by_role("button", name="回复", exact=True).click()
    await worker.get_by_label(said("tickets.field.text")).fill("已更换立管阀门，试压正常")
    await worker.locator("input[type=file]").set_input_files([photo()])
    await expect(worker.locator(".photos img")).to_be_visible(timeout=WAIT_MS)
    await submitted(worker)


async def asked(agent: Page, stack: Stack, number: str) -> None:
    """Ask the customer with the machine's script; a reload loses no answer."""
    await agent.locator("nav a[href='/surveys']").click()
    await agent.locator(".card", has_text=number).get_by_role("button", name=said("surveys.take")).click()
    script = agent.locator(".survey")
    await expect(script.locator(".reply")).to_contain_text("已更换立管阀门", timeout=WAIT_MS)
    await judged(agent)
    await script.get_by_role("button", name=said("shared.survey.begin")).click()
    await script.get_by_role("button", name=said("shared.yes"), exact=True).click()
    await script.get_by_role("button", name="满意", exact=True).click()
    await agent.goto(f"{stack.url}/desk")
    await expect(script.locator(".words")).to_contain_text("收费", timeout=WAIT_MS)
    await script.get_by_role("button", name=said("shared.no"), exact=True).click()
    await script.get_by_role("button", name="9", exact=True).click()
    await script.get_by_role("button", name=said("shared.survey.next")).click()
    await script.get_by_role("button", name=said("shared.survey.store")).click()
    await expect(script).to_have_count(0, timeout=WAIT_MS)


async def test_a_tickets_whole_life_goes_through_pages_only(hotline: Hotline, stack: Stack, tmp_path: Path) -> None:
    async with chromium(tmp_path) as browser:
        number = await reported(await opened_on_phone(browser), stack)
        agent, supervisor, worker = [
            await at_desk(browser, stack, one, size)
            for one, size in ((AGENT, WIDE), (SUPERVISOR, WIDE), (WORKER, NARROW))
        ]

        await agent.locator("nav a[href='/dispatch']").click()
        card = agent.locator(".card", has_text=number)
        await card.locator("select").select_option(label=EAST)
        await card.get_by_role("button", name=said("dispatch.send"), exact=True).click()
        await expect(card).to_have_count(0, timeout=WAIT_MS)

        await refused_and_ruled(worker, supervisor, stack, number)
        await done_and_replied(worker, stack, number)
        await asked(agent, stack, number)

        # It is archived; its story is whole, for those who may read it.
        await supervisor.goto(f"{stack.url}/tickets?text={number}")
        await supervisor.get_by_role("link", name=number).click()
        await expect(supervisor.get_by_text("已归档").first).to_be_visible(timeout=WAIT_MS)
        await expect(supervisor.locator("ol img")).to_have_count(2, timeout=WAIT_MS)
        desk = await hotline.desk(AGENT, socket=False)
        (row,) = await desk.get(f"/api/v1/tickets?number={number}")
        log = [one["action"] for one in (await desk.get(f"/api/v1/tickets/{row['id']}"))["log"]]
        assert log == ["file", "dispatch", "refuse", "overrule", "sign", "reply", "survey", "archive"]
        stranger = await hotline.desk("2002", socket=False)
        assert await stranger.get(f"/api/v1/tickets?number={number}") == []
