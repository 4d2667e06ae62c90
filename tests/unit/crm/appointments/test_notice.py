"""Visits are a workday ahead, whatever role books them (H26)."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from crm.appointments.errors import VisitTooSoon
from crm.appointments.model import BookVisit, FreeQuery
from crm.appointments.notice import VisitNotice
from crm.appointments.service import AppointmentService
from crm.appointments.ticket_changes import VisitUpdater
from crm.tickets.inputs import FileTicket
from crm.tickets.service import TicketService
from foundation.database import Database
from tests.unit.crm.appointments.test_appointments import week
from tests.unit.crm.conftest import AGENT, Place

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2026, 3, 6, 3, 4, tzinfo=SHANGHAI)
MORNING = datetime(2026, 3, 6, 8, 30, tzinfo=SHANGHAI)
MONDAY = datetime(2026, 3, 9, 8, 30, tzinfo=SHANGHAI)


async def test_h26_the_same_day_and_the_weekend_are_neither_offered_nor_booked(
    database: Database, tickets: TicketService, place: Place
) -> None:
    service = AppointmentService(database, tickets, VisitNotice(is_workday=lambda day: day.isoweekday() < 6))
    with time_machine.travel(FRIDAY, tick=False):
        await service.enter_week(place.east, week(2))
        ticket = await tickets.file(place.fault(address="幸福路1号"), AGENT)
        await tickets.dispatch(ticket.id, place.east, AGENT)
        worker = place.worker(place.east)

        assert (await service.free(place.east, FreeQuery()))[0].visit_from == MONDAY
        for actor in (AGENT, worker):
            with pytest.raises(VisitTooSoon) as refusal:
                await service.book(ticket.id, BookVisit(visit_from=MORNING), actor)
            assert [one.field for one in refusal.value.errors] == ["visit_from"]
        assert (await service.book(ticket.id, BookVisit(visit_from=MONDAY), worker)).visit_from == MONDAY


async def test_h26_an_urgent_visit_may_be_the_same_day(
    database: Database, tickets: TicketService, place: Place
) -> None:
    service = AppointmentService(database, tickets)
    with time_machine.travel(FRIDAY, tick=False):
        await service.enter_week(place.east, week(2))
        ticket = await tickets.file(place.fault(address="幸福路1号", urgency="urgent"), AGENT)
        await tickets.dispatch(ticket.id, place.east, AGENT)

        assert (await service.free(place.east, FreeQuery(urgent=True)))[0].visit_from == MORNING
        booked = await service.book(ticket.id, BookVisit(visit_from=MORNING), place.worker(place.east))
        assert booked.visit_from == MORNING


WORKDAYS = VisitNotice(is_workday=lambda day: day.isoweekday() < 6)
TODAY: dict[str, Any] = {"visit_from": MORNING, "visit_until": MORNING + timedelta(hours=2)}
ON_MONDAY: dict[str, Any] = {"visit_from": MONDAY, "visit_until": MONDAY + timedelta(hours=2)}


async def test_h26_a_wish_on_short_notice_is_refused_at_its_field(database: Database, place: Place) -> None:
    tickets = TicketService(database, listeners=[VisitUpdater(WORKDAYS)])
    with time_machine.travel(FRIDAY, tick=False):
        for _ in ("a new ticket", "a report to the open one"):
            with pytest.raises(VisitTooSoon) as refusal:
                await tickets.file(place.fault(address="幸福路1号", **TODAY), AGENT)
            rule = "must be 2026-03-09T00:00:00+08:00 or later"
            assert [(one.field, one.rule) for one in refusal.value.errors] == [("visit_from", rule)]
            await tickets.file(place.fault(address="幸福路1号"), AGENT)
        assert (await tickets.file(place.fault(address="幸福路2号", **ON_MONDAY), AGENT)).visit_from == MONDAY
        urgent = place.fault(address="幸福路3号", urgency="urgent", **TODAY)
        assert (await tickets.file(urgent, AGENT)).visit_from == MORNING


async def test_h26_a_wish_that_waited_for_the_database_is_judged_as_of_its_making(
    database: Database, place: Place
) -> None:
    tickets = TicketService(database, listeners=[VisitUpdater(WORKDAYS)])
    with time_machine.travel(FRIDAY, tick=False):
        given = place.fault(address="幸福路1号", **TODAY).model_dump(mode="json")
        waited = FileTicket.model_validate(given, context={"asked_at": FRIDAY - timedelta(days=1)})
        assert (await tickets.file(waited, AGENT)).visit_from == MORNING


async def test_h26_a_dispatch_books_no_wish_that_is_on_short_notice_by_now(database: Database, place: Place) -> None:
    tickets = TicketService(database, listeners=[VisitUpdater(WORKDAYS)])
    service = AppointmentService(database, tickets, WORKDAYS)
    with time_machine.travel(FRIDAY - timedelta(days=1), tick=False):
        await service.enter_week(place.east, week(2))
        late, early = [await tickets.file(place.fault(address=f"幸福路{n}号", **TODAY), AGENT) for n in (1, 2)]
        assert (await tickets.dispatch(early.id, place.east, AGENT)).visit_booked
    with time_machine.travel(FRIDAY, tick=False):
        handed = await tickets.dispatch(late.id, place.east, AGENT)
    assert (handed.visit_from, handed.visit_booked) == (MORNING, False)


@pytest.mark.parametrize(("workdays", "first"), [(0, 6), (1, 9), (3, 11)])
def test_the_notice_is_as_long_as_the_operator_says(workdays: int, first: int) -> None:
    assert VisitNotice(is_workday=WORKDAYS.is_workday, workdays=workdays).earliest_day(FRIDAY).day == first
