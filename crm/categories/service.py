"""Use cases of the catalogue of causes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories import store
from crm.categories.errors import CategoryNotFound
from crm.categories.kinds import shown
from crm.categories.model import Category, CategoryChange, CategoryInput, CategoryView, ProposedDepartment
from crm.categories.proposing import propose
from crm.departments import store as departments_store
from crm.departments.errors import NameTaken, UnknownTreeReference
from crm.departments.model import Department
from crm.departments.tree import check_place
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem


class CategoryService:
    """Tree of causes, and proposals of departments for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[CategoryView]:
        """Return all categories, those out of use included."""
        async with self._database.read() as session:
            found = await store.categories(session)
        nodes = {node.id: node for node in found}
        return [shown(nodes, node) for node in found]

    async def create(self, given: CategoryInput) -> CategoryView:
        """Create a cause.

        Raises:
            NameTaken: another cause has the name.
            UnknownTreeReference: there is no such parent or department.
            OutOfUse: the parent is out of use.
        """
        category = Category(id=new_id("category"), **given.model_dump())
        async with self._tree(given.name) as (session, nodes):
            await _check(session, nodes, category)
            session.add(category)
        return shown(nodes, category)

    async def update(self, category_id: str, change: CategoryChange) -> CategoryView:
        """Rename or move a cause, or change its department or use.

        Raises:
            CategoryNotFound: there is no such category.
            NameTaken: another cause has the name.
            UnknownTreeReference: there is no such parent or department.
            Circle: the cause would stand under itself.
            OutOfUse: a cause in use would stand under one out of use.
            EditedMeanwhile: another person changed the same fields.
        """
        async with self._tree(change.name) as (session, nodes):
            category = nodes.get(category_id)
            if category is None:
                raise CategoryNotFound(f"there is no category {category_id}")
            change.check(shown(nodes, category))
            with session.no_autoflush:
                category.sqlmodel_update(change.given())
                await _check(session, nodes, category)
        return shown(nodes, category)

    async def proposed(self, category_id: str, area: str) -> list[ProposedDepartment]:
        """Propose departments for a cause in an area, likeliest first.

        Raises:
            CategoryNotFound: there is no such category.
        """
        async with self._database.read() as session:
            categories = {node.id: node for node in await store.categories(session)}
            if category_id not in categories:
                raise CategoryNotFound(f"there is no category {category_id}")
            departments = {node.id: node for node in await departments_store.departments(session)}
            counts = await store.counts(session, category_id, area)
        return propose(categories, departments, counts, category_id, area)

    @asynccontextmanager
    async def _tree(self, name: str) -> AsyncIterator[tuple[AsyncSession, dict[str, Category]]]:
        """Open a transaction that locks all categories, for a new name."""
        try:
            async with self._database.write() as session:
                yield session, {node.id: node for node in await store.held(session)}
        except IntegrityError as error:
            problem = FieldProblem(field="name", rule="must not be another's")
            raise NameTaken(f"{name} exists", [problem]) from error


async def _check(session: AsyncSession, nodes: dict[str, Category], category: Category) -> None:
    check_place(nodes, category)
    if category.department_id is not None and await session.get(Department, category.department_id) is None:
        problem = FieldProblem(field="department_id", rule="must exist")
        raise UnknownTreeReference("department_id names no department", [problem])
