"""Queries over departments."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department


async def departments(session: AsyncSession) -> Sequence[Department]:
    """Return all departments by name."""
    return (await session.exec(select(Department).order_by(col(Department.name)))).all()


async def held(session: AsyncSession) -> Sequence[Department]:
    """Lock all departments, so that two moves cannot make a circle.

    Rows that only refer to a department, such as a new ticket, do not wait for the lock.
    """
    return (await session.exec(select(Department).order_by(col(Department.id)).with_for_update(key_share=True))).all()
