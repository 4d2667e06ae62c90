"""Resolve deadlines follow agreed visits (H3, H18)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine

from crm.appointments.model import BookVisit, WeekInput
from crm.appointments.service import AppointmentService
from crm.appointments.ticket_changes import VisitUpdater
from crm.sla.hours import OpenSpan, WorkingHours
from crm.sla.policy import ClockKind
from crm.sla.service import SlaService
from crm.tickets.merges.model import MergeTicket
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.database import Database
from tests.unit.crm.appointments.test_appointments import week
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place
from tests.unit.crm.sla.clock_kit import ADMINISTRATOR, MONDAY, POLICY, Clocks, local, minutes

OWN = local("2026-03-03 11:00")
"""Deadline of a ticket filed on Monday at nine with ten hours of office time."""
WEDNESDAY = local("2026-03-04 08:30")
BEHIND_WEDNESDAY = local("2026-03-04 14:00")
"""An hour of office time after the visit's end at 11:30: half of it before the lunch break."""
THURSDAY = local("2026-03-05 14:00")
BEHIND_THURSDAY = local("2026-03-05 18:00")


@dataclass
class Visits(Clocks):
    """Node with deadlines and visits of its tickets."""

    appointments: AppointmentService

    async def dispatched(self, place: Place, house: int = 1, **given: Any) -> TicketView:
        ticket = await self.tickets.file(place.fault(address=f"幸福路{house}号", **given), AGENT)
        return await self.tickets.dispatch(ticket.id, place.east, AGENT)


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
async def visits(database: Database, place: Place, now: time_machine.Traveller) -> Visits:
    sla = SlaService(database)
    tickets = TicketService(database, listeners=[VisitUpdater(), sla.deadlines], deadlines=sla.deadlines)
    made = Visits(database, tickets, sla, AppointmentService(database, tickets))
    await made.enter()
    for department_id in (place.east, place.west):
        await made.appointments.enter_week(department_id, week(5))
    return made


async def test_h3_booked_visit_moves_the_deadline_and_cancelling_moves_it_back(visits: Visits, place: Place) -> None:
    ticket = await visits.dispatched(place)
    assert await visits.due(ticket.id) == OWN

    await visits.appointments.book(ticket.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    assert await visits.due(ticket.id) == BEHIND_WEDNESDAY
    clock = (await visits.of(ticket.id))[ClockKind.RESOLVE]
    assert clock.next_at is not None
    assert clock.next_at > OWN
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), AGENT)
    assert await visits.due(ticket.id) == BEHIND_THURSDAY
    await visits.appointments.book(ticket.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    assert await visits.due(ticket.id) == BEHIND_WEDNESDAY

    await visits.appointments.cancel(ticket.id, "用户改期", AGENT)
    assert await visits.due(ticket.id) == OWN


async def test_h3_visit_before_the_deadline_moves_nothing(visits: Visits, place: Place) -> None:
    ticket = await visits.dispatched(place, urgency="urgent")
    own = await visits.due(ticket.id)
    soon = {"weekday": 1, "from_clock": "09:15", "until_clock": "09:30", "places": 1}
    await visits.appointments.enter_week(place.east, WeekInput.model_validate({"windows": [soon]}))
    await visits.appointments.book(ticket.id, BookVisit(visit_from=local("2026-03-02 09:15")), AGENT)
    assert await visits.due(ticket.id) == own


async def test_h3_wish_that_is_booked_by_the_dispatch_moves_the_deadline(visits: Visits, place: Place) -> None:
    until = local("2026-03-04 11:30")
    ticket = await visits.dispatched(place, visit_from=WEDNESDAY, visit_until=until)
    assert ticket.visit_booked
    assert await visits.due(ticket.id) == BEHIND_WEDNESDAY

    # The other department does not know of the visit: it is cancelled.
    await visits.tickets.dispatch(ticket.id, place.west, AGENT)
    assert await visits.due(ticket.id) == OWN


async def test_h3_cancelled_visit_leaves_a_share_of_the_time(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await visits.dispatched(place)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), AGENT)
    now.move_to(local("2026-03-04 09:00"))
    await visits.appointments.cancel(ticket.id, "用户改期", AGENT)
    # The own deadline has passed: half of the ten hours is left.
    assert await visits.due(ticket.id) == local("2026-03-04 15:30")


async def test_h18_deadline_that_has_passed_stays_passed(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await visits.dispatched(place)
    now.move_to(OWN + minutes(1))
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), AGENT)
    assert await visits.due(ticket.id) == OWN


async def test_h18_granted_extension_outlasts_a_cancelled_visit(visits: Visits, place: Place) -> None:
    ticket, worker = await visits.dispatched(place), place.worker(place.east)
    await visits.tickets.sign(ticket.id, worker)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=WEDNESDAY), worker)
    until = local("2026-03-06 12:00")
    await visits.tickets.extensions.ask(ticket.id, until, "缺配件", worker)
    await visits.tickets.extensions.grant(ticket.id, "情况属实", SUPERVISOR)
    await visits.appointments.cancel(ticket.id, "用户改期", worker)
    assert await visits.due(ticket.id) == until


async def test_h4_visit_that_comes_by_a_merge_moves_the_heads_deadline(visits: Visits, place: Place) -> None:
    head, other = await visits.dispatched(place, 1), await visits.dispatched(place, 2)
    await visits.appointments.book(other.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    await visits.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    assert await visits.due(head.id) == BEHIND_WEDNESDAY


async def test_h18_hand_over_shifts_the_deadline_without_the_visit(visits: Visits, place: Place) -> None:
    mornings = WorkingHours(workday=[OpenSpan(opens="08:00", closes="12:00")], day_off=[])
    await visits.service.enter_hours(place.west, mornings, ADMINISTRATOR)
    ticket, plain = await visits.dispatched(place, 1), await visits.dispatched(place, 2)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), AGENT)
    for one in (ticket, plain):
        await visits.tickets.dispatch(one.id, place.west, AGENT)
    # The other department does not know of the visit: it is cancelled, and leaves no time behind.
    assert await visits.due(ticket.id) == await visits.due(plain.id)


