"""Queries over open tickets, handovers and recurring tickets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import RowMapping, Select, case
from sqlmodel import col, func, select, union_all
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.handover.model import MOST_OPEN, Handover, HandoverItem, ListQuery, OpenQuery, RecurringQuery
from crm.tickets.model import UNDISPATCHED, Ticket, TicketLog, TicketReporter, TicketStatus, Urgency

RECURRING = 100
_URGENT_FIRST = case({urgency.value: -place for place, urgency in enumerate(Urgency)}, value=col(Ticket.urgency))
_DESK = [*UNDISPATCHED, TicketStatus.REPLIED, TicketStatus.SURVEY]
_NOT_COUNTED = [TicketStatus.CANCELLED, TicketStatus.MERGED]


async def left_open(session: AsyncSession, query: OpenQuery) -> tuple[int, Sequence[Ticket]]:
    """Return the count of open tickets, and the first of them."""
    count = (await session.exec(_open(select(func.count(col(Ticket.id))), query))).one()
    order = (_URGENT_FIRST, col(Ticket.registered_at), col(Ticket.id))
    return count, (await session.exec(_open(select(Ticket), query).order_by(*order).limit(MOST_OPEN))).all()


def _open(statement: Any, query: OpenQuery) -> Any:
    """Restrict a statement to the open tickets of a query."""
    statement = statement.where(col(Ticket.closed_at).is_(None))
    if query.department_id is not None:
        statement = statement.where(Ticket.department_id == query.department_id)
    elif query.staff_id is None:
        # As one set of ids: no index serves a condition with OR.
        desk = select(Ticket.id).where(col(Ticket.status).in_(_DESK))
        escalated = select(Ticket.id).where(col(Ticket.escalated) == sqlalchemy.true())
        statement = statement.where(col(Ticket.id).in_(union_all(desk, escalated)))
    if query.staff_id is not None:
        touched = select(TicketLog.id).where(
            TicketLog.ticket_id == Ticket.id,
            TicketLog.actor_id == query.staff_id,
            col(TicketLog.at) >= query.since,
        )
        statement = statement.where(touched.exists())
    return statement


async def listed(session: AsyncSession, query: ListQuery) -> Sequence[Handover]:
    """Return handovers of a department or of the desk, newest first."""
    statement = select(Handover).where(Handover.department_id == query.department_id)
    if query.waiting:
        statement = statement.where(col(Handover.acknowledged_at).is_(None))
    return (await session.exec(statement.order_by(col(Handover.at).desc()).limit(query.limit))).all()


async def held(session: AsyncSession, handover_id: str) -> Handover | None:
    """Lock a handover and return it, or None."""
    return (await session.exec(select(Handover).where(Handover.id == handover_id).with_for_update())).one_or_none()


async def items(session: AsyncSession, handover_id: str) -> Sequence[tuple[HandoverItem, Ticket]]:
    """Return the tickets of a handover, in order."""
    statement = (
        select(HandoverItem, Ticket)
        .join(Ticket, col(Ticket.id) == HandoverItem.ticket_id)
        .where(HandoverItem.handover_id == handover_id)
        .order_by(col(HandoverItem.place))
    )
    return (await session.exec(statement)).all()


async def recurring(session: AsyncSession, query: RecurringQuery, since: datetime) -> Sequence[RowMapping]:
    """Return causes in areas, customers and numbers with recurring tickets."""
    found: list[RowMapping] = []
    for by in _GROUPS:
        found += (await session.exec(_recurring(query, since, by))).mappings().all()  # type: ignore[call-overload]
    return sorted(found, key=lambda row: -int(row["count"]))


_CALLER = func.coalesce(col(TicketReporter.customer_id), col(TicketReporter.number))
"""Reporting customer, else number: ten unknown numbers are ten customers."""
_UNKNOWN_NUMBER = case((col(TicketReporter.customer_id).is_(None), col(TicketReporter.number))).label("number")
_GROUPS: tuple[tuple[Any, ...], ...] = (
    (col(Ticket.category_id), col(Ticket.area)),
    (col(TicketReporter.customer_id),),
    (_UNKNOWN_NUMBER,),
)


def _recurring(query: RecurringQuery, since: datetime, by: tuple[Any, ...]) -> Select[Any]:
    count = func.count(func.distinct(col(Ticket.id)))
    statement = (
        sqlalchemy.select(
            *by,
            count.label("count"),
            func.count(func.distinct(_CALLER)).label("customers"),
            func.min(col(Ticket.registered_at)).label("first_at"),
            func.max(col(Ticket.registered_at)).label("last_at"),
        )
        .outerjoin_from(Ticket, TicketReporter, col(TicketReporter.ticket_id) == Ticket.id)
        .where(
            col(Ticket.registered_at) >= since,
            col(Ticket.status).not_in(_NOT_COUNTED),
            by[0].is_not(None),
        )
    )
    if query.kind is not None:
        statement = statement.where(col(Ticket.kind) == query.kind)
    return statement.group_by(*by).having(count > query.more_than).order_by(count.desc()).limit(RECURRING)
