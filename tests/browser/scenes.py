"""Scenes that make pages show all they can."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from playwright.async_api import Browser, BrowserContext, Page, expect

from dev.stack import SAMPLE_PASSWORD
from foundation.clock import utc_now
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR, Hotline
from tests.browser.agent_page import AgentPage, said
from tests.browser.looks import WAIT_MS
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.words import words

NEW_AGENT = "1099"
TWO_CUSTOMERS = "13800000005"
SIGN_IN = """async ([staff_number, password]) => {
  const answer = await fetch('/api/v1/session', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ staff_number, password }),
  })
  // As the sign-in page does: without it no page asks who is signed in.
  if (answer.ok) localStorage.setItem('hotline.signed-in', '1')
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
    await agent.page.get_by_role("textbox", name=said("desk.subject")).fill("暖气不热，室温十二度")
    await agent.page.get_by_label(said("desk.contact")).fill("abc")
    await agent.button("desk.file").click()
    await expect(agent.page.locator(".problem")).to_be_visible(timeout=WAIT_MS)


async def filed_ticket(agent: AgentPage) -> None:
    """Mend the form and file the ticket."""
    await agent.page.get_by_label(said("desk.contact")).fill("138 0000 0002")
    await agent.button("desk.file").click()
    await expect(agent.text("desk.filed")).to_be_visible(timeout=WAIT_MS)


Show = Callable[[str], Awaitable[None]]
"""Take a picture of the page under a name."""
EAST = "城东维修工区"
OFFICE = (
    ("暖气不热，室温十四度", ""),
    ("单元门口井盖松动", "undispatched"),
    ("阀门滴水", "new"),
    ("一户一阀改造咨询：何时轮到我们小区，需要准备哪些材料，是否收费", "signed"),
    ("楼上漏水到客厅", "extension"),
    ("暖气管异响", "refused"),
    ("退费申请", "escalated"),
)
"""Subjects of tickets, and how far each has come."""


async def busy_office(hotline: Hotline) -> None:
    """Give every list of the office something to show."""
    desk, worker, supervisor = [await hotline.desk(one, socket=False) for one in (AGENT, "2001", SUPERVISOR)]
    categories = {one["name"]: one["id"] for one in await desk.get("/api/v1/categories")}
    departments = {one["name"]: one["id"] for one in await desk.get("/api/v1/departments")}
    for place, (subject, stage) in enumerate(OFFICE):
        report = {"kind": "fault", "subject": subject, "category_id": categories["暖气不热"], "area": "城东"}
        at = {"address": f"和平路{place + 1}号", "reporter": {"name": "王秀英", "number": "13800000001"}}
        ticket = (await desk.post("/api/v1/tickets", {**report, **at}))["id"]
        if stage == "escalated":
            await desk.post(f"/api/v1/tickets/{ticket}/escalate", {"reason": "用户多次来电"})
        if stage in {"", "undispatched", "escalated"}:
            continue
        await desk.post(f"/api/v1/tickets/{ticket}/dispatch", {"department_id": departments[EAST]})
        if stage == "refused":
            refusal = {"reason": "not_our_area", "explanation": "该楼栋由城西工区负责"}
            await worker.post(f"/api/v1/tickets/{ticket}/refuse", refusal)
        elif stage != "new":
            await worker.post(f"/api/v1/tickets/{ticket}/sign", {})
        if stage == "extension":
            until = (utc_now() + timedelta(days=5)).isoformat()
            await worker.post(f"/api/v1/tickets/{ticket}/extension", {"until": until, "reason": "等待配件"})
    await led_office(supervisor, await hotline.desk(ADMINISTRATOR, socket=False))
    await desk.post("/api/v1/handovers", {"notes": "2 号席位耳机待修"})


async def led_office(supervisor: Desk, administrator: Desk) -> None:
    """Enter what leaders enter: notices, lists, measures, bounds and plans."""
    now, later = utc_now().isoformat(), (utc_now() + timedelta(days=20)).isoformat()
    notice = {"area": "城东", "zh": "城东热力站检修，今晚 22 点前恢复", "en": "Heating station east: back by 22:00"}
    await supervisor.post("/api/v1/area-notices", {**notice, "ends_at": later})
    times = {"in_force_from": now, "in_force_until": later}
    await supervisor.post("/api/v1/protected-lists", {"name": "供暖季独居老人", "reason": "低温有风险", **times})
    measure = {"what": "立管阀门分批更换，先做和平路", "owner": "何主管", "until": later}
    await supervisor.post("/api/v1/service-levels/improvements", measure)
    await supervisor.put("/api/v1/queue-thresholds", {"queue": "repair", "figure": "waiting", "bound": 3})
    plan = {"name": "热线月报", "period": "month", "mailboxes": ["office@example.org"]}
    await administrator.post("/api/v1/report-plans", plan)


async def called_out(agent: AgentPage, called: Phone, show: Show) -> None:
    """Call a number that is refused, then one that answers."""
    await agent.page.keyboard.press("Control+Alt+o")
    number = agent.page.get_by_label(said("desk.call_out.number"))
    await number.fill("+44 20 7946 0000")
    await agent.page.keyboard.press("Enter")
    await expect(agent.page.locator(".call-out .field-error")).to_be_visible(timeout=WAIT_MS)
    await show("number-refused")
    await number.fill("138 0000 0002")
    await agent.page.keyboard.press("Enter")
    await called.ringing()
    await expect(agent.page.locator(".bar[data-stage=dialling]")).to_be_visible(timeout=WAIT_MS)
    await show("dialling")
    await called.answer()
    await agent.stage("talking")
    await agent.page.get_by_role("button", name=said("phone.keypad")).first.click()
    await show("keypad")
    await agent.button("desk.hang_up").click()
    await called.ended()
    await agent.state("wrap_up")
    await show("outcome")
    await agent.page.get_by_role("button", name="号码错误").click()
    await agent.button("desk.finish").click()
    await agent.state("ready")
