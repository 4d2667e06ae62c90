"""Lists of tickets: filters, order, and rows with names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.customers.model import CallerNumber
from crm.departments.model import Department
from crm.moments import Moment
from crm.personal_data.fields import SEES, Personal
from crm.staff.model import Staff
from crm.text import Id, OneLine
from crm.tickets import store
from crm.tickets.files import store as files_store
from crm.tickets.model import (
    TICKET_TEXTS,
    UNDISPATCHED,
    Channel,
    Ticket,
    TicketKind,
    TicketReporter,
    TicketStatus,
    Urgency,
)
from crm.tickets.views import TicketView
from crm.tickets.visibility import shared_with
from foundation.routes import Role

MOST_SIMILAR = 3


class Order(StrEnum):
    """Order of a list of tickets."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Filters(BaseModel, extra="forbid"):
    """Filters of tickets: all of them hold."""

    status: list[TicketStatus] = Field(default=[], max_length=len(TicketStatus))
    """One of these."""
    undispatched: bool = False
    """Only tickets without a department, refused ones included (H6)."""
    escalated: bool | None = None
    """Only tickets that wait for a supervisor, or only the others."""
    department_id: Id | None = None
    """Of this department: it leads the ticket or has a part in it."""
    person_id: Id | None = None
    customer_id: Id | None = None
    """Of this customer, also as a further reporter."""
    reporter_number: CallerNumber | None = None
    kind: TicketKind | None = None
    channel: Channel | None = None
    category_id: Id | None = None
    area: OneLine | None = Field(default=None, max_length=200)
    urgency: Urgency | None = None
    since: Moment | None = None
    """Registered from then on."""
    until: Moment | None = None
    """Registered before then."""
    due_before: Moment | None = None
    """Only tickets with a running deadline before then, overdue ones included."""
    overdue: bool | None = None
    """Only tickets past a running deadline, or only the others."""
    leads: bool = False
    """Of the department's tickets only those that it leads."""
    text: Annotated[OneLine | None, Field(min_length=2, max_length=100)] = None
    """Any part of the number, the subject, the description or the address, or of a reporter's name or number."""

    def statuses(self) -> frozenset[TicketStatus]:
        """Return the wanted states; empty for all."""
        return frozenset(self.status) | (UNDISPATCHED if self.undispatched else frozenset())

    @model_validator(mode="after")
    def _one_way(self) -> "Filters":
        if self.status and self.undispatched:
            raise ValueError("undispatched: selects states itself; leave out status")
        return self

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions but for states, department, deadlines and text."""
        found = [
            column == value
            for column, value in (
                (col(Ticket.escalated), self.escalated),
                (col(Ticket.person_id), self.person_id),
                (col(Ticket.kind), self.kind),
                (col(Ticket.channel), self.channel),
                (col(Ticket.category_id), self.category_id),
                (col(Ticket.area), self.area),
                (col(Ticket.urgency), self.urgency),
            )
            if value is not None
        ]
        if self.customer_id is not None:
            joined = select(TicketReporter.ticket_id).where(TicketReporter.customer_id == self.customer_id)
            found.append(or_(col(Ticket.customer_id) == self.customer_id, col(Ticket.id).in_(joined)))
        if self.reporter_number is not None:
            reported = select(TicketReporter.ticket_id).where(TicketReporter.number == self.reporter_number)
            found.append(col(Ticket.id).in_(reported))
        if self.since is not None:
            found.append(col(Ticket.registered_at) >= self.since)
        if self.until is not None:
            found.append(col(Ticket.registered_at) < self.until)
        return found


class ListQuery(Filters):
    """Filters and page of a list of tickets."""

    number: str | None = Field(default=None, pattern=r"^[0-9]{6,20}$")
    """The one ticket with this number; other filters are not applied."""
    sort: Order = Order.NEWEST
    after: Id | None = None
    """Id of the last ticket of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


