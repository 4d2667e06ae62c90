"""Queries over tickets; a change locks the row until it commits."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.departments.model import Department
from crm.kinds import TicketKind
from crm.staff.model import Staff
from crm.tickets import searching
from crm.tickets.errors import KeyReused, TicketNotFound
from crm.tickets.model import (
    CLOSED,
    ActorKind,
    Ticket,
    TicketAttachment,
    TicketCounter,
    TicketLog,
    TicketReporter,
    TicketRequest,
    TicketStatus,
)
from crm.tickets.searching import Searched
from crm.tickets.visibility import shared_with
from foundation.clock import utc_now
from foundation.database import execute
from foundation.problems import FieldProblem
from foundation.reader import in_reader_language
from foundation.routes import Role

NUMBER_WIDTH = 5
CANDIDATES = 200
"""Most candidates by each shared fact, the newest first."""
COMPARED = 300
"""Compared characters of a text: its beginning names the matter, and the agent waits."""
Compared = Row[*tuple[Any, ...]]
"""Compared facts of a ticket."""
LOCKED = select(Ticket).where(col(Ticket.id) == bindparam("ticket_id")).with_for_update()
OPEN_MATTERS = [status for status in TicketStatus if status not in CLOSED]


class Reported(NamedTuple):
    """Reporter of a matter."""

    customer_id: str | None
    number: str | None
    name: str
    extension: str = ""


async def next_number(session: AsyncSession, day: str) -> str:
    """Return a new ticket number: the day and a sequence."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(TicketCounter).values(day=day, last=1)
    statement = insert.on_conflict_do_update(
        index_elements=["day"],
        set_={"last": TicketCounter.__table__.c.last + 1},  # type: ignore[attr-defined]
    ).returning(TicketCounter.__table__.c.last)  # type: ignore[attr-defined]
    last = (await session.exec(statement)).scalar_one()
    return f"{day}{last:0{NUMBER_WIDTH}d}"


async def locked(session: AsyncSession, ticket_id: str) -> Ticket:
    """Lock a ticket and return it.

    Raises:
        TicketNotFound: there is none.
    """
    found = (await session.exec(LOCKED, params={"ticket_id": ticket_id})).one_or_none()
    if found is None:
        raise TicketNotFound(f"there is no ticket {ticket_id}")
    return found


async def by_number(session: AsyncSession, number: str) -> Ticket | None:
    """Return the ticket with a number, or None."""
    return (await session.exec(select(Ticket).where(Ticket.number == number))).one_or_none()


async def ticket_of_request(session: AsyncSession, key: str, fingerprint: str = "") -> str | None:
    """Return the id of the ticket of a request's key.

    Raises:
        KeyReused: that request was another one.
    """
    found = await session.get(TicketRequest, key)
    if found is None:
        return None
    if fingerprint and found.fingerprint and fingerprint != found.fingerprint:
        raise KeyReused(
            "this key was sent before with another request",
            [
                FieldProblem(
                    field="Idempotency-Key", rule="must be a new one for each request that asks for something else"
                )
            ],
        )
    return found.ticket_id


async def agent_of_open_tickets(session: AsyncSession, customer_id: str) -> str | None:
    """Return the active agent who last acted on a customer's open ticket."""
    last = (
        select(TicketLog.actor_id)
        .join(Ticket, col(Ticket.id) == col(TicketLog.ticket_id))
        .join(Staff, col(Staff.id) == col(TicketLog.actor_id))
        .where(Ticket.customer_id == customer_id, col(Ticket.status).in_(OPEN_MATTERS))
        .where(TicketLog.actor_kind == ActorKind.STAFF, Staff.role == Role.AGENT, col(Staff.active))
        .order_by(col(TicketLog.at).desc())
        .limit(1)
    )
    return (await session.exec(last)).first()


