"""Queries over findings."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.findings.model import TicketFinding


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketFinding]:
    """Return every finding about a complaint, in order: the last one counts."""
    statement = select(TicketFinding).where(TicketFinding.ticket_id == ticket_id).order_by(col(TicketFinding.id))
    return (await session.exec(statement)).all()
