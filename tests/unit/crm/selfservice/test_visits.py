"""Visits changed without signing in, on real databases (H26)."""

import pytest
import time_machine
from sqlmodel import select

from crm.appointments.errors import WindowFull
from crm.appointments.model import BookVisit
from crm.appointments.service import AppointmentService
from crm.selfservice.errors import NoVisitAhead, WrongVisitCode
from crm.selfservice.model import VisitCancel, VisitMove, VisitQuery
from crm.selfservice.service import SelfService
from crm.selfservice.visits import CHANGES_OF_VISIT, QUESTIONS_ABOUT_VISIT, PublicVisits
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.model import Ticket
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.problems import TooMany
from tests.unit.crm.appointments.test_appointments import free, week
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.selfservice.test_self_service import ELSEWHERE, Counting, form


class Visitor:
    """A reporter with the receipt of a report, and a booked visit."""

    def __init__(self, database: Database, tickets: TicketService) -> None:
        self.database, self.tickets = database, tickets
        self.appointments = AppointmentService(database, tickets)
        self.visits = PublicVisits(database, self.appointments, Counting())

    async def reported(self, place: Place, key: str = "key-1") -> Ticket:
        """Report, and have the department book a visit; return the ticket."""
        receipt = await SelfService(self.database, self.tickets, Counting()).report(form(), key, ELSEWHERE)
        await self.appointments.enter_week(place.east, week(1))
        async with self.database.read() as session:
            ticket = (await session.exec(select(Ticket).where(Ticket.number == receipt.number))).one()
        assert ticket.visit_code == receipt.visit_code
        assert len(receipt.visit_code) == 8
        await self.tickets.dispatch(ticket.id, place.east, AGENT)
        first = (await free(self.appointments, place.east))[0]
        await self.appointments.book(ticket.id, BookVisit(visit_from=first.visit_from), place.worker(place.east))
        return ticket


@pytest.fixture
def visitor(database: Database, tickets: TicketService) -> Visitor:
    return Visitor(database, tickets)


async def test_h26_a_reporter_moves_and_cancels_and_the_department_books_again(visitor: Visitor, place: Place) -> None:
    ticket = await visitor.reported(place)
    asked = VisitQuery(number=ticket.number, code=ticket.visit_code)
    offered = await visitor.visits.offer(asked, ELSEWHERE)
    assert offered.visit_from is not None
    assert offered.visit_from not in [one.visit_from for one in offered.windows]
    other = offered.windows[-1]

    moved = await visitor.visits.move(VisitMove(**asked.model_dump(), visit_from=other.visit_from), ELSEWHERE)
    assert (moved.visit_from, moved.visit_until) == (other.visit_from, other.visit_until)
    left = await visitor.visits.cancel(VisitCancel(**asked.model_dump(), reason="家里没人"), ELSEWHERE)
    assert (left.visit_from, left.windows) == (None, [])
    with pytest.raises(NoVisitAhead):
        await visitor.visits.cancel(VisitCancel(**asked.model_dump()), ELSEWHERE)

    worker = place.worker(place.east)
    again = await visitor.appointments.book(ticket.id, BookVisit(visit_from=other.visit_from), worker)
    assert again.visit_from == other.visit_from
    log = [(one.action, one.actor_kind) for one in (await visitor.tickets.get(ticket.id)).log]
    assert log[-4:] == [
        ("book_visit", "staff"), ("book_visit", "caller"), ("cancel_visit", "caller"), ("book_visit", "staff"),
    ]  # fmt: skip


async def test_h26_a_full_window_is_refused_and_the_visit_stays(visitor: Visitor, place: Place) -> None:
    ticket = await visitor.reported(place)
    window = (await free(visitor.appointments, place.east))[1].visit_from
    other = await visitor.tickets.file(place.fault(address="幸福路77号"), AGENT)
    await visitor.tickets.dispatch(other.id, place.east, AGENT)
    await visitor.appointments.book(other.id, BookVisit(visit_from=window), AGENT)
    with pytest.raises(WindowFull):
        await visitor.visits.move(VisitMove(number=ticket.number, code=ticket.visit_code, visit_from=window), ELSEWHERE)
    offered = await visitor.visits.offer(VisitQuery(number=ticket.number, code=ticket.visit_code), ELSEWHERE)
    assert offered.visit_from is not None


async def test_h26_neither_four_digits_nor_guesses_change_a_visit(visitor: Visitor, place: Place) -> None:
    ticket = await visitor.reported(place)
    wrong = f"{(int(ticket.visit_code) + 1) % 10**8:08d}"
    for number, code in ((ticket.number, wrong), ("99999999999", ticket.visit_code)):
        with pytest.raises(WrongVisitCode):
            await visitor.visits.offer(VisitQuery(number=number, code=code), ELSEWHERE)
    with pytest.raises(ValueError, match="code"):
        VisitQuery(number=ticket.number, code=ticket.visit_code[-4:])
    for guess in range(QUESTIONS_ABOUT_VISIT.most):
        with pytest.raises((WrongVisitCode, TooMany)):
            await visitor.visits.offer(VisitQuery(number=ticket.number, code=wrong), f"203.0.113.{guess}")
    with pytest.raises(TooMany):
        await visitor.visits.offer(VisitQuery(number=ticket.number, code=ticket.visit_code), "203.0.113.99")


async def test_h26_a_visit_is_changed_a_few_times_a_day_and_not_once_it_begins(visitor: Visitor, place: Place) -> None:
    ticket = await visitor.reported(place)
    windows = [one.visit_from for one in await free(visitor.appointments, place.east)]
    # In the evening tomorrow's first window is too soon for a reporter.
    later = windows[1:] * 2
    moves = [VisitMove(number=ticket.number, code=ticket.visit_code, visit_from=one) for one in later]
    for move in moves[: CHANGES_OF_VISIT.most]:
        await visitor.visits.move(move, ELSEWHERE)
    with pytest.raises(TooMany):
        await visitor.visits.move(moves[CHANGES_OF_VISIT.most], ELSEWHERE)
    with time_machine.travel(windows[-1], tick=True), pytest.raises(NoVisitAhead):
        await visitor.visits.cancel(VisitCancel(number=ticket.number, code=ticket.visit_code), ELSEWHERE)


async def test_h26_who_adds_to_a_report_gets_no_code_and_takes_none_away(visitor: Visitor, place: Place) -> None:
    ticket = await visitor.reported(place)
    addition = AppendToTicket(text="我家也是", reporter=Reporter(number="13800000099", name="邻居"))
    await visitor.tickets.append(ticket.id, addition, AGENT)
    with pytest.raises(WrongVisitCode):
        await visitor.visits.offer(VisitQuery(number=ticket.number, code=ticket.visit_code), ELSEWHERE)
