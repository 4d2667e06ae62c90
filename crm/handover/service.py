"""Use cases of shift handover and recurring problems (H23)."""

from datetime import timedelta

from crm.departments.model import Department
from crm.handover import store
from crm.handover.errors import AlreadyAcknowledged, NoSuchHandover, OwnHandover
from crm.handover.model import (
    Acknowledge,
    HandOver,
    Handover,
    HandoverDetail,
    HandoverItem,
    HandoverReason,
    HandoverView,
    LeftOpen,
    ListQuery,
    OpenQuery,
    OpenTicket,
    Recurring,
    RecurringQuery,
)
from crm.tickets.errors import UnknownReference
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.transitions import FIELD
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem, Forbidden
from foundation.routes import LEADERS, Principal, Role

_WHY = {
    TicketStatus.REGISTERED: HandoverReason.UNDISPATCHED,
    TicketStatus.REFUSED: HandoverReason.REFUSED,
    TicketStatus.DISPATCHED: HandoverReason.UNSIGNED,
    TicketStatus.SIGNED: HandoverReason.IN_WORK,
    TicketStatus.PARKED: HandoverReason.WAITS_FOR_CUSTOMER,
    TicketStatus.REPLIED: HandoverReason.TO_CALL_BACK,
    TicketStatus.SURVEY: HandoverReason.TO_CALL_BACK,
}


class HandoverService:
    """Handovers of the desk and of departments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left_open(self, query: OpenQuery) -> LeftOpen:
        """Return the tickets that a department, desk or shift leaves open."""
        async with self._database.read() as session:
            count, tickets = await store.left_open(session, query)
        return LeftOpen(count=count, tickets=[_open(ticket, ticket.status, _why(ticket), "") for ticket in tickets])

    async def hand_over(self, given: HandOver, by: Principal) -> HandoverDetail:
        """End a shift: store its open tickets with notes.

        Raises:
            UnknownReference: no such department, or a note on a ticket that is not open.
        """
        notes = {one.ticket_id: one.note for one in given.tickets}
        handover_id = new_id("handover")
        async with self._database.write() as session:
            if given.department_id is not None and await session.get(Department, given.department_id) is None:
                problem = FieldProblem(field="department_id", rule="must exist")
                raise UnknownReference(f"there is no department {given.department_id}", [problem])
            count, tickets = await store.left_open(session, OpenQuery(department_id=given.department_id))
            unknown = notes.keys() - {ticket.id for ticket in tickets}
            if unknown:
                rule = "must be a ticket that is left open"
                raise UnknownReference(
                    "a note is on a ticket that is not left open",
                    [FieldProblem(field=f"tickets.{ticket_id}", rule=rule) for ticket_id in sorted(unknown)],
                )
            session.add(
                Handover(
                    id=handover_id,
                    department_id=given.department_id,
                    staff_id=by.staff_id,
                    staff_name=f"{by.name} ({by.staff_number})",
                    at=utc_now(),
                    notes=given.notes,
                    left_open=count,
                )
            )
            await session.flush()
            session.add_all(
                HandoverItem(
                    handover_id=handover_id,
                    place=place,
                    ticket_id=ticket.id,
                    status=ticket.status,
                    why=[str(why) for why in _why(ticket)],
                    note=notes.get(ticket.id, ""),
                )
                for place, ticket in enumerate(tickets)
            )
        return await self.get(handover_id, by)

    async def acknowledge(self, handover_id: str, given: Acknowledge, by: Principal) -> HandoverDetail:
        """Acknowledge a handover as the next shift.

        Raises:
            NoSuchHandover: no such handover, or it is another department's.
            Forbidden: an agent of the desk acknowledges for a department.
            AlreadyAcknowledged: it was acknowledged before.
            OwnHandover: the same person handed over.
        """
        async with self._database.write() as session:
            handover = _theirs(await store.held(session, handover_id), handover_id, by)
            if handover.department_id is not None and by.role not in FIELD | LEADERS:
                raise Forbidden("a department's handover is acknowledged by its own staff or by a supervisor")
            if handover.acknowledged_at is not None:
                raise AlreadyAcknowledged(f"{handover.acknowledged_by} acknowledged it before")
            if handover.staff_id == by.staff_id:
                raise OwnHandover("you handed it over yourself")
            handover.acknowledged_at = utc_now()
            handover.acknowledged_by = f"{by.name} ({by.staff_number})"
            handover.acknowledged_notes = given.notes
        return await self.get(handover_id, by)

    async def get(self, handover_id: str, reader: Principal) -> HandoverDetail:
        """Return a handover with its tickets.

        Raises:
            NoSuchHandover: no such handover, or it is another department's.
        """
        async with self._database.read() as session:
            handover = _theirs(await session.get(Handover, handover_id), handover_id, reader)
            items = await store.items(session, handover_id)
        view = HandoverView.model_validate(handover)
        tickets = [
            _open(ticket, item.status, [HandoverReason(why) for why in item.why], item.note) for item, ticket in items
        ]
        return HandoverDetail(**view.model_dump(), tickets=tickets)

    async def listed(self, query: ListQuery) -> list[HandoverView]:
        """Return handovers of a department or of the desk, newest first."""
        async with self._database.read() as session:
            found = await store.listed(session, query)
        return [HandoverView.model_validate(handover) for handover in found]

    async def recurring(self, query: RecurringQuery) -> list[Recurring]:
        """Return causes in areas, customers and numbers with recurring tickets."""
        async with self._database.read() as session:
            rows = await store.recurring(session, query, utc_now() - timedelta(days=query.days))
        return [Recurring.model_validate({**_NOTHING, **row}) for row in rows]


_NOTHING = {"category_id": None, "area": "", "customer_id": None, "number": None}


def _theirs(handover: Handover | None, handover_id: str, reader: Principal) -> Handover:
    """Return a handover that the reader may know of (S7)."""
    if handover is None or (reader.role is Role.DEPARTMENT and handover.department_id != reader.department_id):
        raise NoSuchHandover(f"there is no handover {handover_id}")
    return handover


def _why(ticket: Ticket) -> list[HandoverReason]:
    why = [_WHY[ticket.status]]
    if ticket.escalated:
        why.insert(0, HandoverReason.ESCALATED)
    if ticket.urge_count:
        why.append(HandoverReason.URGED)
    return why


def _open(ticket: Ticket, status: TicketStatus, why: list[HandoverReason], note: str) -> OpenTicket:
    shown = ticket.model_dump(include=set(OpenTicket.model_fields))
    return OpenTicket(**(shown | {"ticket_id": ticket.id, "status": status, "why": why, "note": note}))
