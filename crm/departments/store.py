"""Queries over departments and categories."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Category, Department


async def departments(session: AsyncSession) -> Sequence[Department]:
    """Every department by name."""
    return (await session.exec(select(Department).order_by(col(Department.name)))).all()


async def categories(session: AsyncSession) -> Sequence[Category]:
    """Every category by name."""
    return (await session.exec(select(Category).order_by(col(Category.name)))).all()
