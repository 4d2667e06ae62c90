"""Queries of planned shifts."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.shifts.model import PlannedShift
from crm.staff.model import WITH_PHONE, Staff


async def beginning(session: AsyncSession, since: datetime, until: datetime) -> Sequence[PlannedShift]:
    """Return the shifts that begin in a time, in order."""
    statement = select(PlannedShift).where(col(PlannedShift.since) >= since, col(PlannedShift.since) < until)
    return (await session.exec(statement.order_by(col(PlannedShift.since), PlannedShift.staff_id))).all()


async def overlapping(
    session: AsyncSession, staff_ids: Collection[str], since: datetime, until: datetime
) -> Sequence[PlannedShift]:
    """Return the shifts of agents that touch a time."""
    statement = (
        select(PlannedShift)
        .where(col(PlannedShift.staff_id).in_(staff_ids))
        .where(col(PlannedShift.until) > since, col(PlannedShift.since) < until)
    )
    return (await session.exec(statement)).all()


async def remove(session: AsyncSession, since: datetime, until: datetime) -> None:
    """Remove the shifts that begin in a time."""
    begins = col(PlannedShift.since)
    await session.exec(delete(PlannedShift).where(begins >= since, begins < until))


async def agents(session: AsyncSession) -> dict[str, Staff]:
    """Return all who may have a shift, by id."""
    found = await session.exec(select(Staff).where(col(Staff.role).in_(WITH_PHONE)))
    return {one.id: one for one in found}
