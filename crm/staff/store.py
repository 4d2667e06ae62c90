"""Queries over staff."""

from collections.abc import Sequence

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.staff.model import WITH_PHONE, Staff


async def by_number(session: AsyncSession, staff_number: str) -> Staff | None:
    """The person with a staff number."""
    return (await session.exec(select(Staff).where(Staff.staff_number == staff_number))).one_or_none()


async def with_phones(session: AsyncSession) -> Sequence[Staff]:
    """Return the agents and supervisors: those who have a phone."""
    statement = select(Staff).where(col(Staff.active).is_(True), col(Staff.role).in_(WITH_PHONE))
    return (await session.exec(statement.order_by(col(Staff.staff_number)))).all()


async def former_phones(session: AsyncSession) -> Sequence[str]:
    """Return the SIP users of accounts that have no phone any more."""
    former = or_(col(Staff.active).is_(False), col(Staff.role).not_in(WITH_PHONE))
    return [user for user in await session.exec(select(Staff.endpoint).where(former)) if user is not None]


async def everybody(session: AsyncSession) -> Sequence[Staff]:
    """All accounts."""
    return (await session.exec(select(Staff).order_by(col(Staff.staff_number)))).all()
