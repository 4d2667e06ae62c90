"""Queries over steps up."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.tiers.model import PassState, TicketPass


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketPass]:
    """Return every step up of a ticket, in order."""
    statement = select(TicketPass).where(TicketPass.ticket_id == ticket_id).order_by(col(TicketPass.version))
    return (await session.exec(statement)).all()


async def waiting(session: AsyncSession, ticket_id: str) -> Sequence[TicketPass]:
    """Return the steps up that wait for an answer, newest first."""
    statement = select(TicketPass).where(TicketPass.ticket_id == ticket_id, TicketPass.state == PassState.WAITING)
    return (await session.exec(statement.order_by(col(TicketPass.version).desc()))).all()


async def withdraw(session: AsyncSession, ticket_id: str) -> None:
    """Withdraw all waiting steps up of a ticket."""
    for step in await waiting(session, ticket_id):
        step.state = PassState.WITHDRAWN
