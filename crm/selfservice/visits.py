"""Visits that customers change without signing in (H26)."""

import hmac

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments.model import BookVisit, FreeQuery
from crm.appointments.service import AppointmentService
from crm.selfservice import store
from crm.selfservice.errors import NoVisitAhead, WrongVisitCode
from crm.selfservice.limits import Limit, Limiter
from crm.selfservice.model import OfferedWindow, PublicVisit, VisitCancel, VisitMove, VisitQuery
from crm.tickets.model import Actor, ActorKind, Ticket
from foundation.clock import utc_now
from foundation.database import Database

QUESTIONS_OF_ADDRESS = Limit(30, 600)
QUESTIONS_ABOUT_VISIT = Limit(20, 3600)
"""Right or wrong: eight digits are not guessed in so few."""
CHANGES_OF_VISIT = Limit(4, 86_400)
DAYS = 14


class PublicVisits:
    """Shows, moves and cancels the visit of a ticket with one reporter."""

    def __init__(self, database: Database, appointments: AppointmentService, limiter: Limiter) -> None:
        self._database = database
        self._appointments = appointments
        self._limiter = limiter

    async def offer(self, given: VisitQuery, address: str) -> PublicVisit:
        """Return the visit, and the windows to which it can be moved.

        Raises:
            WrongVisitCode: number and code do not belong together, or several people reported the matter.
            TooMany: from this address, or about this ticket.
        """
        ticket, _ = await self._ticket(given, address)
        ahead = _is_ahead(ticket)
        windows = await self._windows(ticket) if ahead else []
        return PublicVisit(
            number=ticket.number,
            visit_from=ticket.visit_from if ahead else None,
            visit_until=ticket.visit_until if ahead else None,
            windows=windows,
        )

    async def move(self, given: VisitMove, address: str) -> PublicVisit:
        """Move the visit; a full window is refused, and the visit stays.

        Raises:
            WrongVisitCode, TooMany: as for the question.
            NoVisitAhead: there is no visit, or it has begun.
            NoSuchWindow, WindowFull: the window is not free.
        """
        ticket, actor = await self._changing(given, address)
        await self._appointments.book(ticket.id, BookVisit(visit_from=given.visit_from), actor)
        return await self.offer(VisitQuery(number=given.number, code=given.code), address)

    async def cancel(self, given: VisitCancel, address: str) -> PublicVisit:
        """Cancel the visit; the department can book it again.

        Raises:
            WrongVisitCode, TooMany: as for the question.
            NoVisitAhead: there is no visit, or it has begun.
        """
        ticket, actor = await self._changing(given, address)
        await self._appointments.cancel(ticket.id, given.reason, actor)
        return await self.offer(VisitQuery(number=given.number, code=given.code), address)

    async def _changing(self, given: VisitQuery, address: str) -> tuple[Ticket, Actor]:
        ticket, actor = await self._ticket(given, address)
        if not _is_ahead(ticket):
            raise NoVisitAhead
        await self._limiter.count("visit-change", given.number, CHANGES_OF_VISIT)
        return ticket, actor

    async def _ticket(self, given: VisitQuery, address: str) -> tuple[Ticket, Actor]:
        """Return the ticket of a number and its code, with the reporter."""
        await self._limiter.count("visit", address, QUESTIONS_OF_ADDRESS)
        await self._limiter.count("visit-ticket", given.number, QUESTIONS_ABOUT_VISIT)
        async with self._database.read() as session:
            found = await store.ticket_of(session, given.number)
            # Compared also where there is nothing, so that no answer is quicker than another.
            code = found[0].visit_code if found is not None else ""
            matches = hmac.compare_digest(code.rjust(8, "-"), given.code)
            if found is None or not matches or found[0] is not found[1]:
                raise WrongVisitCode
            return found[0], await _reporter(session, found[0])

    async def _windows(self, ticket: Ticket) -> list[OfferedWindow]:
        if ticket.department_id is None:
            return []
        first = self._appointments.notice.earliest(ticket, utc_now(), by_caller=True)
        free = await self._appointments.free(ticket.department_id, FreeQuery(days=DAYS))
        return [
            OfferedWindow(visit_from=one.visit_from, visit_until=one.visit_until)
            for one in free
            if one.free > 0 and one.visit_from >= first
        ]


async def _reporter(session: AsyncSession, ticket: Ticket) -> Actor:
    """Return the only reporter.

    The visit of several is a matter of the hotline.
    """
    reporters = await store.reporters_of(session, ticket.id)
    if len(reporters) != 1:
        raise WrongVisitCode
    return Actor(kind=ActorKind.CALLER, id=reporters[0].customer_id, name=reporters[0].name)


def _is_ahead(ticket: Ticket) -> bool:
    """Return whether a visit is booked that has not begun."""
    return ticket.visit_booked and ticket.visit_from is not None and ticket.visit_from > utc_now()
