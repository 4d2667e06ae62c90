"""A department on a telephone, with and without a network."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, ViewportSize, expect

from dev.stack import SAMPLE_PASSWORD, Stack
from tests.browser.agent_page import said
from tests.browser.chromium import chromium
from tests.browser.looks import WAIT_MS, violations

PHONE = ViewportSize(width=390, height=844)
EAST, WEST, SUPERVISOR = "2001", "2002", "3001"
ASK = """async ([method, path, body]) => {
  const answer = await fetch(`/api/v1${path}`, {
    method, headers: { 'Content-Type': 'application/json' }, body: body === null ? undefined : JSON.stringify(body),
  })
  return answer.status === 204 ? null : await answer.json()
}"""


def photo() -> FilePayload:
    written = io.BytesIO()
    Image.new("RGB", (1200, 900), (30, 90, 160)).save(written, "JPEG")
    return {"name": "阀门.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


async def ask(page: Page, method: str, path: str, body: object = None) -> Any:
    """Ask the service as the person signed in at a page."""
    return await page.evaluate(ASK, [method, path, body])


async def signed_in(browser: Browser, stack: Stack, staff_number: str) -> Page:
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", service_workers="allow")
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    await page.goto(f"{stack.url}/sign-in")
    await page.locator("[name=username]").fill(staff_number)
    await page.locator("[name=password]").fill(SAMPLE_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".shell")).to_be_visible(timeout=WAIT_MS)
    return page


async def dispatched(desk: Page, department: str, subject: str) -> str:
    """File a ticket and dispatch it; return its id."""
    departments = await ask(desk, "GET", "/departments")
    department_id = next(one["id"] for one in departments if department in one["name"])
    ticket = await ask(
        desk, "POST", "/tickets", {"kind": "complaint", "subject": subject, "address": "幸福路12号3单元402"}
    )
    await ask(desk, "POST", f"/tickets/{ticket['id']}/dispatch", {"department_id": department_id})
    return str(ticket["id"])


async def readable(page: Page) -> None:
    """Check the rules of WCAG and the width of the page."""
    await page.wait_for_load_state("networkidle")
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with chromium(tmp_path) as opened:
        yield opened


async def places_of_the_department(worker: Page, stack: Stack) -> None:
    """Look at the visits, and change the week of duty."""
    for path, sign in (("visits", ".visits"), ("duty", ".duty")):
        await worker.goto(f"{stack.url}/{path}")
        await expect(worker.locator(sign)).to_be_visible(timeout=WAIT_MS)
        await readable(worker)
    # The department changes its own week.
    await worker.get_by_role("button", name=said("work.rota.edit"), exact=True).click()
    await worker.locator("fieldset").first.locator("[type=time]").first.fill("07:30")
    await readable(worker)
    await worker.get_by_role("button", name=said("work.rota.save"), exact=True).click()
    await expect(worker.get_by_text("07:30")).to_be_visible(timeout=WAIT_MS)


async def sign_without_network(worker: Page, card: Locator) -> None:
    """Sign without a network: kept, marked so, and sent once."""
    await card.locator("input[type=checkbox]").check()
    await worker.context.set_offline(True)
    await worker.locator(".sign").click()
    await expect(worker.locator(".kept")).to_be_visible(timeout=WAIT_MS)
    await expect(card.locator("input[type=checkbox]")).to_have_count(0, timeout=WAIT_MS)
    await worker.context.set_offline(False)
    await expect(card).to_have_count(0, timeout=WAIT_MS)


async def test_a_ticket_is_refused_and_replied_to_with_photos_on_a_telephone(stack: Stack, browser: Browser) -> None:
    worker, other, desk = [await signed_in(browser, stack, one) for one in (EAST, WEST, SUPERVISOR)]
    await expect(worker).to_have_url(f"{stack.url}/work")
    card = worker.locator(".card", has_text="阀门漏水")
    await expect(worker.locator(".tabs")).to_be_visible(timeout=WAIT_MS)

    # New work arrives without a reload, and another department's page shows none of it.
    ticket = await dispatched(desk, "城东", "阀门漏水")
    await expect(card).to_be_visible(timeout=WAIT_MS)
    await readable(worker)
    await expect(other.locator(".card", has_text="阀门漏水")).to_have_count(0)
    assert (await ask(other, "GET", f"/tickets/{ticket}"))["status"] == 404

    # Refused with a photo.
    await card.locator(".open").click()
    await worker.get_by_role("button", name="退单", exact=True).click()
    await worker.locator(".form select").select_option("not_our_area")
    await worker.get_by_label(said("tickets.field.explanation")).fill("该阀门属于小区物业管理")
    await worker.locator("input[type=file]").set_input_files([photo()])
    await expect(worker.locator(".photos img")).to_be_visible(timeout=WAIT_MS)
    await readable(worker)
    await worker.locator(".form [type=submit]").click()
    await worker.wait_for_url(lambda url: "/tickets/" not in url, timeout=WAIT_MS)
    await worker.goto(f"{stack.url}/work?tab=refused")
    await expect(worker.locator(".refused li", has_text="阀门漏水")).to_be_visible(timeout=WAIT_MS)
    evidence = (await ask(desk, "GET", f"/tickets/{ticket}"))["files"]
    assert [one["media_type"] for one in evidence] == ["image/jpeg"]

    # Overruled, it is back at once; signed for from the list.
    await worker.goto(f"{stack.url}/work")
    await ask(desk, "POST", f"/tickets/{ticket}/overrule-refusal", {"reason": "管网图显示属于工区"})
    await sign_without_network(worker, card)
    assert (await ask(desk, "GET", f"/tickets/{ticket}"))["log"][-1]["action"] == "sign"

    # The network is gone: words and photo stay on the telephone, and are sent once when it is back.
    await worker.goto(f"{stack.url}/tickets/{ticket}")
    await worker.get_by_role("button", name="回复", exact=True).click()
    await worker.context.set_offline(True)
    await worker.get_by_label(said("tickets.field.text")).fill("已更换阀门垫片，试压正常")
    await worker.locator("input[type=file]").set_input_files([photo()])
    await worker.locator(".form [type=submit]").click()
    await expect(worker.locator(".kept")).to_be_visible(timeout=WAIT_MS)
    await readable(worker)
    assert (await ask(desk, "GET", f"/tickets/{ticket}"))["status"] == "signed"
    await worker.reload()
    await expect(worker.locator(".kept")).to_be_visible(timeout=WAIT_MS)
    await expect(worker.locator("h1", has_text="阀门漏水")).to_be_visible(timeout=WAIT_MS)
    await worker.context.set_offline(False)
    await expect(worker.locator(".kept")).to_have_count(0, timeout=WAIT_MS)
    await expect(worker.locator(".words", has_text="已更换阀门垫片")).to_be_visible(timeout=WAIT_MS)
    whole = await ask(desk, "GET", f"/tickets/{ticket}")
    assert [entry["action"] for entry in whole["log"]].count("reply") == 1
    assert len(whole["files"]) == 2
    await expect(worker.locator("ol img").first).to_be_visible(timeout=WAIT_MS)
    await readable(worker)

    await places_of_the_department(worker, stack)


async def test_the_loser_of_a_race_sees_what_changed_and_keeps_the_words(stack: Stack, browser: Browser) -> None:
    worker, desk = [await signed_in(browser, stack, one) for one in (EAST, SUPERVISOR)]
    ticket = await dispatched(desk, "城东", "水压不足")
    await worker.goto(f"{stack.url}/tickets/{ticket}")
    await worker.get_by_role("button", name="内部备注", exact=True).click()
    words = worker.get_by_label(said("tickets.field.text"))
    await words.fill("已联系用户，下午上门")
    # The page hears of the change and would ask again: the network is away at that moment.
    await worker.context.set_offline(True)
    await ask(desk, "POST", f"/tickets/{ticket}/supervise", {"instruction": "今天办结"})
    await worker.locator(".form [type=submit]").click()
    await expect(worker.locator(".kept")).to_be_visible(timeout=WAIT_MS)
    await worker.context.set_offline(False)
    refused = worker.locator(".kept .refused")
    await expect(refused).to_contain_text(re.compile("内部备注"), timeout=WAIT_MS)
    await refused.get_by_role("link").click()
    await worker.goto(f"{stack.url}/tickets/{ticket}")
    await expect(words).to_have_value("已联系用户，下午上门")
    # The form has the version it was opened with: what changed meanwhile is shown before it is sent again.
    await worker.locator(".form [type=submit]").click()
    await expect(worker.locator(".meanwhile")).to_be_visible(timeout=WAIT_MS)
    await worker.locator(".form [type=submit]").click()
    await expect(worker.locator("dd", has_text="已联系用户，下午上门")).to_be_visible(timeout=WAIT_MS)

    # A number is shown for a reason, which is noted.
    await worker.get_by_role("button", name=said("shared.call_person.call")).click()
    await worker.get_by_label(said("shared.call_person.reason")).fill("约定上门时间")
    await worker.get_by_role("button", name=said("shared.call_person.show")).click()
    await expect(worker.get_by_text(said("shared.call_person.none"))).to_be_visible(timeout=WAIT_MS)
    looks = await ask(desk, "GET", f"/looks?subject_id={ticket}")
    assert [(one["reason"], one["staff_name"][:3]) for one in looks] == [("约定上门时间", "马师傅")]
