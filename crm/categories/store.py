"""Queries over categories and ruling counts."""

from collections.abc import Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category, RulingCount

_COUNT = SQLModel.metadata.tables[RulingCount.__tablename__]


async def categories(session: AsyncSession) -> Sequence[Category]:
    """Return all categories by name."""
    return (await session.exec(select(Category).order_by(col(Category.name)))).all()


async def held(session: AsyncSession) -> Sequence[Category]:
    """Lock all categories, so that two moves cannot make a circle.

    Rows that only refer to a category, such as a new ticket, do not wait for the lock.
    """
    return (await session.exec(select(Category).order_by(col(Category.id)).with_for_update(key_share=True))).all()


async def counts(session: AsyncSession, category_id: str, area: str) -> Sequence[RulingCount]:
    """Return the ruling counts of a cause in an area."""
    statement = select(RulingCount).where(RulingCount.category_id == category_id, RulingCount.area == area)
    return (await session.exec(statement)).all()


async def count(session: AsyncSession, category_id: str, area: str, department_id: str, *, theirs: bool) -> None:
    """Count a ruling; correct also for rulings at the same moment."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    first = {"theirs": int(theirs), "not_theirs": int(not theirs)}
    insert = dialect.insert(_COUNT).values(category_id=category_id, area=area, department_id=department_id, **first)
    counted = "theirs" if theirs else "not_theirs"
    statement = insert.on_conflict_do_update(
        index_elements=["category_id", "area", "department_id"], set_={counted: _COUNT.c[counted] + 1}
    )
    await session.exec(statement)