class NextDue(NamedTuple):
    """Deadline that comes next."""

    clock: str
    due_at: datetime


class TicketRow(TicketView):
    """Ticket in a list, with the names that its ids stand for."""

    department_name: str | None
    category_name: str | None
    person_name: str | None
    next_due_at: datetime | None
    """Deadline that comes next; None where no clock runs, such as while parked."""
    next_clock: str | None
    """`respond` or `resolve`."""
    files: int = 0
    """Number of its photos and documents."""
    similar: list[str] = Field(default=[])
    """Before the dispatch: numbers of other open tickets at the same address or of the same customer (H4)."""


class TicketCounts(BaseModel):
    """Numbers of tickets under the same filters."""

    total: int
    by_status: dict[TicketStatus, int]
    """States with at least one."""
    escalated: int


async def rows(session: AsyncSession, tickets: Sequence[Ticket], due: Mapping[str, NextDue]) -> list[TicketRow]:
    """Return tickets as rows of a list."""
    departments = await _names(session, Department, {ticket.department_id for ticket in tickets})
    categories = await _names(session, Category, {ticket.category_id for ticket in tickets})
    people = await _names(session, Staff, {ticket.person_id for ticket in tickets})
    files = await files_store.counts(session, [ticket.id for ticket in tickets])
    similar = await store.also_open(session, [one for one in tickets if one.status is TicketStatus.REGISTERED])
    return [
        TicketRow(
            **TicketView.model_validate(ticket).model_dump(),
            department_name=departments.get(ticket.department_id or ""),
            category_name=categories.get(ticket.category_id or ""),
            person_name=people.get(ticket.person_id or ""),
            next_due_at=due[ticket.id].due_at if ticket.id in due else None,
            next_clock=due[ticket.id].clock if ticket.id in due else None,
            files=files.get(ticket.id, 0),
            similar=similar.get(ticket.id, [])[:MOST_SIMILAR],
        )
        for ticket in tickets
    ]


def may_search_people(text: str, role: Role | None) -> bool:
    """Return whether a role finds tickets by their reporters.

    Masked data could be guessed digit by digit.
    """
    seen = SEES[role]
    return Personal.NUMBER in seen or (Personal.NAME in seen and not any(map(str.isdigit, text)))


async def counted(
    session: AsyncSession,
    filters: Filters,
    department_id: str | None,
    due: Sequence[ColumnElement[bool]] = (),
    *,
    people: bool = True,
) -> TicketCounts:
    """Count tickets under filters, of a department where one is given.

    Args:
        due: the conditions on deadlines.
    """
    statement = select(Ticket.status, Ticket.escalated, func.count()).where(*filters.conditions(), *due)
    if filters.text is not None:
        dialect = session.get_bind().dialect.name
        statement = statement.where(col(Ticket.id).in_(TICKET_TEXTS.ids(dialect, filters.text, people=people)))
    if filters.statuses():
        statement = statement.where(col(Ticket.status).in_(filters.statuses()))
    if department_id is not None:
        led = col(Ticket.department_id) == department_id
        part = led if filters.leads else or_(led, col(Ticket.id).in_(shared_with(department_id)))
        statement = statement.where(part)
    found = (await session.exec(statement.group_by(col(Ticket.status), col(Ticket.escalated)))).all()
    by_status: Counter[TicketStatus] = Counter()
    for status, _, count in found:
        by_status[TicketStatus(status)] += count
    return TicketCounts(
        total=by_status.total(),
        by_status=dict(by_status),
        escalated=sum(count for _, escalated, count in found if escalated),
    )


async def _names(
    session: AsyncSession, of: type[Department] | type[Category] | type[Staff], ids: set[str | None]
) -> dict[str, str]:
    wanted = [one for one in ids if one is not None]
    return dict((await session.exec(select(of.id, of.name).where(col(of.id).in_(wanted)))).all()) if wanted else {}