async def open_for_customer(session: AsyncSession, customer_id: str, limit: int) -> Sequence[Ticket]:
    """Return a customer's open tickets, joined ones included, newest first.

    Two statements, so that each uses an index.
    """
    newest = select(Ticket).order_by(col(Ticket.registered_at).desc()).limit(limit)
    own = newest.where(Ticket.customer_id == customer_id, col(Ticket.status).in_(OPEN_MATTERS))
    found = {ticket.id: ticket for ticket in (await session.exec(own)).all()}
    joined = newest.where(
        col(Ticket.id).in_(JOINED), col(Ticket.closed_at).is_(None), col(Ticket.id).not_in(list(found))
    )
    others = (await session.exec(joined, params={"customer_id": customer_id})).all()
    both = [*found.values(), *others]
    return sorted(both, key=lambda ticket: ticket.registered_at, reverse=True)[:limit] if others else both


def in_states(statuses: Collection[TicketStatus]) -> list[ColumnElement[bool]]:
    """Return the conditions for some states.

    Open tickets are few, and have indexes of their own.
    """
    is_one = col(Ticket.status).in_(statuses)
    return [is_one] if CLOSED.intersection(statuses) else [is_one, col(Ticket.closed_at).is_(None)]


def place_of(connection: Connection, ticket_id: str) -> tuple[datetime, str]:
    """Return the place of a ticket in the order of lists.

    Raises:
        TicketNotFound: there is none.
    """
    statement = sqlalchemy.select(_TICKET.registered_at).where(_TICKET.id == ticket_id)
    found = connection.execute(statement).scalar_one_or_none()
    if found is None:
        raise TicketNotFound(f"there is no ticket {ticket_id}")
    return found, ticket_id


def listed(
    connection: Connection,
    rows: Select[Any],
    *,
    statuses: Collection[TicketStatus],
    department_id: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
    conditions: Sequence[ColumnElement[bool]] = (),
    oldest_first: bool = False,
    searched: Searched | None = None,
    only_led: bool = False,
) -> Sequence[Compared]:
    """Return a page of tickets after a place, by registration.

    Empty `statuses` mean all. A department's tickets are those that it leads or, unless
    `only_led`, has a part in.

    Args:
        rows: selects what is shown of tickets; core rows, since objects cost several times as much.
    """
    at, key = col(Ticket.registered_at), col(Ticket.id)
    order = (at, key) if oldest_first else (at.desc(), key.desc())
    wanted = [*conditions, *(in_states(statuses) if statuses else [])]
    if before is not None:
        moment, ticket_id = before
        later = at > moment if oldest_first else at < moment
        same_moment = (at == moment) & (key > ticket_id if oldest_first else key < ticket_id)
        # The first condition is for the index; one with OR reads every row before the place.
        wanted += [at >= moment if oldest_first else at <= moment, or_(later, same_moment)]

    def read(*of_department: ColumnElement[bool]) -> Sequence[Compared]:
        if searched is not None:
            statement = rows.where(*wanted, *of_department)
            return searching.found(connection, statement, searched, limit, oldest_first=oldest_first)
        # The page first: the names of ten thousand tickets would be joined for the hundred that are shown.
        chosen: Any = sqlalchemy.select(key.label("id"), at.label("at")).where(*wanted, *of_department)
        page = chosen.order_by(*order).limit(limit).subquery()
        place = (page.c.at, page.c.id) if oldest_first else (page.c.at.desc(), page.c.id.desc())
        return connection.execute(rows.join(page, page.c.id == key).order_by(*place)).all()

    if department_id is None:
        return read()
    # Two statements, so that each uses an index; one with OR uses none.
    led = read(col(Ticket.department_id) == department_id)
    if only_led:
        return led
    shared = read(key.in_(shared_with(department_id)))
    if not shared:
        return led
    found = {ticket.id: ticket for ticket in (*led, *shared)}
    ordered = sorted(found.values(), key=lambda one: (one.registered_at, one.id), reverse=not oldest_first)
    return ordered[:limit]


