"""Departments and the catalogue of causes."""

from sqlalchemy.exc import IntegrityError

from crm.departments import store
from crm.departments.errors import NameTaken, UnknownReference
from crm.departments.model import (
    Category,
    CategoryInput,
    CategoryView,
    Department,
    DepartmentInput,
    DepartmentView,
)
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem


class DepartmentService:
    """Departments, categories, and which department a category proposes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[DepartmentView]:
        """Every department."""
        async with self._database.read() as session:
            return [DepartmentView.model_validate(found) for found in await store.departments(session)]

    async def get(self, department_id: str) -> DepartmentView | None:
        """One department."""
        async with self._database.read() as session:
            found = await session.get(Department, department_id)
        return DepartmentView.model_validate(found) if found is not None else None

    async def create(self, given: DepartmentInput) -> DepartmentView:
        """A new department.

        Raises:
            NameTaken: another one has the name.
            UnknownReference: there is no such parent.
        """
        await self._must_exist(Department, "parent_id", given.parent_id)
        department = Department(id=new_id("department"), created_at=utc_now(), **given.model_dump())
        await self._add(department, given.name)
        return DepartmentView.model_validate(department)

    async def categories(self) -> list[CategoryView]:
        """The catalogue of causes."""
        async with self._database.read() as session:
            return [CategoryView.model_validate(found) for found in await store.categories(session)]

    async def create_category(self, given: CategoryInput) -> CategoryView:
        """A new cause.

        Raises:
            NameTaken: another one has the name.
            UnknownReference: there is no such parent or department.
        """
        await self._must_exist(Category, "parent_id", given.parent_id)
        await self._must_exist(Department, "department_id", given.department_id)
        category = Category(id=new_id("category"), **given.model_dump())
        await self._add(category, given.name)
        return CategoryView.model_validate(category)

    async def _must_exist(self, table: type[Department | Category], field: str, row_id: str | None) -> None:
        if row_id is None:
            return
        async with self._database.read() as session:
            if await session.get(table, row_id) is None:
                raise UnknownReference(f"{field} names nothing", [FieldProblem(field=field, rule="must exist")])

    async def _add(self, row: Department | Category, name: str) -> None:
        try:
            async with self._database.write() as session:
                session.add(row)
        except IntegrityError as error:
            problem = FieldProblem(field="name", rule="must not be another's")
            raise NameTaken(f"{name} exists", [problem]) from error