async def test_h18_pause_shifts_the_deadline_without_the_visit(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await visits.dispatched(place), place.worker(place.east)
    await visits.tickets.sign(ticket.id, worker)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), worker)
    await visits.tickets.park(ticket.id, "等用户", worker)
    now.shift(minutes(60))
    await visits.tickets.unpark(ticket.id, worker)
    assert await visits.due(ticket.id) == BEHIND_THURSDAY
    await visits.appointments.cancel(ticket.id, "用户改期", worker)
    assert await visits.due(ticket.id) == OWN + minutes(60)


async def test_h18_visit_cancelled_during_a_pause_leaves_the_time_before_the_pause(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await visits.dispatched(place), place.worker(place.east)
    await visits.tickets.sign(ticket.id, worker)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), worker)
    await visits.tickets.park(ticket.id, "等用户", worker)
    now.shift(minutes(30))
    await visits.appointments.cancel(ticket.id, "用户改期", AGENT)
    now.shift(minutes(30))
    await visits.tickets.unpark(ticket.id, worker)
    assert await visits.due(ticket.id) == OWN + minutes(60)


async def test_h18_urgent_ticket_is_not_due_before_its_visit(visits: Visits, place: Place) -> None:
    ticket = await visits.dispatched(place)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    await visits.tickets.file(place.fault("+8613800000002", address="幸福路1号", urgency="critical"), AGENT)
    assert (await visits.of(ticket.id))[ClockKind.RESOLVE].round_the_clock
    # An hour around the clock after the visit's end.
    assert await visits.due(ticket.id) == local("2026-03-04 12:30")
    await visits.appointments.cancel(ticket.id, "用户改期", AGENT)
    assert await visits.due(ticket.id) == MONDAY + minutes(60)


async def test_h18_ticket_under_a_new_policy_is_not_due_before_its_visit(visits: Visits, place: Place) -> None:
    ticket = await visits.dispatched(place)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), AGENT)
    shorter = POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 300}]}
    await visits.enter(shorter, effective_from=MONDAY + minutes(1), reaches_open=True)
    while await visits.service.runner.change_over(MONDAY + minutes(1)):
        pass
    assert await visits.due(ticket.id) == BEHIND_THURSDAY
    await visits.appointments.cancel(ticket.id, "用户改期", AGENT)
    # Five hours from nine, without the lunch break.
    assert await visits.due(ticket.id) == local("2026-03-02 15:30")


async def test_h18_redo_is_not_due_before_the_visit(visits: Visits, place: Place) -> None:
    ticket, worker = await visits.dispatched(place), place.worker(place.east)
    await visits.tickets.sign(ticket.id, worker)
    await visits.appointments.book(ticket.id, BookVisit(visit_from=THURSDAY), worker)
    await visits.tickets.reply(ticket.id, "已修好", worker)
    await visits.tickets.redo(ticket.id, "仍不热", None, SUPERVISOR)
    assert await visits.due(ticket.id) == BEHIND_THURSDAY


async def test_h4_merged_ticket_does_not_make_the_head_due_before_its_visit(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    other = await visits.dispatched(place, 2)
    now.shift(minutes(60))
    head = await visits.dispatched(place, 1)
    own = await visits.due(head.id)
    await visits.appointments.book(head.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    await visits.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    assert await visits.due(head.id) == BEHIND_WEDNESDAY
    await visits.tickets.merges.unmerge(other.id, AGENT)
    assert await visits.due(head.id) == BEHIND_WEDNESDAY
    await visits.appointments.cancel(head.id, "用户改期", AGENT)
    assert await visits.due(head.id) == own


@pytest.mark.parametrize("cancelled", [False, True])
async def test_h4_head_has_its_own_deadline_after_the_visit_and_the_merge_are_gone(
    visits: Visits, place: Place, now: time_machine.Traveller, cancelled: bool
) -> None:
    other = await visits.dispatched(place, 2)
    now.shift(minutes(60))
    head = await visits.dispatched(place, 1)
    own = await visits.due(head.id)
    await visits.appointments.book(other.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    await visits.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    assert await visits.due(head.id) == BEHIND_WEDNESDAY
    if cancelled:
        await visits.appointments.cancel(head.id, "用户改期", AGENT)
    await visits.tickets.merges.unmerge(other.id, AGENT)
    assert await visits.due(head.id) == own
    assert own > OWN
    assert await visits.due(other.id) == (OWN if cancelled else BEHIND_WEDNESDAY)


async def test_h4_visit_agreed_after_a_merge_leaves_the_heads_own_deadline(
    visits: Visits, place: Place, now: time_machine.Traveller
) -> None:
    other = await visits.dispatched(place, 2)
    now.shift(minutes(60))
    head = await visits.dispatched(place, 1)
    own = await visits.due(head.id)
    await visits.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    assert await visits.due(head.id) == OWN
    await visits.appointments.book(head.id, BookVisit(visit_from=WEDNESDAY), AGENT)
    await visits.tickets.merges.unmerge(other.id, AGENT)
    assert await visits.due(head.id) == BEHIND_WEDNESDAY
    await visits.appointments.cancel(head.id, "用户改期", AGENT)
    assert await visits.due(head.id) == own