async def log_of(session: AsyncSession, ticket_id: str) -> Sequence[TicketLog]:
    """Return the log of a ticket, in order."""
    return (
        await session.exec(select(TicketLog).where(TicketLog.ticket_id == ticket_id).order_by(col(TicketLog.version)))
    ).all()


async def log_after(session: AsyncSession, ticket_id: str, version: int, limit: int) -> Sequence[TicketLog]:
    """Return a ticket's log entries after a version, newest first."""
    statement = (
        select(TicketLog)
        .where(TicketLog.ticket_id == ticket_id, TicketLog.version > version)
        .order_by(col(TicketLog.version).desc())
        .limit(limit)
    )
    return (await session.exec(statement)).all()


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


async def reporters_of(session: AsyncSession, ticket_id: str) -> Sequence[TicketReporter]:
    """Return the rows of a ticket's reporters, in order."""
    statement = select(TicketReporter).where(TicketReporter.ticket_id == ticket_id).order_by(col(TicketReporter.id))
    return (await session.exec(statement)).all()


async def first_reporters(session: AsyncSession, ticket_ids: Collection[str]) -> dict[str, str]:
    """Return the name of each ticket's first reporter."""
    statement = (
        select(TicketReporter.ticket_id, TicketReporter.name)
        .where(col(TicketReporter.ticket_id).in_(ticket_ids))
        .order_by(col(TicketReporter.id).desc())
    )
    # The first one is written last, over the others.
    return dict((await session.exec(statement)).all())


async def names_of(
    session: AsyncSession, of: type[Department] | type[Category], ids: Collection[str | None]
) -> dict[str, str]:
    """Return names of departments or causes by id, in the reader's language."""
    wanted = [one for one in ids if one is not None]
    if not wanted:
        return {}
    found = await session.exec(select(of.id, of.name, of.name_en).where(col(of.id).in_(wanted)))
    return {key: in_reader_language(name, name_en) for key, name, name_en in found}


async def names_of_people(session: AsyncSession, ids: Collection[str | None]) -> dict[str, str]:
    """Return names of staff by id."""
    wanted = [one for one in ids if one is not None]
    if not wanted:
        return {}
    return dict((await session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(wanted)))).all())


async def current_reporters(session: AsyncSession, ticket_id: str) -> list[Reported]:
    """Return a ticket's reporters for events, in order; unsaved ones are last."""
    if any(isinstance(found, TicketReporter) for found in (*session.dirty, *session.deleted)):
        await session.flush()
    pending = [found for found in session.new if isinstance(found, TicketReporter) and found.ticket_id == ticket_id]
    with session.no_autoflush:
        stored = await execute(session, REPORTERS, {"ticket_id": ticket_id})
    unsaved = [(one.customer_id, one.number, one.name, one.extension) for one in pending]
    return [Reported(*row) for row in (*stored, *unsaved)]


async def is_attached(session: AsyncSession, ticket_id: str, recording_id: str) -> bool:
    """Return whether a recording is attached to a ticket."""
    statement = select(TicketAttachment.id).where(
        TicketAttachment.ticket_id == ticket_id, TicketAttachment.recording_id == recording_id
    )
    return (await session.exec(statement)).first() is not None


async def attachments_of(session: AsyncSession, ticket_id: str) -> Sequence[TicketAttachment]:
    """Return a ticket's attached recordings, in order."""
    statement = (
        select(TicketAttachment).where(TicketAttachment.ticket_id == ticket_id).order_by(col(TicketAttachment.id))
    )
    return (await session.exec(statement)).all()


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
REPORTERS = (
    sqlalchemy.select(_REPORTER.customer_id, _REPORTER.number, _REPORTER.name, _REPORTER.extension)
    .where(_REPORTER.ticket_id == bindparam("ticket_id"))
    .order_by(_REPORTER.id)
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


def remember_request(session: AsyncSession, key: str, ticket_id: str, fingerprint: str = "") -> None:
    """Store the ticket of a request, for its repetitions."""
    session.add(TicketRequest(key=key, ticket_id=ticket_id, at=utc_now(), fingerprint=fingerprint))
