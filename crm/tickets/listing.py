"""Lists of tickets: filters, order, and rows with names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import sqlalchemy as sql
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import ColumnElement, Connection, Select
from sqlmodel import SQLModel, col, select, union_all

from crm.categories.model import Category
from crm.customers.model import CallerNumber
from crm.departments.model import Department
from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import SEES, Personal
from crm.staff.model import Staff
from crm.text import Id, OneLine
from crm.tickets import compared
from crm.tickets.files import store as files_store
from crm.tickets.model import UNDISPATCHED, Channel, Ticket, TicketReporter, TicketStatus, Urgency
from crm.tickets.views import TicketView
from foundation.reader import in_reader_language
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

    def leaves_few(self) -> bool:
        """Return whether the filters but for those of deadlines leave few tickets."""
        return any(one is not None for one in (self.person_id, self.customer_id, self.reporter_number, self.text))

    def needs_running(self) -> bool:
        """Return whether only tickets with a running deadline are meant: open ones."""
        return self.due_before is not None or self.overdue is True

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
            # As one set of ids: no index serves a condition with OR.
            own = select(Ticket.id).where(Ticket.customer_id == self.customer_id)
            joined = select(TicketReporter.ticket_id).where(TicketReporter.customer_id == self.customer_id)
            found.append(col(Ticket.id).in_(union_all(own, joined)))
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
    """Numbers of tickets under the same filters, up to 1000 each."""

    total: int
    by_status: dict[TicketStatus, int]
    """States with at least one."""
    escalated: int
    more: list[TicketStatus] = []
    """States with more tickets than their number says."""
    more_escalated: bool = False


_TABLES = SQLModel.metadata.tables
_TICKET = _TABLES[Ticket.__tablename__].c
_NAMES = {"department": _TABLES[Department.__tablename__], "category": _TABLES[Category.__tablename__]}
_IN_ENGLISH = ("department", "category")
"""Names that may have an English one, too."""
_NAMES["person"] = _TABLES[Staff.__tablename__]


def _rows() -> Select[Any]:
    names = [table.c.name.label(f"{of}_name") for of, table in _NAMES.items()]
    names += [_NAMES[of].c.name_en.label(f"{of}_name_en") for of in _IN_ENGLISH]
    statement = sql.select(*(_TICKET[name] for name in (*TicketView.model_fields, "address_key")), *names)
    source: sql.FromClause = _TICKET.id.table
    for of, table in _NAMES.items():
        source = source.outerjoin(table, table.c.id == _TICKET[f"{of}_id"])
    return statement.select_from(source)


ROWS = _rows()
"""Tickets with what a list shows of them, in one statement."""
_COLUMNS = tuple(str(column.key) for column in ROWS.selected_columns)


def rows(connection: Connection, tickets: Sequence[compared.Compared], due: Mapping[str, NextDue]) -> list[TicketRow]:
    """Return tickets, as selected by ROWS, as rows of a list."""
    files = files_store.counts(connection, [ticket.id for ticket in tickets])
    similar = compared.also_open(connection, [one for one in tickets if one.status is TicketStatus.REGISTERED])
    made = []
    for ticket in tickets:
        found = _read(ticket)
        ticket_id = found["id"]
        found["next_clock"], found["next_due_at"] = due.get(ticket_id, (None, None))
        found["files"], found["similar"] = files.get(ticket_id, 0), similar.get(ticket_id, [])[:MOST_SIMILAR]
        made.append(TicketRow.model_validate(found))
    return made


def _read(ticket: compared.Compared) -> dict[str, Any]:
    """Return what a row holds, with names in the reader's language."""
    found = dict(zip(_COLUMNS, ticket, strict=True))
    for of in _IN_ENGLISH:
        name_en = found.pop(f"{of}_name_en")
        if found[f"{of}_name"] is not None:
            found[f"{of}_name"] = in_reader_language(found[f"{of}_name"], name_en)
    return found


def may_search_people(text: str, role: Role | None) -> bool:
    """Return whether a role finds tickets by their reporters.

    Masked data could be guessed digit by digit.
    """
    seen = SEES[role]
    return Personal.NUMBER in seen or (Personal.NAME in seen and not any(map(str.isdigit, text)))
