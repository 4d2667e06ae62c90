"""Queries over clocks, policies and working hours."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, bindparam, func
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from crm.categories.model import Category
from crm.customers.model import Customer, Grade
from crm.sla.model import ClockStep, DepartmentHours, ServicePolicy, TicketClock
from crm.sla.policy import ClockKind
from crm.tickets.model import Ticket

_CLOCK = SQLModel.metadata.tables[TicketClock.__tablename__]
_POLICY = SQLModel.metadata.tables[ServicePolicy.__tablename__].c
_HOURS = SQLModel.metadata.tables[DepartmentHours.__tablename__].c
_CUSTOMER = SQLModel.metadata.tables[Customer.__tablename__].c
_CATEGORY = SQLModel.metadata.tables[Category.__tablename__]


class VersionsInForce(NamedTuple):
    """Versions and grade that count at a moment."""

    policy_version: int | None
    """None: the policy as shipped."""
    hours_version: int | None
    """The version of the hours that changed last."""
    grade: Grade | None
    """The customer's."""


_IN_FORCE = (
    sqlalchemy.select(_POLICY.version)
    .where(_POLICY.effective_from <= bindparam("now", type_=_POLICY.effective_from.type))
    .order_by(_POLICY.effective_from.desc(), _POLICY.version.desc())
    .limit(1)
    .scalar_subquery()
)
_LAST_HOURS = sqlalchemy.select(func.max(_HOURS.version)).scalar_subquery()
_GRADE = sqlalchemy.select(_CUSTOMER.grade).where(_CUSTOMER.id == bindparam("customer_id")).scalar_subquery()
_STANDING = sqlalchemy.select(_IN_FORCE, _LAST_HOURS, _GRADE)


async def in_force(session: AsyncSession, customer_id: str | None, now: datetime) -> VersionsInForce:
    """Return the versions in force and the customer's grade, in one statement."""
    found = (await session.exec(_STANDING, params={"customer_id": customer_id, "now": now})).one()  # type: ignore[call-overload]
    return VersionsInForce(*found)


_CLOCKS_NOW = (
    sqlalchemy.select(TicketClock, _IN_FORCE, _LAST_HOURS, _GRADE)
    .where(_CLOCK.c.ticket_id == bindparam("of_ticket"))
    .order_by(_CLOCK.c.round)
)


async def clocks_now(
    session: AsyncSession, ticket: Ticket, now: datetime
) -> tuple[dict[ClockKind, TicketClock], VersionsInForce]:
    """Return a ticket's last clocks and the versions in force."""
    given = {"of_ticket": ticket.id, "customer_id": ticket.customer_id, "now": now}
    rows = (await session.exec(_CLOCKS_NOW, params=given)).all()  # type: ignore[call-overload]
    standing = VersionsInForce(*rows[-1][1:]) if rows else VersionsInForce(None, None, None)
    return {row[0].clock: row[0] for row in rows}, standing


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[TicketClock]:
    """Return all clocks of a ticket, round by round."""
    statement = select(TicketClock).where(TicketClock.ticket_id == ticket_id)
    return (await session.exec(statement.order_by(col(TicketClock.round), col(TicketClock.clock)))).all()


async def steps_of(session: AsyncSession, ticket_id: str) -> Sequence[ClockStep]:
    """Return the steps of a ticket's clocks, in order."""
    statement = select(ClockStep).where(ClockStep.ticket_id == ticket_id)
    return (await session.exec(statement.order_by(col(ClockStep.at), col(ClockStep.step)))).all()


_STOP = (
    _CLOCK.update()
    .where(
        _CLOCK.c.ticket_id == bindparam("of_ticket"),
        _CLOCK.c.clock.in_(bindparam("clocks", expanding=True)),
        _CLOCK.c.stopped_at.is_(None),
    )
    .values(stopped_at=bindparam("now"), next_at=None, department_id=bindparam("held_by"))
)


async def stop(
    session: AsyncSession, ticket_id: str, clocks: Sequence[ClockKind], now: datetime, department_id: str | None
) -> None:
    """Stop a ticket's clocks and store their department, in one statement."""
    given = {"of_ticket": ticket_id, "clocks": list(clocks), "now": now, "held_by": department_id}
    await session.exec(_STOP, params=given)


async def category_line(session: AsyncSession, category_id: str) -> list[str]:
    """Return a category and those above it, nearest first."""
    first = sqlalchemy.select(_CATEGORY.c.id, _CATEGORY.c.parent_id, sqlalchemy.literal(0).label("level"))
    line = first.where(_CATEGORY.c.id == category_id).cte("line", recursive=True)
    above = _CATEGORY.alias("above")
    line = line.union_all(
        sqlalchemy.select(above.c.id, above.c.parent_id, line.c.level + 1).join(line, above.c.id == line.c.parent_id)
    )
    found: Any = await session.exec(sqlalchemy.select(line.c.id).order_by(line.c.level))  # type: ignore[call-overload]
    return list(found.scalars())


async def category_lines(session: AsyncSession) -> dict[str, list[str]]:
    """Return each category with itself and those above it, nearest first."""
    rows = await session.exec(select(Category.id, Category.parent_id))
    parents = dict(rows.all())
    return {category_id: _line(parents, category_id) for category_id in parents}


def _line(parents: dict[str, str | None], category_id: str) -> list[str]:
    line: list[str] = []
    node: str | None = category_id
    while node is not None and node not in line:
        line.append(node)
        node = parents.get(node)
    return line


async def policies(session: AsyncSession) -> Sequence[ServicePolicy]:
    """Return all versions, newest first."""
    return (await session.exec(select(ServicePolicy).order_by(col(ServicePolicy.version).desc()))).all()


async def last_version(session: AsyncSession) -> int:
    """Return the newest version of the policy; 0 for the shipped one."""
    return (await session.exec(select(func.max(ServicePolicy.version)))).one() or 0


async def hours(session: AsyncSession) -> Sequence[DepartmentHours]:
    """Return the newest hours of each owner."""
    newest = select(func.max(DepartmentHours.version)).group_by(DepartmentHours.owner)
    statement = select(DepartmentHours).where(col(DepartmentHours.version).in_(newest))
    return (await session.exec(statement.order_by(col(DepartmentHours.owner)))).all()


async def last_hours_version(session: AsyncSession) -> int:
    """Return the version of the hours that changed last; 0 without any."""
    return (await session.exec(select(func.max(DepartmentHours.version)))).one() or 0


def running_due_before(moment: datetime) -> SelectOfScalar[str]:
    """Select the tickets with a running deadline before then."""
    return select(TicketClock.ticket_id).where(
        col(TicketClock.stopped_at).is_(None), col(TicketClock.paused_at).is_(None), col(TicketClock.due_at) < moment
    )


def is_due_before(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that one ticket has a running deadline before then."""
    mine = running_due_before(moment).where(TicketClock.ticket_id == Ticket.id).correlate(Ticket)
    # A closed ticket has none: open tickets have indexes of their own.
    return col(Ticket.closed_at).is_(None) & mine.exists()


def running(connection: Connection, ticket_ids: Sequence[str]) -> Sequence[sqlalchemy.Row[*tuple[Any, ...]]]:
    """Return ticket, kind and deadline of the running clocks."""
    if not ticket_ids:
        return []
    statement = sqlalchemy.select(_CLOCK.c.ticket_id, _CLOCK.c.clock, _CLOCK.c.due_at).where(
        _CLOCK.c.ticket_id.in_(ticket_ids), _CLOCK.c.stopped_at.is_(None), _CLOCK.c.paused_at.is_(None)
    )
    return connection.execute(statement).all()
