"""Queries over refusals."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.model import Ticket
from crm.tickets.refusals.model import Ruling, TicketRefusal


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketRefusal]:
    """Return every refusal of a ticket, in order."""
    statement = select(TicketRefusal).where(TicketRefusal.ticket_id == ticket_id).order_by(col(TicketRefusal.id))
    return (await session.exec(statement)).all()


async def of_department(
    session: AsyncSession, department_id: str, limit: int
) -> Sequence[tuple[TicketRefusal, Ticket]]:
    """Return a department's refusals with their tickets, newest first."""
    statement = (
        select(TicketRefusal, Ticket)
        .join(Ticket, col(Ticket.id) == TicketRefusal.ticket_id)
        .where(TicketRefusal.department_id == department_id)
        .order_by(col(TicketRefusal.id).desc())
        .limit(limit)
    )
    return (await session.exec(statement)).all()


async def undecided(session: AsyncSession, ticket_id: str) -> TicketRefusal:
    """Return the refusal that waits for a ruling."""
    statement = select(TicketRefusal).where(TicketRefusal.ticket_id == ticket_id, col(TicketRefusal.ruling).is_(None))
    return (await session.exec(statement)).one()


async def was_overruled(session: AsyncSession, ticket_id: str, department_id: str | None) -> bool:
    """Return whether a refusal of a department was overruled before."""
    statement = select(TicketRefusal.id).where(
        TicketRefusal.ticket_id == ticket_id,
        TicketRefusal.department_id == department_id,
        TicketRefusal.ruling == Ruling.OVERRULED,
    )
    return (await session.exec(statement)).first() is not None
