"""SMS to reporters about decisions: once, where reachable, and logged (H12)."""

from typing import Any

import pytest
from sqlmodel import update

from crm.customers.model import CustomerChange
from crm.customers.phone import takes_messages
from crm.customers.service import CustomerService
from crm.notices.channels import GatewaySender
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery
from crm.notices.reporters import NO_MOBILE
from crm.notices.views import DeliveryView
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import execute
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place
from tests.unit.crm.customers import people
from tests.unit.crm.notices.conftest import House, Receiver

FORM = {"product": "燃气热水器", "model": "JSQ-24"}
LANDLINE = "+861087654321"


@pytest.fixture
def gateway(house: House, receiver: Receiver) -> Receiver:
    url = f"{receiver.url.replace('http://', 'json://').removesuffix('/hook')}/{{address}}"
    house.senders[NoticeChannel.SMS] = GatewaySender(url, subject_apart=False)
    return receiver


async def applied(house: House, place: Place, *more: Reporter, **reporter: Any) -> TicketView:
    """Return an after-sales application with further reporters."""
    given = {"number": "+8613800000001", "name": "王秀英"} | reporter
    ticket = await house.tickets.file(place.fault(kind="after_sales", form=FORM, reporter=given), AGENT)
    for one in more:
        await house.tickets.append(ticket.id, AppendToTicket(text="我家也是", reporter=one), AGENT)
    return ticket


async def settled(house: House, count: int) -> list[DeliveryView]:
    waits = {DeliveryState.QUEUED, DeliveryState.FAILED}
    return await house.until(lambda log: len(log) == count and not waits & {told.state for told in log})


async def test_h12_every_reporter_gets_the_decision_once(house: House, place: Place, gateway: Receiver) -> None:
    await CustomerService(house.database).update(place.li.id, CustomerChange(language="en"), people.SUPERVISOR)
    # Without a number of the report, the customer's own; the same number twice is one person.
    others = (Reporter(customer_id=place.li.id), Reporter(customer_id=place.wang.id, number="13800000001"))
    ticket = await applied(house, place, *others)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "内部：保修期内", AGENT)
        await gateway.until(2)
        log = await settled(house, 2)
        (event_id,) = {told.event_id for told in log}

    said = {came.path: came.json["message"] for came in gateway.received}
    assert said == {
        "/+8613800000001": f"您的售后申请（工单 {ticket.number}）已受理，我们将尽快与您约定处理时间。",
        "/+8613800000002": f"Your after-sales application, ticket {ticket.number}, was accepted. "
        "We will agree on a time with you soon.",
    }
    assert [(told.kind, told.key, told.state, told.recipient_id) for told in log] == [
        ("ticket.accept", ticket.id, DeliveryState.SENT, None)
    ] * 2
    assert sorted(told.address for told in log) == ["138****0001", "138****0002"]
    assert event_id


async def test_h12_declined_reporter_gets_the_grounds(house: House, place: Place, gateway: Receiver) -> None:
    ticket = await applied(house, place)
    async with house.working():
        await house.tickets.applications.decline(ticket.id, "已过保修期", AGENT)
        (came,) = await gateway.until(1)
    assert came.json["message"] == f"您的售后申请（工单 {ticket.number}）未予受理。\n原因：已过保修期"


async def test_reporter_gets_only_the_granted_extension(house: House, place: Place, gateway: Receiver) -> None:
    worker = place.worker(place.east)
    ticket = await house.tickets.file(place.fault(), AGENT)
    async with house.working():
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.tickets.sign(ticket.id, worker)
        for decide in (house.tickets.extensions.deny, house.tickets.extensions.grant):
            await house.tickets.extensions.ask(ticket.id, utc_now().replace(year=2099), "内部：缺配件", worker)
            await decide(ticket.id, "内部：情况属实", SUPERVISOR)
        (came,) = await gateway.until(1)
        (told,) = await settled(house, 1)
    assert told.kind == "ticket.grant_extension"
    assert "2099-" in came.json["message"]
    assert "内部" not in came.json["message"]


async def test_notice_without_gateway_is_logged_as_not_sent(house: House, place: Place) -> None:
    ticket = await applied(house, place)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "保修期内", AGENT)
        (told,) = await settled(house, 1)
    assert (told.state, told.error) == (DeliveryState.NOT_SENT, "no gateway for sms is set up")
    assert await house.notices.redeliver_dead(None, None) == 0
    # With a gateway, it can still be sent.
    assert (await house.notices.redeliver(told.id)).state is DeliveryState.QUEUED


async def test_landline_gets_no_sms(house: House, place: Place, gateway: Receiver) -> None:
    ticket = await applied(house, place, Reporter(number="+861087654322", customer_id=place.li.id), number=LANDLINE)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "保修期内", AGENT)
        await gateway.until(1)
        log = await settled(house, 2)
    assert [(told.state, told.error) for told in log] == [
        (DeliveryState.NOT_SENT, NO_MOBILE),
        (DeliveryState.SENT, None),
    ]
    assert gateway.received[0].path == "/+8613800000002"


async def test_do_not_call_does_not_bar_the_decision(house: House, place: Place, gateway: Receiver) -> None:
    change = CustomerChange(do_not_call=True, do_not_call_source="来电")
    await CustomerService(house.database).update(place.wang.id, change, people.SUPERVISOR)
    ticket = await applied(house, place, customer_id=place.wang.id)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "保修期内", AGENT)
        await gateway.until(1)


async def test_reporter_without_number_gets_nothing(house: House, place: Place, gateway: Receiver) -> None:
    await house.webhook(gateway.url, None, switches={"ticket.accept": True})
    ticket = await applied(house, place, number=None)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "保修期内", AGENT)
        (told,) = await settled(house, 1)
    assert told.channel is NoticeChannel.WEBHOOK


async def test_erased_number_gets_nothing(house: House, place: Place) -> None:
    ticket = await applied(house, place)
    async with house.working():
        await house.tickets.applications.accept(ticket.id, "保修期内", AGENT)
        (told,) = await settled(house, 1)
    async with house.database.write() as session:
        await execute(session, update(NoticeDelivery).values(number=None))
    await house.notices.redeliver(told.id)
    async with house.working():
        (told,) = await settled(house, 1)
    assert (told.state, told.error, told.address) == (DeliveryState.NOT_SENT, "the number was erased", "")


@pytest.mark.parametrize(
    ("number", "takes"), [("+8613800000001", True), (LANDLINE, False), ("+864001234567", False), ("+12025550123", True)]
)
def test_numbers_that_take_sms(number: str, takes: bool) -> None:
    assert takes_messages(number) is takes
