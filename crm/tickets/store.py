"""Queries over tickets; a change locks the row until it commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Select, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.departments.model import Department
from crm.staff.model import Staff
from crm.tickets import searching
from crm.tickets.compared import JOINED, Compared
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
_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_REPORTER = SQLModel.metadata.tables[TicketReporter.__tablename__].c
REPORTERS = (
    sqlalchemy.select(_REPORTER.customer_id, _REPORTER.number, _REPORTER.name, _REPORTER.extension)
    .where(_REPORTER.ticket_id == bindparam("ticket_id"))
    .order_by(_REPORTER.id)
)
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


def remember_request(session: AsyncSession, key: str, ticket_id: str, fingerprint: str = "") -> None:
    """Store the ticket of a request, for its repetitions."""
    session.add(TicketRequest(key=key, ticket_id=ticket_id, at=utc_now(), fingerprint=fingerprint))
