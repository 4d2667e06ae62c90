"""Queries over co-handlers."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.cohandling.model import PENDING, CoHandlerState, TicketCoHandler


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketCoHandler]:
    """Return every co-handler of a ticket, in order."""
    statement = select(TicketCoHandler).where(TicketCoHandler.ticket_id == ticket_id)
    return (await session.exec(statement.order_by(col(TicketCoHandler.id)))).all()


async def pending(session: AsyncSession, ticket_id: str) -> Sequence[TicketCoHandler]:
    """Return the co-handlers that have not finished their part."""
    statement = select(TicketCoHandler).where(
        TicketCoHandler.ticket_id == ticket_id, col(TicketCoHandler.state).in_(PENDING)
    )
    return (await session.exec(statement)).all()


async def one(session: AsyncSession, ticket_id: str, department_id: str | None) -> TicketCoHandler | None:
    """Return one department's part, released or not."""
    statement = select(TicketCoHandler).where(
        TicketCoHandler.ticket_id == ticket_id, TicketCoHandler.department_id == department_id
    )
    return (await session.exec(statement)).one_or_none()


async def release(session: AsyncSession, ticket_id: str, department_id: str) -> None:
    """Release a department that becomes the lead itself."""
    found = await one(session, ticket_id, department_id)
    if found is not None:
        found.state = CoHandlerState.RELEASED
