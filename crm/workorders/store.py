"""Queries for the names and deadline on a work order."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.customers.model import Customer
from crm.departments.model import Department
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.staff.model import Staff
from crm.tickets.forms import store as forms_store
from crm.tickets.forms.model import FormField
from crm.tickets.views import TicketView


@dataclass(frozen=True)
class Around:
    """Names and deadline that a ticket refers to by id."""

    category: str
    department: str
    person: str
    account: str
    due_at: datetime | None
    fields: list[FormField]
    """Fields of the form by which the ticket was filed."""


async def around(session: AsyncSession, ticket: TicketView) -> Around:
    """Return the names and the deadline; missing ones are empty."""
    category = await session.get(Category, ticket.category_id) if ticket.category_id else None
    department = await session.get(Department, ticket.department_id) if ticket.department_id else None
    person = await session.get(Staff, ticket.person_id) if ticket.person_id else None
    customer = await session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    form = await forms_store.of_version(session, ticket.kind, ticket.form_version)
    due = (
        select(TicketClock.due_at)
        .where(TicketClock.ticket_id == ticket.id, TicketClock.clock == ClockKind.RESOLVE)
        .order_by(col(TicketClock.round).desc())
    )
    return Around(
        category=category.shown_name if category else "",
        department=department.shown_name if department else "",
        person=person.name if person else "",
        account=customer.account_number if customer else "",
        due_at=(await session.exec(due.limit(1))).first(),
        fields=form.fields if form else [],
    )
