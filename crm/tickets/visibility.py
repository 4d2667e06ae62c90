"""Departments beside the lead that may see a ticket (S7)."""

from sqlmodel import select, union_all
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from crm.tickets.cohandling import store as cohandling_store
from crm.tickets.cohandling.model import CoHandlerState, TicketCoHandler
from crm.tickets.model import Ticket
from crm.tickets.tiers import store as tiers_store
from crm.tickets.tiers.model import PassState, TicketPass
from crm.tickets.transitions import DepartmentStanding
from crm.tickets.views import TicketView


async def others(session: AsyncSession, ticket: Ticket | TicketView) -> dict[str, DepartmentStanding]:
    """Return the departments beside the lead, each with its standing."""
    if not ticket.shared:
        return {}
    waiting = await tiers_store.waiting(session, ticket.id)
    parts = await cohandling_store.of_ticket(session, ticket.id)
    return dict.fromkeys((step.from_department_id for step in waiting), DepartmentStanding.BELOW) | {
        part.department_id: DepartmentStanding.CO_HANDLER for part in parts if part.state is not CoHandlerState.RELEASED
    }


def shared_with(department_id: str) -> SelectOfScalar[str]:
    """Select ids of others' tickets in which a department has a part."""
    parts = select(TicketCoHandler.ticket_id).where(
        TicketCoHandler.department_id == department_id, TicketCoHandler.state != CoHandlerState.RELEASED
    )
    waiting = select(TicketPass.ticket_id).where(
        TicketPass.from_department_id == department_id, TicketPass.state == PassState.WAITING
    )
    return select(union_all(parts, waiting).subquery().c.ticket_id)
