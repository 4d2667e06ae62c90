"""Every page: WCAG 2.1 AA, and the policy of pages."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from dev.stack import SAMPLE_PASSWORD, Stack
from tests.browser.chromium import chromium
from tests.browser.looks import NARROW, WAIT_MS, WIDE, violations


@dataclass(frozen=True)
class Visit:
    """Pages of a role, each with a sign that it is complete."""

    staff_number: str
    pages: dict[str, str]


VISITS = [
    Visit(
        "1001",
        {
            "desk": ".idle",
            "callbacks": ".callbacks",
            "surveys": ".surveys",
            "tickets": "tbody tr",
            "people": ".people li",
            "settings": ".settings",
        },
    ),
    Visit(
        "2001",
        {
            "work": ".work .tabs",
            "visits": ".visits",
            "duty": ".duty",
            "notices": ".notices",
            "tickets": "tbody tr",
            "people": ".people li",
            "settings": ".settings",
        },
    ),
    Visit(
        "3001",
        {
            "board": ".tile",
            "board?wall": ".tile",
            "board/alerts": "tbody",
            "queues": "textarea",
            "reports": "tbody, .empty",
            "reports?of=flows": "tbody, .empty",
            "reports/list?of=calls": ".list h1",
            "reports/calendar": ".empty",
            "reports/staffing": ".empty",
            "reports/simulation": ".fields",
            "oversight": ".shares",
            "visits/capacity": ".capacity .list-head select",
            "tickets": "tbody tr",
            "people": ".people li",
            "settings": ".settings",
        },
    ),
]


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
async def test_pages_are_readable_wide_and_narrow(stack: Stack, tmp_path: Path, language: str, theme: str) -> None:
    async with chromium(tmp_path) as browser:
        for visit in VISITS:
            context = await browser.new_context(viewport=WIDE, permissions=["microphone"])
            page = await context.new_page()
            page.set_default_timeout(WAIT_MS)
            complaints = _complaints(page)
            await page.goto(f"{stack.url}/sign-in")
            await page.get_by_role("button", name="English" if language == "en" else "中文").click()
            found = {"sign-in": await violations(page)}
            await _sign_in(page, visit.staff_number)
            await _use(page, stack.url, theme)
            for name, sign in visit.pages.items():
                await page.goto(f"{stack.url}/{name}")
                await _see(page, sign)
                found[name] = await violations(page)
            await page.goto(f"{stack.url}/tickets")
            await page.locator("tbody a").first.click()
            await _see(page, ".ticket")
            found["ticket"] = await violations(page)
            await page.set_viewport_size(NARROW)
            found["ticket, narrow"] = await violations(page)
            assert {name: broken for name, broken in found.items() if broken} == {}
            assert complaints == []
            await context.close()


def _complaints(page: Page) -> list[str]:
    """Collect errors of a page, violations of its policy among them."""
    complaints: list[str] = []
    expected = "the server responded with a status of 401"
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda one: complaints.append(one.text) if one.type == "error" and expected not in one.text else None,
    )
    return complaints


async def _sign_in(page: Page, staff_number: str) -> None:
    await page.locator("[name=username]").fill(staff_number)
    await page.locator("[name=password]").fill(SAMPLE_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".shell")).to_be_visible(timeout=WAIT_MS)


async def _use(page: Page, url: str, theme: str) -> None:
    await page.goto(f"{url}/settings")
    await page.locator(f"select:has(option[value={theme}])").select_option(theme)
    await expect(page.locator("html.dark")).to_have_count(int(theme == "dark"), timeout=WAIT_MS)


async def _see(page: Page, sign: str) -> None:
    await expect(page.locator(sign).first).to_be_visible(timeout=WAIT_MS)
    await page.wait_for_load_state("networkidle")
