"""Scenes that make pages show all they can."""

from playwright.async_api import Browser, BrowserContext, Page, expect

from dev.stack import SAMPLE_PASSWORD
from tests.asterisk.hotline import ADMINISTRATOR, SUPERVISOR, Hotline
from tests.browser.agent_page import AgentPage, said
from tests.browser.looks import WAIT_MS
from tests.words import words

NEW_AGENT = "1099"
TWO_CUSTOMERS = "13800000005"
SIGN_IN = """async ([staff_number, password]) => {
  const answer = await fetch('/api/v1/session', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ staff_number, password }),
  })
  return answer.ok
}"""


async def signed_in(browser: Browser, url: str, staff_number: str) -> tuple[BrowserContext, Page]:
    """Return a page of a person who is signed in."""
    context = await browser.new_context(locale="zh-CN", permissions=["microphone"])
    page = await context.new_page()
    page.set_default_timeout(WAIT_MS)
    await page.goto(f"{url}/sign-in")
    assert await page.evaluate(SIGN_IN, [staff_number, SAMPLE_PASSWORD])
    return context, page


async def missed_callers(hotline: Hotline) -> None:
    """Have one caller leave a message, another ask for a call back."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone("13800000004")
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await caller.press("1")
    await caller.hears_words(await words("leave_message"))
    # Longer than the rest of the prompt, which counts as heard before its end.
    await caller.play_tone(440, 8.0)
    await caller.press("#")
    await caller.ended()
    other = await hotline.phone(TWO_CUSTOMERS)
    await hotline.into_queue(other)
    await other.hears_words(await words("key_asks_call_back"))
    await other.press("2")
    await other.ended()


async def one_time_password(hotline: Hotline, browser: Browser) -> Page:
    """Return the page of a new agent with a one-time password."""
    administrator = await hotline.desk(ADMINISTRATOR, socket=False)
    account = {"staff_number": NEW_AGENT, "name": "新坐席", "role": "agent", "password": SAMPLE_PASSWORD}
    await administrator.post("/api/v1/staff", {**account, "password_one_time": True})
    _, page = await signed_in(browser, hotline.stack.url, NEW_AGENT)
    await page.goto(f"{hotline.stack.url}/desk")
    await expect(page.locator("[autocomplete=new-password]")).to_have_count(2, timeout=WAIT_MS)
    return page


async def refused_form(agent: AgentPage) -> None:
    """File a wrong ticket: first the page refuses it, then the service."""
    await agent.button("desk.file").click()
    await expect(agent.page.locator(".field-error")).to_have_count(1, timeout=WAIT_MS)
    await agent.page.get_by_label(said("desk.subject")).fill("暖气不热，室温十二度")
    await agent.page.get_by_label(said("desk.contact")).fill("abc")
    await agent.button("desk.file").click()
    await expect(agent.page.locator(".problem")).to_be_visible(timeout=WAIT_MS)


async def filed_ticket(agent: AgentPage) -> None:
    """Mend the form and file the ticket."""
    await agent.page.get_by_label(said("desk.contact")).fill("138 0000 0002")
    await agent.button("desk.file").click()
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)
