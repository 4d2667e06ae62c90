"""Visits follow their tickets through merges and dispatches (H3, H4, H26)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments import store
from crm.appointments.model import Appointment
from crm.appointments.notice import USUAL_NOTICE, VisitNotice
from crm.tickets.model import SYSTEM, VISITED, Ticket
from crm.tickets.state_change import ChangeEffects, StateChange
from crm.tickets.transitions import TicketAction
from crm.tickets.visibility import others
from foundation.clock import utc_now
from foundation.ids import new_id


class VisitUpdater:
    """Listener that updates visits; other changes cost no statement."""

    def __init__(self, notice: VisitNotice = USUAL_NOTICE) -> None:
        self._notice = notice

    async def changed(self, session: AsyncSession, change: StateChange) -> ChangeEffects:
        """Move, cancel or book the ticket's visit; return what changed.

        Raises:
            VisitTooSoon: a report wishes a visit on short notice, and is not urgent.
        """
        ticket = change.ticket
        self._check_wish(change)
        if change.action is TicketAction.CANCEL and ticket.visit_booked:
            return await self._cancel(session, ticket)
        if change.facts.to_department is not None:
            return await self._hand_over(session, ticket)
        return await self._follow_merge(session, ticket, change)

    def _check_wish(self, change: StateChange) -> None:
        ticket = change.ticket
        wish = {TicketAction.FILE: ticket.visit_from, TicketAction.APPEND: change.facts.visit_from}.get(change.action)
        if wish is not None:
            self._notice.require(ticket, wish, change.asked_at)

    async def _follow_merge(self, session: AsyncSession, ticket: Ticket, change: StateChange) -> ChangeEffects:
        facts = change.facts
        if change.action is TicketAction.MERGE and facts.into is not None:
            return await self._merge(session, ticket, facts.into)
        if change.action is TicketAction.ABSORB and facts.merged is not None:
            return await self._came_by_merge(session, ticket, facts.merged)
        if change.action is TicketAction.UNMERGE and facts.out_of is not None:
            return await self._unmerge(session, ticket, facts.out_of)
        if change.action is TicketAction.RELEASE and facts.unmerged is not None:
            return await self._went_back(session, ticket, facts.unmerged)
        return ChangeEffects()

    async def _cancel(self, session: AsyncSession, ticket: Ticket) -> ChangeEffects:
        """Cancel the coming visit of a cancelled ticket."""
        visit = await store.active(session, ticket.id)
        if visit is None or visit.visit_from <= utc_now():
            return ChangeEffects()
        return _free(ticket, visit)

    async def _hand_over(self, session: AsyncSession, ticket: Ticket) -> ChangeEffects:
        """Book the wish, or cancel the visit of another department."""
        if not ticket.visit_booked:
            return await self._book_wish(session, ticket)
        visit = await store.active(session, ticket.id)
        if visit is None or visit.department_id == ticket.department_id:
            return ChangeEffects()
        if visit.department_id in await others(session, ticket):
            return ChangeEffects()
        ticket.visit_from, ticket.visit_until = None, None
        return _free(ticket, visit)

    async def _merge(self, session: AsyncSession, ticket: Ticket, into_id: str) -> ChangeEffects:
        """Move the visit to the head; where that has one, cancel it."""
        visit = await store.active(session, ticket.id) if ticket.visit_booked else None
        if visit is None:
            return ChangeEffects()
        head = await session.get_one(Ticket, into_id)
        if head.visit_booked:
            return _free(ticket, visit) | ChangeEffects(visit_from=head.visit_from, visit_until=head.visit_until)
        visit.moved = {"from": ticket.id, "wish": [_iso(head.visit_from), _iso(head.visit_until)]}
        visit.ticket_id = head.id
        _give(head, visit.visit_from, visit.visit_until, booked=True)
        _give(ticket, None, None, booked=False)
        return ChangeEffects(visit_from=visit.visit_from, visit_until=visit.visit_until)

    async def _came_by_merge(self, session: AsyncSession, ticket: Ticket, merged_id: str) -> ChangeEffects:
        visit = await store.active(session, ticket.id) if ticket.visit_booked else None
        if visit is None or (visit.moved or {}).get("from") != merged_id:
            return ChangeEffects()
        return ChangeEffects(visit_from=visit.visit_from, visit_until=visit.visit_until)

    async def _unmerge(self, session: AsyncSession, ticket: Ticket, out_of_id: str) -> ChangeEffects:
        """Move the visit back, or book a cancelled one again.

        A visit that was moved since the merge stays with the head.
        """
        head = await session.get_one(Ticket, out_of_id)
        visit = await store.active(session, head.id) if head.visit_booked else None
        moved = (visit.moved if visit is not None else None) or {}
        if visit is not None and moved.get("from") == ticket.id:
            wish_from, wish_until = (datetime.fromisoformat(at) if at else None for at in moved["wish"])
            _give(head, wish_from, wish_until, booked=False)
            _give(ticket, visit.visit_from, visit.visit_until, booked=True)
            visit.ticket_id, visit.moved = ticket.id, {"back_from": head.id}
            return ChangeEffects(visit_from=visit.visit_from, visit_until=visit.visit_until)
        freed = next(reversed(await store.of_ticket(session, ticket.id)), None) if ticket.visit_from else None
        if freed is None or (freed.visit_from, freed.cancelled_by) != (ticket.visit_from, SYSTEM.name):
            return ChangeEffects()
        return await self._book_wish(session, ticket, freed.department_id)

    async def _went_back(self, session: AsyncSession, ticket: Ticket, unmerged_id: str) -> ChangeEffects:
        visit = await store.active(session, unmerged_id)
        if visit is None or visit.moved != {"back_from": ticket.id}:
            return ChangeEffects()
        visit.moved = None
        return ChangeEffects(freed_visit_from=visit.visit_from)

    async def _book_wish(
        self, session: AsyncSession, ticket: Ticket, department_id: str | None = None
    ) -> ChangeEffects:
        """Book the window of the customer's wish, where a place is free.

        A wish that is on short notice by now stays a wish: the dispatch is not refused for it.
        """
        department_id = department_id or ticket.department_id
        if ticket.visit_from is None or ticket.visit_until is None or department_id is None:
            return ChangeEffects()
        now = utc_now()
        if ticket.kind not in VISITED or ticket.visit_from <= now:
            return ChangeEffects()
        if ticket.visit_from < self._notice.earliest(ticket, now):
            return ChangeEffects()
        zone = self._notice.zone
        found = await store.window_around(session, department_id, zone, ticket.visit_from, ticket.visit_until)
        if found is None or await store.booked_in(session, department_id, found.visit_from) >= found.places:
            return ChangeEffects()
        visit = Appointment(
            id=new_id("appointment"),
            ticket_id=ticket.id,
            department_id=department_id,
            visit_from=found.visit_from,
            visit_until=found.visit_until,
            booked_at=utc_now(),
            booked_by=SYSTEM.name,
        )
        session.add(visit)
        _give(ticket, visit.visit_from, visit.visit_until, booked=True)
        return ChangeEffects(visit_from=visit.visit_from, visit_until=visit.visit_until)


def _free(ticket: Ticket, visit: Appointment) -> ChangeEffects:
    visit.cancelled_at, visit.cancelled_by = utc_now(), SYSTEM.name
    ticket.visit_booked = False
    return ChangeEffects(freed_visit_from=visit.visit_from)


def _give(ticket: Ticket, visit_from: datetime | None, visit_until: datetime | None, *, booked: bool) -> None:
    ticket.visit_from, ticket.visit_until, ticket.visit_booked = visit_from, visit_until, booked


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
