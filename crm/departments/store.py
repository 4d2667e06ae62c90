"""Queries over departments."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department


async def departments(session: AsyncSession) -> Sequence[Department]:
    """Every department by name."""
    return (await session.exec(select(Department).order_by(col(Department.name)))).all()


async def held(session: AsyncSession) -> Sequence[Department]:
    """Every department, held for change: two that are moved at once must not end up under each other.

    Whoever only refers to one, as a ticket that is filed does, need not wait.
    """
    return (await session.exec(select(Department).order_by(col(Department.id)).with_for_update(key_share=True))).all()
