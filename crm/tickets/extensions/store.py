"""Queries over extensions."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.extensions.model import TicketExtension


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketExtension]:
    """Every extension that was asked for, in order."""
    statement = select(TicketExtension).where(TicketExtension.ticket_id == ticket_id)
    return (await session.exec(statement.order_by(col(TicketExtension.id)))).all()


async def undecided(session: AsyncSession, ticket_id: str) -> TicketExtension | None:
    """The one that waits to be decided."""
    statement = select(TicketExtension).where(
        TicketExtension.ticket_id == ticket_id, col(TicketExtension.granted).is_(None)
    )
    return (await session.exec(statement)).one_or_none()
