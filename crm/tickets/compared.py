"""Queries over tickets that a matter is compared with."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Connection, Row, Select, bindparam
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.kinds import TicketKind
from crm.tickets.model import Ticket, TicketReporter
from foundation.database import execute

CANDIDATES = 200
"""Most candidates by each shared fact, the newest first."""
COMPARED = 300
"""Compared characters of a text: its beginning names the matter, and the agent waits."""
Compared = Row[*tuple[Any, ...]]
"""Compared facts of a ticket."""

_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_REPORTER = SQLModel.metadata.tables[TicketReporter.__tablename__].c
_COMPARED = (
    *(_TICKET[name] for name in ("id", "number", "customer_id", "category_id", "area", "address_key", "subject")),
    sqlalchemy.func.substr(_TICKET.description, 1, COMPARED).label("description"),
)
"""Compared columns; the few tickets that are shown are read whole afterwards."""


def _open_by(*names: str) -> Select[Any]:
    """Select the newest open tickets by facts that have an index."""
    return (
        sqlalchemy.select(*_COMPARED)
        .where(*(_TICKET[name] == bindparam(name) for name in names), _TICKET.closed_at.is_(None))
        .order_by(_TICKET.registered_at.desc())
        .limit(CANDIDATES)
    )


_REPORTED = (
    sqlalchemy.select(_REPORTER.ticket_id)
    .where(_REPORTER.number == bindparam("number"))
    .order_by(_REPORTER.id.desc())
    .limit(CANDIDATES)
)
JOINED = (
    sqlalchemy.select(_REPORTER.ticket_id)
    .where(_REPORTER.customer_id == bindparam("customer_id"))
    .order_by(_REPORTER.at.desc())
    .limit(CANDIDATES)
)
"""Tickets that a customer reported, as the first or a further reporter."""
CANDIDATES_BY: list[tuple[tuple[str, ...], Select[Any]]] = [
    *(
        ((name,), sqlalchemy.select(*_COMPARED).where(_TICKET.id.in_(reported), _TICKET.closed_at.is_(None)))
        for name, reported in (("number", _REPORTED), ("customer_id", JOINED))
    ),
    *(
        (names, _open_by(*names))
        for names in (("customer_id",), ("address_key",), ("address_tail",), ("area", "category_id"))
    ),
]
AROUND_BY = [(names, _open_by(*names)) for names in (("area",), ("category_id",))]
"""Facts that suffice only together with the text or a part of the address."""
REPORTED_OF = sqlalchemy.select(_REPORTER.ticket_id, _REPORTER.number, _REPORTER.customer_id).where(
    sqlalchemy.or_(_REPORTER.number == bindparam("number"), _REPORTER.customer_id == bindparam("customer_id")),
    _REPORTER.ticket_id.in_(bindparam("ticket_ids", expanding=True)),
)
SHOWN_OF = sqlalchemy.select(*_TICKET).where(_TICKET.id.in_(bindparam("ticket_ids", expanding=True)))


def candidates(connection: Connection, facts: Mapping[str, str | None], *, words: bool) -> list[Compared]:
    """Return the newest open tickets that share a fact with a matter.

    Args:
        facts: number (of a reporter), customer_id, address_key, address_tail, area, category_id.
        words: whether there is a text to compare as well.
    """
    known = {name: value for name, value in facts.items() if value}
    around = AROUND_BY if words or "address_key" in known else []
    found: dict[str, Compared] = {}
    for names, statement in (*CANDIDATES_BY, *around):
        if known.keys() >= set(names):
            found.update({ticket.id: ticket for ticket in connection.execute(statement, known)})
    return list(found.values())


def whole(connection: Connection, ticket_ids: Sequence[str]) -> dict[str, Row[*tuple[Any, ...]]]:
    """Return whole tickets by id."""
    return {ticket.id: ticket for ticket in connection.execute(SHOWN_OF, {"ticket_ids": ticket_ids})}


class ReportedBy(NamedTuple):
    """Ids of tickets reported from a number, and by a customer."""

    number: Collection[str] = ()
    customer: Collection[str] = ()


def reported_by(
    connection: Connection, number: str | None, customer_id: str | None, ticket_ids: Sequence[str]
) -> ReportedBy:
    """Return which tickets a number reported, and which a customer."""
    if not ticket_ids or (number is None and customer_id is None):
        return ReportedBy()
    known = {"number": number, "customer_id": customer_id, "ticket_ids": ticket_ids}
    rows = connection.execute(REPORTED_OF, known).all()
    return ReportedBy(
        {row.ticket_id for row in rows if number is not None and row.number == number},
        {row.ticket_id for row in rows if customer_id is not None and row.customer_id == customer_id},
    )


class OpenAt(NamedTuple):
    """Open ticket at a place, as a report is compared with it."""

    ticket_id: str
    category_id: str | None
    words: str
    is_theirs: bool
    """Whether the same person reported it."""


async def open_at(
    session: AsyncSession, kind: TicketKind, key: str, number: str | None, customer_id: str | None
) -> list[OpenAt]:
    """Return open tickets at a place, a person's own first."""
    columns = (_TICKET.id, _TICKET.category_id, _TICKET.customer_id, _TICKET.subject, _TICKET.description)
    statement = (
        sqlalchemy.select(*columns)
        .where(_TICKET.address_key == key, _TICKET.kind == kind, _TICKET.closed_at.is_(None))
        .order_by(_TICKET.registered_at.desc())
        .limit(CANDIDATES)
    )
    tickets = (await execute(session, statement)).all()
    ids = [ticket.id for ticket in tickets]
    known = {"number": number, "customer_id": customer_id, "ticket_ids": ids}
    theirs = {row.ticket_id for row in await execute(session, REPORTED_OF, known)} if ids else set()
    found = [
        OpenAt(
            ticket.id,
            ticket.category_id,
            f"{ticket.subject} {ticket.description}",
            ticket.id in theirs or (customer_id is not None and ticket.customer_id == customer_id),
        )
        for ticket in tickets
    ]
    return sorted(found, key=lambda one: not one.is_theirs)


def also_open(connection: Connection, tickets: Sequence[Compared]) -> dict[str, list[str]]:
    """Return numbers of other open tickets of the same place or customer."""
    shared = ("address_key", "customer_id")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name in shared:
        values = {getattr(one, name) for one in tickets} - {"", None}
        statement = (
            sqlalchemy.select(_TICKET[name], _TICKET.id, _TICKET.number)
            .where(_TICKET[name].in_(sorted(values)), _TICKET.closed_at.is_(None))
            .order_by(_TICKET.registered_at.desc())
            .limit(CANDIDATES)
        )
        for value, *other in connection.execute(statement) if values else ():
            found.setdefault((name, value), []).append((other[0], other[1]))

    def numbers(one: Compared) -> list[str]:
        others = [other for name in shared for other in found.get((name, getattr(one, name)), [])]
        return sorted({number for ticket_id, number in others if ticket_id != one.id}, reverse=True)

    return {one.id: numbers(one) for one in tickets}
