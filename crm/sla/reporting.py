"""Queries over many tickets: overdue, report, improvement actions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Column, and_, case, func, literal, tuple_
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.sla.model import ImprovementAction, TicketClock
from crm.sla.policy import ClockKind
from crm.sla.views import DeadlineReport, Period
from crm.tickets.model import Ticket, TicketStatus

_CLOCK = SQLModel.metadata.tables[TicketClock.__tablename__].c
_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_ENDED = func.coalesce(_CLOCK.paused_at, _CLOCK.stopped_at)
BREACHED = or_(_CLOCK.due_at < _ENDED, _ENDED.is_(None))
"""Whether a clock with a past deadline missed it."""


class ReportPlace(NamedTuple):
    """Place in the order of overdue clocks."""

    due_at: datetime
    ticket_id: str
    clock: ClockKind

    def pairs(self) -> list[tuple[object, Column[Any]]]:
        """Return each value with its column."""
        return list(zip(self, (_CLOCK.due_at, _CLOCK.ticket_id, _CLOCK.clock), strict=True))


async def overdue(
    session: AsyncSession,
    now: datetime,
    *,
    department_id: str | None,
    clock: ClockKind | None,
    after: ReportPlace | None,
    limit: int,
) -> Sequence[tuple[TicketClock, Ticket]]:
    """Return overdue running clocks, the longest overdue first.

    A paused clock is overdue if it was late before the pause.
    """
    statement = (
        select(TicketClock, Ticket)
        .join(Ticket, col(Ticket.id) == TicketClock.ticket_id)
        .where(
            col(TicketClock.stopped_at).is_(None),
            col(TicketClock.due_at) < now,
            or_(col(TicketClock.paused_at).is_(None), col(TicketClock.paused_at) > col(TicketClock.due_at)),
        )
        .order_by(col(TicketClock.due_at), col(TicketClock.ticket_id), col(TicketClock.clock))
        .limit(limit)
    )
    if department_id is not None:
        statement = statement.where(Ticket.department_id == department_id)
    if clock is not None:
        statement = statement.where(TicketClock.clock == clock)
    if after is not None:
        place = tuple_(col(TicketClock.due_at), col(TicketClock.ticket_id), col(TicketClock.clock))
        statement = statement.where(place > tuple_(*(literal(value, column.type) for value, column in after.pairs())))
    return (await session.exec(statement)).all()


async def met(session: AsyncSession, period: Period, now: datetime) -> list[DeadlineReport]:
    """Count deadlines of a period by department and kind.

    Cancelled tickets do not count, and a merged one counts as its head.
    """
    until = min(period.until, now)
    is_open = and_(BREACHED, _CLOCK.stopped_at.is_(None))
    statement = (
        sqlalchemy.select(
            _CLOCK.department_id,
            _CLOCK.clock,
            func.count(),
            func.sum(case((BREACHED, 1), else_=0)),
            func.sum(case((is_open, 1), else_=0)),
        )
        .join(Ticket, _TICKET.id == _CLOCK.ticket_id)
        .where(
            _CLOCK.due_at >= period.since,
            _CLOCK.due_at < until,
            _TICKET.status.not_in([TicketStatus.CANCELLED, TicketStatus.MERGED]),
            # A clock that was paused in time is not due.
            or_(_CLOCK.paused_at.is_(None), _CLOCK.stopped_at.is_not(None), _CLOCK.paused_at > _CLOCK.due_at),
        )
        .group_by(_CLOCK.department_id, _CLOCK.clock)
        .order_by(_CLOCK.department_id, _CLOCK.clock)
    )
    if period.department_id is not None:
        statement = statement.where(_CLOCK.department_id == period.department_id)
    rows = (await session.exec(statement)).all()  # type: ignore[call-overload]
    return [_report(*row) for row in rows]


def _report(department_id: str | None, clock: ClockKind, due: int, breached: int, is_open: int) -> DeadlineReport:
    return DeadlineReport(
        department_id=department_id,
        clock=clock,
        due=due,
        met=due - breached,
        breached=breached,
        open_breached=is_open,
        met_percent=round(100 * (due - breached) / due, 1) if due else None,
    )


async def improvements(
    session: AsyncSession, *, department_id: str | None, is_open: bool | None, limit: int
) -> Sequence[ImprovementAction]:
    """Return improvement actions, open ones first, by due date."""
    done = col(ImprovementAction.done_at)
    statement = select(ImprovementAction).order_by(
        done.is_not(None), col(ImprovementAction.until), col(ImprovementAction.id)
    )
    if department_id is not None:
        statement = statement.where(ImprovementAction.department_id == department_id)
    if is_open is not None:
        statement = statement.where(done.is_(None) if is_open else done.is_not(None))
    return (await session.exec(statement.limit(limit))).all()
