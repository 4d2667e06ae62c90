"""Queries for calls of agents: the number behind a ticket."""

from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.outgoing.model import FindOutgoing, OutgoingCall
from crm.customers.model import Customer, CustomerPhone
from crm.history.model import CallRecord
from crm.tickets.model import Ticket, TicketReporter


@dataclass(frozen=True)
class Linked:
    """Facts behind what a call is about."""

    number: str | None
    customer_id: str | None = None
    ticket_id: str | None = None


async def of_call(session: AsyncSession, call_id: str) -> Linked | None:
    """Return the other party of a call; None for an unknown call."""
    record = await session.get(CallRecord, call_id)
    return Linked(record.number, record.customer_id, record.ticket_id) if record is not None else None


async def of_ticket(session: AsyncSession, ticket_id: str) -> Linked | None:
    """Return a ticket's first reporter; None for an unknown ticket."""
    if await session.get(Ticket, ticket_id) is None:
        return None
    statement = (
        select(TicketReporter)
        .where(TicketReporter.ticket_id == ticket_id)
        .order_by(col(TicketReporter.number).is_(None), col(TicketReporter.at))
        .limit(1)
    )
    reporter = (await session.exec(statement)).first()
    if reporter is None:
        return Linked(None, None, ticket_id)
    return Linked(reporter.number, reporter.customer_id, ticket_id)


async def of_customer(session: AsyncSession, customer_id: str) -> Linked | None:
    """Return a customer's present telephone; None for an unknown customer."""
    if await session.get(Customer, customer_id) is None:
        return None
    statement = (
        select(CustomerPhone.number)
        .where(CustomerPhone.customer_id == customer_id)
        .order_by(col(CustomerPhone.current).desc(), col(CustomerPhone.verified_at).desc())
        .limit(1)
    )
    return Linked((await session.exec(statement)).first(), customer_id)


async def found(session: AsyncSession, wanted: FindOutgoing, staff_id: str | None) -> list[OutgoingCall]:
    """Return calls of one agent or of all, newest first."""
    statement = select(OutgoingCall).order_by(col(OutgoingCall.at).desc()).limit(wanted.limit)
    if staff_id is not None:
        statement = statement.where(OutgoingCall.staff_id == staff_id)
    if wanted.ticket_id is not None:
        statement = statement.where(OutgoingCall.ticket_id == wanted.ticket_id)
    if wanted.customer_id is not None:
        statement = statement.where(OutgoingCall.customer_id == wanted.customer_id)
    return [*(await session.exec(statement)).all()]
