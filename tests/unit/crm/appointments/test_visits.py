"""A visit follows its ticket through merges, dispatches and wishes (H3, H26)."""

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from crm.appointments.model import BookVisit, FreeWindow
from crm.appointments.service import AppointmentService
from crm.appointments.ticket_changes import VisitUpdater
from crm.outbox.model import OutboxEntry
from crm.tickets.merges.model import MergeTicket
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.database import Database
from tests.unit.crm.appointments.test_appointments import fault, free, week
from tests.unit.crm.conftest import AGENT, Place


@pytest.fixture
def tickets(database: Database) -> TicketService:
    return TicketService(database, listeners=[VisitUpdater()])


@pytest.fixture
async def service(database: Database, tickets: TicketService, place: Place) -> AppointmentService:
    made = AppointmentService(database, tickets)
    for department_id in (place.east, place.west):
        await made.enter_week(department_id, week(1))
    return made


async def booked(service: AppointmentService, ticket: TicketView, window: FreeWindow) -> None:
    await service.book(ticket.id, BookVisit(visit_from=window.visit_from), AGENT)


async def merge(tickets: TicketService, ticket: TicketView, into: TicketView) -> None:
    await tickets.merges.merge(ticket.id, MergeTicket(into=into.id), AGENT)


async def visit_of(tickets: TicketService, ticket: TicketView) -> tuple[object, object, bool]:
    found = await tickets.get(ticket.id)
    return found.visit_from, found.visit_until, found.visit_booked


async def told(database: Database, action: str) -> list[dict[str, Any]]:
    async with database.read() as session:
        entries = await session.exec(select(OutboxEntry).where(OutboxEntry.kind == f"ticket.{action}"))
        return [entry.payload for entry in entries]


NONE = (None, None, False)


