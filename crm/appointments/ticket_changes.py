"""A visit follows its ticket: through merges, to another department, from a wish to a place (H3, H4, H26)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments import store
from crm.appointments.model import Appointment
from crm.tickets.model import SYSTEM, VISITED, Ticket, TicketStatus
from crm.tickets.transitions import TicketAction
from crm.tickets.visibility import others
from foundation.clock import utc_now
from foundation.ids import new_id


class VisitUpdater:
    """Hears of every change of a ticket, and keeps its visit. A change of a ticket without one costs nothing here."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    async def changed(
        self,
        session: AsyncSession,
        ticket: Ticket,
        action: TicketAction,
        before: TicketStatus | None,  # noqa: ARG002 - as every listener is told
        detail: dict[str, Any],
    ) -> Mapping[str, Any]:
        """Move, free or book the ticket's visit; the log and whoever hears of the change are told the same of it."""
        told: dict[str, Any] = {}
        if action is TicketAction.MERGE:
            told = await self._merge(session, ticket, detail["into"])
        elif action is TicketAction.ABSORB:
            told = await self._came_by_merge(session, ticket, detail["merged"])
        elif action is TicketAction.UNMERGE:
            told = await self._unmerge(session, ticket, detail["out_of"])
        elif action is TicketAction.RELEASE:
            told = await self._went_back(session, ticket, detail["unmerged"])
        elif "to_department" in detail:
            told = await self._hand_over(session, ticket)
        detail.update(told)
        return told

    async def _hand_over(self, session: AsyncSession, ticket: Ticket) -> dict[str, Any]:
        """Only who has something to do with the ticket visits for it; a wish becomes a place where there is one."""
        if not ticket.visit_booked:
            return await self._book_wish(session, ticket)
        visit = await store.active(session, ticket.id)
        if visit is None or visit.department_id == ticket.department_id:
            return {}
        if visit.department_id in await others(session, ticket):
            return {}
        ticket.visit_from, ticket.visit_until = None, None
        return _free(ticket, visit)

    async def _merge(self, session: AsyncSession, ticket: Ticket, into_id: str) -> dict[str, Any]:
        """The agreed visit goes to the ticket that stands for both; where that has one, this one's place is free."""
        visit = await store.active(session, ticket.id) if ticket.visit_booked else None
        if visit is None:
            return {}
        head = await session.get_one(Ticket, into_id)
        if head.visit_booked:
            return _free(ticket, visit)
        visit.moved = {"from": ticket.id, "wish": [_iso(head.visit_from), _iso(head.visit_until)]}
        visit.ticket_id = head.id
        _give(head, visit.visit_from, visit.visit_until, booked=True)
        _give(ticket, None, None, booked=False)
        return {"visit_from": _iso(visit.visit_from), "visit_until": _iso(visit.visit_until)}

    async def _came_by_merge(self, session: AsyncSession, ticket: Ticket, merged_id: str) -> dict[str, Any]:
        visit = await store.active(session, ticket.id) if ticket.visit_booked else None
        if visit is None or (visit.moved or {}).get("from") != merged_id:
            return {}
        return {"visit_from": _iso(visit.visit_from), "visit_until": _iso(visit.visit_until)}

    async def _unmerge(self, session: AsyncSession, ticket: Ticket, out_of_id: str) -> dict[str, Any]:
        """The visit comes back, unless another was agreed meanwhile; a place that was set free is taken again."""
        head = await session.get_one(Ticket, out_of_id)
        visit = await store.active(session, head.id) if head.visit_booked else None
        moved = (visit.moved if visit is not None else None) or {}
        if visit is not None and moved.get("from") == ticket.id:
            wish_from, wish_until = (datetime.fromisoformat(at) if at else None for at in moved["wish"])
            _give(head, wish_from, wish_until, booked=False)
            _give(ticket, visit.visit_from, visit.visit_until, booked=True)
            visit.ticket_id, visit.moved = ticket.id, {"back_from": head.id}
            return {"visit_from": _iso(visit.visit_from), "visit_until": _iso(visit.visit_until)}
        freed = next(reversed(await store.of_ticket(session, ticket.id)), None) if ticket.visit_from else None
        if freed is None or (freed.visit_from, freed.cancelled_by) != (ticket.visit_from, SYSTEM.name):
            return {}
        return await self._book_wish(session, ticket, freed.department_id)

    async def _went_back(self, session: AsyncSession, ticket: Ticket, unmerged_id: str) -> dict[str, Any]:
        visit = await store.active(session, unmerged_id)
        if visit is None or visit.moved != {"back_from": ticket.id}:
            return {}
        visit.moved = None
        return {"freed_visit_from": _iso(visit.visit_from)}

    async def _book_wish(
        self, session: AsyncSession, ticket: Ticket, department_id: str | None = None
    ) -> dict[str, Any]:
        """Book the window in which the customer wished a visit; without room it stays a wish."""
        department_id = department_id or ticket.department_id
        if ticket.visit_from is None or ticket.visit_until is None or department_id is None:
            return {}
        if ticket.kind not in VISITED or ticket.visit_from <= utc_now():
            return {}
        found = await store.window_around(session, department_id, self._zone, ticket.visit_from, ticket.visit_until)
        if found is None or await store.booked_in(session, department_id, found.visit_from) >= found.places:
            return {}
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
        return {"visit_from": _iso(visit.visit_from), "visit_until": _iso(visit.visit_until)}


def _free(ticket: Ticket, visit: Appointment) -> dict[str, Any]:
    visit.cancelled_at, visit.cancelled_by = utc_now(), SYSTEM.name
    ticket.visit_booked = False
    return {"freed_visit_from": _iso(visit.visit_from)}


def _give(ticket: Ticket, visit_from: datetime | None, visit_until: datetime | None, *, booked: bool) -> None:
    ticket.visit_from, ticket.visit_until, ticket.visit_booked = visit_from, visit_until, booked


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
