"""SMS to reporters about each change of a visit (H3, H26)."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.appointments.model import BookVisit, FreeWindow
from crm.appointments.service import AppointmentService
from crm.appointments.ticket_changes import VisitUpdater
from crm.events import TicketChanged
from crm.notices.catalogue import NoticeCatalogue
from crm.notices.channels import GatewaySender
from crm.notices.facts import visit_change
from crm.notices.model import NoticeChannel
from crm.tickets.merges.model import MergeTicket
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from tests.unit.crm.appointments.test_appointments import fault, free, week
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place
from tests.unit.crm.notices.conftest import House, Receiver

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def span(window: FreeWindow) -> str:
    return f"{local(window.visit_from)} – {local(window.visit_until)}"


@pytest.fixture
def gateway(house: House, receiver: Receiver) -> Receiver:
    url = f"{receiver.url.replace('http://', 'json://').removesuffix('/hook')}/{{address}}"
    house.senders[NoticeChannel.SMS] = GatewaySender(url, subject_apart=False)
    house.tickets = TicketService(house.database, listeners=[VisitUpdater()])
    return receiver


async def said(gateway: Receiver, count: int) -> list[str]:
    return [came.json["message"] for came in await gateway.until(count)]


async def windows(house: House, place: Place) -> AppointmentService:
    made = AppointmentService(house.database, house.tickets)
    for department_id in (place.east, place.west):
        await made.enter_week(department_id, week(5))
    return made


async def booked(
    house: House, service: AppointmentService, place: Place, number: int, window: FreeWindow
) -> TicketView:
    ticket = await fault(house.tickets, place, number)
    await service.book(ticket.id, BookVisit(visit_from=window.visit_from), AGENT)
    return ticket


async def test_h26_booking_moving_and_cancelling_a_visit_reaches_the_customer(
    house: House, place: Place, gateway: Receiver
) -> None:
    service = await windows(house, place)
    first, second, *_ = await free(service, place.east)
    async with house.working():
        ticket = await fault(house.tickets, place, 1)
        await service.book(ticket.id, BookVisit(visit_from=first.visit_from), AGENT)
        await said(gateway, 1)
        await service.book(ticket.id, BookVisit(visit_from=first.visit_from), AGENT)
        await service.book(ticket.id, BookVisit(visit_from=second.visit_from), AGENT)
        await said(gateway, 2)
        await service.cancel(ticket.id, "内部：无人可派", AGENT)
        agreed, moved, cancelled = await said(gateway, 3)

    about = f"您的报修（工单 {ticket.number}）"
    assert agreed.startswith(f"{about}已预约上门，时间：{span(first)}。")
    assert moved.startswith(f"{about}上门时间由 {local(first.visit_from)} 改为：{span(second)}。")
    assert cancelled.startswith(f"{about}原定 {local(second.visit_from)} 的上门已取消。")
    assert "内部" not in cancelled


async def test_h3_visits_that_dispatching_books_and_frees_reach_the_customer(
    house: House, place: Place, gateway: Receiver
) -> None:
    service = await windows(house, place)
    first, *_ = await free(service, place.east)
    async with house.working():
        wish: dict[str, Any] = {"visit_from": first.visit_from, "visit_until": first.visit_until}
        ticket = await house.tickets.file(place.fault(**wish), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await said(gateway, 1)
        await house.tickets.dispatch(ticket.id, place.west, AGENT)
        agreed, cancelled = await said(gateway, 2)

    assert f"已预约上门，时间：{span(first)}" in agreed
    assert f"原定 {local(first.visit_from)} 的上门已取消" in cancelled


async def test_h26_cancelled_ticket_cancels_its_visit_and_tells_the_customer(
    house: House, place: Place, gateway: Receiver
) -> None:
    service = await windows(house, place)
    first, *_ = await free(service, place.east)
    async with house.working():
        ticket = await booked(house, service, place, 1, first)
        await said(gateway, 1)
        await house.tickets.cancel(ticket.id, "误登记", SUPERVISOR)
        _, cancelled = await said(gateway, 2)

    assert "的上门已取消" in cancelled
    assert (await free(service, place.east))[0].booked == 0


async def test_h26_merge_of_two_visits_tells_the_merged_tickets_customer_the_other_time(
    house: House, place: Place, gateway: Receiver
) -> None:
    service = await windows(house, place)
    first, second, *_ = await free(service, place.east)
    async with house.working():
        head, other = await booked(house, service, place, 1, first), await booked(house, service, place, 2, second)
        await said(gateway, 2)
        await house.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
        *_, moved = await said(gateway, 3)

    assert f"（工单 {other.number}）上门时间由 {local(second.visit_from)} 改为：{span(first)}" in moved


def test_event_without_a_visit_has_no_text_about_one(catalogue: NoticeCatalogue) -> None:
    event = TicketChanged(ticket_id="ticket-1", action="dispatch")
    assert visit_change(event) is None
    assert catalogue.reporter_wordings(event.kind, visit_change(event)) == []
