"""Queries over calls back that wait in a queue."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam
from sqlmodel import col, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.missed.planned.model import CallBackEnd, QueueCallBack

MOST_AT_ONCE = 100
"""Calls back that a node puts in line in one look."""
OUTSTANDING = (
    select(QueueCallBack.id)
    .where(QueueCallBack.number == bindparam("number"), col(QueueCallBack.ended_at).is_(None))
    .limit(1)
)
"""Made once: every call asks this."""


async def open_of(session: AsyncSession, number: str) -> QueueCallBack | None:
    """Return a number's call back that has not ended."""
    statement = (
        select(QueueCallBack).where(QueueCallBack.number == number, col(QueueCallBack.ended_at).is_(None)).limit(1)
    )
    return (await session.exec(statement)).first()


def is_outstanding(connection: Connection, number: str) -> bool:
    """Tell whether a number has a call back that has not ended."""
    return connection.execute(OUTSTANDING, {"number": number}).first() is not None


async def due(session: AsyncSession, now: datetime) -> list[QueueCallBack]:
    """Return calls back that are due, in the order of joining."""
    statement = (
        select(QueueCallBack)
        .where(col(QueueCallBack.ended_at).is_(None), col(QueueCallBack.due_at) <= now)
        .where(or_(col(QueueCallBack.held_until).is_(None), col(QueueCallBack.held_until) < now))
        .order_by(col(QueueCallBack.joined_at))
        .limit(MOST_AT_ONCE)
    )
    return [*(await session.exec(statement)).all()]


async def count_of(session: AsyncSession, opens_at: datetime) -> int:
    """Return how many calls back have a window that opens then."""
    opens = col(QueueCallBack.opens_at)
    statement = select(func.count()).select_from(QueueCallBack)
    statement = statement.where(opens >= opens_at, opens < opens_at + timedelta(minutes=1))
    return (await session.exec(statement)).one()


async def late(session: AsyncSession, now: datetime) -> list[QueueCallBack]:
    """Return calls back with a window that is over."""
    statement = select(QueueCallBack).where(col(QueueCallBack.ended_at).is_(None), col(QueueCallBack.closes_at) <= now)
    return [*(await session.exec(statement.limit(MOST_AT_ONCE))).all()]


async def hold(session: AsyncSession, call_ids: Collection[str], until: datetime) -> None:
    """Keep the calls back of these calls for their node."""
    statement = (
        update(QueueCallBack)
        .where(col(QueueCallBack.call_id).in_(call_ids), col(QueueCallBack.ended_at).is_(None))
        .values(held_until=until)
    )
    await session.exec(statement)


async def take(session: AsyncSession, row: QueueCallBack, call_id: str, until: datetime) -> bool:
    """Take a call back for a call; False: another node was faster."""
    held = col(QueueCallBack.held_until)
    unchanged = held.is_(None) if row.held_until is None else held == row.held_until
    statement = (
        update(QueueCallBack)
        .where(col(QueueCallBack.id) == row.id, col(QueueCallBack.ended_at).is_(None), unchanged)
        .values(call_id=call_id, held_until=until)
    )
    return (await session.exec(statement)).rowcount == 1


async def end(session: AsyncSession, row: QueueCallBack, why: CallBackEnd, at: datetime) -> None:
    """End a call back."""
    row.end, row.ended_at, row.held_until = why, at, None
    session.add(row)


async def of_calls(session: AsyncSession, call_ids: Collection[str]) -> dict[str, QueueCallBack]:
    """Return the newest call back that each call asked for."""
    statement = select(QueueCallBack).where(col(QueueCallBack.asked_call_id).in_(call_ids))
    rows = (await session.exec(statement.order_by(col(QueueCallBack.joined_at), col(QueueCallBack.id)))).all()
    return {row.asked_call_id: row for row in rows}
