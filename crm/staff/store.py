"""Queries over staff."""

from collections.abc import Sequence

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.staff.model import Staff
from foundation.routes import Role


async def by_number(session: AsyncSession, staff_number: str) -> Staff | None:
    """The person with a staff number."""
    return (await session.exec(select(Staff).where(Staff.staff_number == staff_number))).one_or_none()


async def agents(session: AsyncSession) -> Sequence[Staff]:
    """Return the agents."""
    statement = select(Staff).where(col(Staff.active).is_(True), Staff.role == Role.AGENT)
    return (await session.exec(statement.order_by(col(Staff.staff_number)))).all()


async def former_phones(session: AsyncSession) -> Sequence[str]:
    """Return the SIP users of accounts that are no agent's any more."""
    former = or_(col(Staff.active).is_(False), Staff.role != Role.AGENT)
    return [user for user in await session.exec(select(Staff.endpoint).where(former)) if user is not None]


async def everybody(session: AsyncSession) -> Sequence[Staff]:
    """All accounts."""
    return (await session.exec(select(Staff).order_by(col(Staff.staff_number)))).all()
