"""Printed work orders: complete, in two languages, without markup (H7, S12)."""

import base64
import hashlib
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from crm.customers.service import CustomerService
from crm.privacy.model import LooksQuery
from crm.privacy.service import PrivacyService
from crm.tickets.cohandling.model import CoTask
from crm.tickets.errors import TicketNotFound
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.model import Actor
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from crm.workorders.http import routes
from crm.workorders.model import WORDS, Language, PrintQuery
from crm.workorders.page import STYLE, page
from crm.workorders.service import WorkOrderService
from foundation.database import Database
from foundation.reader import reading
from foundation.routes import Page, Principal, Request, Role
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place

NINE = (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
LINK = "https://desk.example/tickets/{number}"
DESK = Principal("staff-agent", "1001", "Agent", Role.AGENT)
HOSTILE = "<img src=x onerror=alert(1)>\"'><svg/onload=alert(2)></style><script>alert(3)</script>&lt;b&gt;"


class Elements(HTMLParser):
    """Tags, attributes and texts of a page, as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def service(database: Database, tickets: TicketService) -> WorkOrderService:
    return WorkOrderService(
        database, tickets, link=LINK, organisation={"zh": "供热服务热线", "en": "heating service hotline"}
    )


async def filed(tickets: TicketService, place: Place, **changes: object) -> TicketView:
    given = {
        "reporter": Reporter(customer_id=place.wang.id, number="13800000001", name="王秀英"),
        "description": "卧室暖气片上半部不热。\n楼上也一样。",
        "visit_from": NINE,
        "visit_until": NINE + timedelta(hours=2),
        "urgency": "urgent",
    }
    ticket = await tickets.file(place.fault(**(given | changes)), AGENT)  # type: ignore[arg-type]
    return await tickets.dispatch(ticket.id, place.east, AGENT)


async def test_h7_all_that_the_field_needs_is_on_it(
    service: WorkOrderService, tickets: TicketService, place: Place
) -> None:
    ticket = await filed(tickets, place)
    addition = AppendToTicket(text="对门也不热", reporter=Reporter(number="13800000002", name="李建国"))
    await tickets.append(ticket.id, addition, AGENT)

    text = page(await service.of(ticket.id, Language.ZH, DESK))

    for expected in (
        *("供热服务热线", "工作单", ticket.number, "紧急", "报修", "暖气不热", "城东维修工区", "6001000001", "城东"),
        *("王秀英 +8613800000001", "李建国 +8613800000002", "幸福路12号3单元402", "楼上也一样。", "对门也不热"),
        *(f"{NINE:%Y-%m-%d} 09:00 – {NINE:%Y-%m-%d} 11:00", "期望上门", "用户签字", "Agent (1001)"),
    ):
        assert expected in text, expected
    assert "<svg" in text
    english = page(await service.of(ticket.id, Language.EN, DESK))
    for expected in ("heating service hotline", "Work order", "urgent", "fault report", "Customer's signature"):
        assert expected in english, expected
    assert 'lang="en"' in english


async def test_s12_entered_markup_is_only_text(service: WorkOrderService, tickets: TicketService, place: Place) -> None:
    ordinary = Elements(page(await service.of((await filed(tickets, place)).id, Language.ZH, DESK)))
    reporter = Reporter(customer_id=place.wang.id, number="13800000001", name=HOSTILE[:60])
    ticket = await filed(
        tickets, place, reporter=reporter, subject=HOSTILE, description=HOSTILE, address=HOSTILE, area=HOSTILE[:60]
    )

    found = Elements(page(await service.of(ticket.id, Language.ZH, DESK)))

    assert set(found.tags) == set(ordinary.tags)
    assert not {"script", "img", "iframe", "link", "a", "form"} & set(found.tags)
    assert found.attributes == ordinary.attributes
    assert not any(name.startswith("on") or name in {"href", "src", "style"} for name in found.attributes)
    assert found.texts.count(HOSTILE) == 3


async def test_s7_a_department_prints_its_own_only(
    service: WorkOrderService, tickets: TicketService, place: Place
) -> None:
    ticket = await filed(tickets, place)
    for department_id in (place.west, None):
        with pytest.raises(TicketNotFound):
            await service.of(ticket.id, Language.ZH, Principal("w", "2001", "W", Role.DEPARTMENT, department_id))
    with pytest.raises(TicketNotFound):
        await service.of("ticket-none", Language.ZH, DESK)


async def test_s29_the_working_departments_print_the_numbers_and_that_is_recorded(
    service: WorkOrderService, tickets: TicketService, place: Place, database: Database
) -> None:
    ticket = await filed(tickets, place)
    addition = AppendToTicket(text="对门也不热", reporter=Reporter(number="13900000002", name="赵磊"))
    await tickets.append(ticket.id, addition, AGENT)
    await tickets.co_handling.ask(ticket.id, [CoTask(department_id=place.west)], AGENT)
    lead, helper = (
        Principal(f"worker-{number}", number, "W", Role.DEPARTMENT, department_id)
        for number, department_id in (("2001", place.east), ("2002", place.west))
    )

    for reader in (lead, helper):
        facts = dict((await service.of(ticket.id, Language.ZH, reader)).facts)
        assert (facts["联系人"], facts["其他反映人"]) == ("王秀英 +8613800000001", "赵磊 +8613900000002")
    looks = await PrivacyService(database).looks(LooksQuery())
    assert {(look.staff_id, look.subject_id, look.ticket_number, look.reason) for look in looks} == {
        (reader.staff_id, subject, ticket.number, "工作单")
        for reader in (lead, helper)
        for subject in (place.wang.id, ticket.id)
    }
    with reading("en"):
        assert {look.reason for look in await PrivacyService(database).looks(LooksQuery())} == {"Work order"}
        assert (await CustomerService(database).audit(place.wang.id))[0].changes["reason"] == "Work order"

    await tickets.cancel(ticket.id, "误登记", SUPERVISOR)
    assert "王秀英 138****0001" in dict((await service.of(ticket.id, Language.ZH, lead)).facts).values()


async def test_s29_a_department_that_waits_for_the_tier_above_prints_no_number(
    service: WorkOrderService, tickets: TicketService, place: Place, database: Database
) -> None:
    ticket = await filed(tickets, place)
    below = Principal("worker-1", "2001", "W", Role.DEPARTMENT, place.east)
    await tickets.tiers.pass_up(ticket.id, "需要上级处理", Actor.of(below))

    assert "王秀英 138****0001" in dict((await service.of(ticket.id, Language.ZH, below)).facts).values()
    assert await PrivacyService(database).looks(LooksQuery()) == []


async def test_page_loads_nothing_and_names_its_style(
    service: WorkOrderService, tickets: TicketService, place: Place
) -> None:
    ticket = await filed(tickets, place)
    (route,) = routes(service).table

    printed: Page = await route.handler(Request(DESK, {"ticket_id": ticket.id}, PrintQuery(), None))

    assert route.roles == {Role.AGENT, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR}
    assert printed.media_type == "text/html"
    assert "://" not in re.sub(r'xmlns="[^"]*"', "", printed.text)
    (style,) = re.findall(r"<style>(.*?)</style>", printed.text, re.DOTALL)
    assert printed.style == STYLE
    # Browsers apply the style only if its hash is the allowed one.
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()) == base64.b64encode(
        hashlib.sha256(STYLE.encode()).digest()
    )


def test_every_word_is_there_in_both_languages() -> None:
    assert all(words[language] for words in WORDS.values() for language in Language)