async def test_h26_an_agreed_visit_goes_with_a_merge_and_comes_back(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    morning, afternoon, *_ = await free(service, place.east)
    agreed = (morning.visit_from, morning.visit_until, True)
    head, other = await fault(tickets, place, 1), await fault(tickets, place, 2)
    await booked(service, other, morning)

    await merge(tickets, other, head)
    assert [await visit_of(tickets, ticket) for ticket in (head, other)] == [agreed, NONE]
    assert (await tickets.get(head.id)).log[-1].detail["visit_from"] == morning.visit_from.isoformat()
    assert (await free(service, place.east))[0].booked == 1

    await tickets.merges.unmerge(other.id, AGENT)
    assert [await visit_of(tickets, ticket) for ticket in (head, other)] == [NONE, agreed]
    assert (await tickets.get(head.id)).log[-1].detail["freed_visit_from"] == morning.visit_from.isoformat()
    assert (await free(service, place.east))[0].booked == 1

    await merge(tickets, other, head)
    await booked(service, head, afternoon)
    await tickets.merges.unmerge(other.id, AGENT)
    # The visit was moved since the merge.
    assert await visit_of(tickets, head) == (afternoon.visit_from, afternoon.visit_until, True)
    assert await visit_of(tickets, other) == NONE
    assert [window.booked for window in (await free(service, place.east))[:2]] == [0, 1]


async def test_h26_a_visit_that_came_by_a_merge_can_be_cancelled(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    morning = (await free(service, place.east))[0]
    head, other = await fault(tickets, place, 1), await fault(tickets, place, 2)
    await booked(service, other, morning)
    await merge(tickets, other, head)

    await service.cancel(head.id, "用户不在家", AGENT)

    assert (await free(service, place.east))[0].booked == 0
    await tickets.merges.unmerge(other.id, AGENT)
    assert [await visit_of(tickets, ticket) for ticket in (head, other)] == [NONE, NONE]


@pytest.mark.parametrize("is_taken_meanwhile", [False, True])
async def test_h26_merge_of_two_visits_leaves_the_heads_and_frees_the_other(
    service: AppointmentService, tickets: TicketService, place: Place, *, is_taken_meanwhile: bool
) -> None:
    morning, afternoon, *_ = await free(service, place.east)
    head, other, third = [await fault(tickets, place, house) for house in (1, 2, 3)]
    await booked(service, head, morning)
    await booked(service, other, afternoon)

    await merge(tickets, other, head)

    assert await visit_of(tickets, head) == (morning.visit_from, morning.visit_until, True)
    assert [window.booked for window in (await free(service, place.east))[:2]] == [1, 0]
    assert (await tickets.get(other.id)).log[-1].detail["freed_visit_from"] == afternoon.visit_from.isoformat()
    if is_taken_meanwhile:
        await booked(service, third, afternoon)
    await tickets.merges.unmerge(other.id, AGENT)
    assert await visit_of(tickets, head) == (morning.visit_from, morning.visit_until, True)
    assert await visit_of(tickets, other) == (afternoon.visit_from, afternoon.visit_until, not is_taken_meanwhile)
    assert [window.booked for window in (await free(service, place.east))[:2]] == [1, 1]


async def test_h26_a_ticket_that_goes_to_another_department_gives_the_place_back(
    service: AppointmentService, tickets: TicketService, place: Place, database: Database
) -> None:
    morning = (await free(service, place.east))[0]
    ticket = await fault(tickets, place, 1)
    await booked(service, ticket, morning)
    await tickets.dispatch(ticket.id, place.east, AGENT)
    assert await visit_of(tickets, ticket) == (morning.visit_from, morning.visit_until, True)

    await tickets.dispatch(ticket.id, place.west, AGENT)

    assert await visit_of(tickets, ticket) == NONE
    assert (await free(service, place.east))[0].booked == 0
    assert (await tickets.get(ticket.id)).log[-1].detail["freed_visit_from"] == morning.visit_from.isoformat()
    assert datetime.fromisoformat((await told(database, "dispatch"))[-1]["freed_visit_from"]) == morning.visit_from


async def test_h26_visit_stays_with_a_ticket_passed_up_and_answered(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    morning = (await free(service, place.east))[0]
    ticket = await fault(tickets, place, 1)
    await booked(service, ticket, morning)
    await tickets.sign(ticket.id, place.worker(place.east))

    await tickets.tiers.pass_up(ticket.id, "需公司协调", place.worker(place.east))

    assert await visit_of(tickets, ticket) == (morning.visit_from, morning.visit_until, True)


async def test_h3_a_wish_becomes_a_visit_where_the_department_has_a_place_and_stays_a_wish_where_not(
    service: AppointmentService, tickets: TicketService, place: Place, database: Database
) -> None:
    morning, afternoon, *_ = await free(service, place.east)
    inside: dict[str, Any] = {"visit_from": morning.visit_from.replace(minute=45), "visit_until": morning.visit_until}
    across: dict[str, Any] = {"visit_from": morning.visit_from, "visit_until": afternoon.visit_until}
    first, second, third = [
        await tickets.file(place.fault(address=f"幸福路{house}号", **wish), AGENT)
        for house, wish in enumerate((inside, inside, across), start=1)
    ]
    assert not first.visit_booked

    for ticket in (first, second, third):
        await tickets.dispatch(ticket.id, place.east, AGENT)

    assert await visit_of(tickets, first) == (morning.visit_from, morning.visit_until, True)
    assert await visit_of(tickets, second) == (*inside.values(), False)
    assert await visit_of(tickets, third) == (*across.values(), False)
    assert (await free(service, place.east))[0].booked == 1
    (told_first, *_) = await told(database, "dispatch")
    assert datetime.fromisoformat(told_first["visit_from"]) == morning.visit_from
    # Another department may have a free window for the wish.
    await tickets.dispatch(second.id, place.west, AGENT)
    assert await visit_of(tickets, second) == (morning.visit_from, morning.visit_until, True)
