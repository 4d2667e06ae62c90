"""Queries for customers."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.customers.model import Customer, CustomerPhone
from crm.departments.model import Department
from crm.tickets.merges import store as merges_store
from crm.tickets.model import Ticket, TicketReporter


async def ticket_of(session: AsyncSession, number: str) -> tuple[Ticket, Ticket] | None:
    """The ticket with a number, and the one that stands for it."""
    ticket = (await session.exec(select(Ticket).where(Ticket.number == number))).one_or_none()
    if ticket is None:
        return None
    head_id = await merges_store.head_of(session, ticket.id)
    return ticket, ticket if head_id == ticket.id else await session.get_one(Ticket, head_id)


async def reporters_known_by(session: AsyncSession, ticket_id: str) -> list[tuple[str, str]]:
    """Return number and account of a ticket's reporters; unknown ones are empty."""
    reporters = select(TicketReporter.number, Customer.account_number).join(
        Customer, col(Customer.id) == TicketReporter.customer_id, isouter=True
    )
    rows = (await session.exec(reporters.where(TicketReporter.ticket_id == ticket_id))).all()
    return [(number or "", account or "") for number, account in rows]


async def reporters_of(session: AsyncSession, ticket_id: str) -> Sequence[TicketReporter]:
    """Return the reporters of a ticket."""
    return (await session.exec(select(TicketReporter).where(TicketReporter.ticket_id == ticket_id))).all()


async def customer_of(session: AsyncSession, account_number: str, number: str) -> str | None:
    """Return the customer of an account, if the number is its own.

    Merges are followed.
    """
    customer = await customers_store.by_account(session, account_number)
    phone = await session.get(CustomerPhone, (number, customer.id)) if customer is not None else None
    return phone.customer_id if phone is not None and phone.current else None


async def telephones_of(session: AsyncSession, customer_id: str) -> Sequence[str]:
    """Return the current telephone numbers of a customer."""
    statement = select(CustomerPhone.number).where(CustomerPhone.customer_id == customer_id)
    return (await session.exec(statement.where(col(CustomerPhone.current)))).all()


async def department_name(session: AsyncSession, department_id: str | None) -> str:
    """Return a department's name, in the reader's language, or nothing."""
    found = await session.get(Department, department_id) if department_id is not None else None
    return found.shown_name if found is not None else ""


async def areas_of_many(session: AsyncSession, category_id: str, since: datetime, least: int) -> Sequence[str]:
    """Return areas where at least so many numbers reported a cause."""
    people = func.count(func.distinct(TicketReporter.number))
    statement = (
        select(Ticket.area)
        .join(TicketReporter, col(TicketReporter.ticket_id) == Ticket.id)
        .where(Ticket.category_id == category_id, col(Ticket.closed_at).is_(None), Ticket.registered_at > since)
        .where(Ticket.area != "")
        .group_by(col(Ticket.area))
        .having(people >= least)
    )
    return (await session.exec(statement)).all()
