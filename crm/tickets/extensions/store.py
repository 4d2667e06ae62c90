"""Queries over extensions."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.extensions.model import TicketExtension
from crm.tickets.model import CLOSED, Ticket
from foundation.clock import utc_now

_WAITING = (col(TicketExtension.granted).is_(None), col(TicketExtension.withdrawn_at).is_(None))


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketExtension]:
    """Return every extension of a ticket, in order."""
    statement = select(TicketExtension).where(TicketExtension.ticket_id == ticket_id)
    return (await session.exec(statement.order_by(col(TicketExtension.id)))).all()


async def undecided(session: AsyncSession, ticket_id: str) -> TicketExtension | None:
    """Return the extension that waits for a decision."""
    statement = select(TicketExtension).where(TicketExtension.ticket_id == ticket_id, *_WAITING)
    return (await session.exec(statement)).one_or_none()


async def withdraw(session: AsyncSession, ticket_id: str, holder_id: str | None = None) -> dict[str, str]:
    """Withdraw the waiting extension of another department; return the log detail."""
    found = await undecided(session, ticket_id)
    if found is None or (holder_id is not None and found.department_id == holder_id):
        return {}
    found.withdrawn_at = utc_now()
    return {"withdrawn_extension": found.until.isoformat()}


async def pending(session: AsyncSession, limit: int) -> Sequence[tuple[TicketExtension, Ticket]]:
    """Return waiting extensions of open tickets, the oldest first."""
    statement = (
        select(TicketExtension, Ticket)
        .join(Ticket, col(Ticket.id) == col(TicketExtension.ticket_id))
        .where(*_WAITING, col(Ticket.status).not_in(CLOSED))
        .order_by(col(TicketExtension.asked_at), col(TicketExtension.id))
        .limit(limit)
    )
    return (await session.exec(statement)).all()
