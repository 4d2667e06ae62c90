"""Use cases of departments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments import store
from crm.departments.errors import DepartmentNotFound, NameTaken
from crm.departments.model import Department, DepartmentChange, DepartmentInput, DepartmentView
from crm.departments.tree import check_place
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem


class DepartmentService:
    """Tree of departments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[DepartmentView]:
        """Return all departments."""
        async with self._database.read() as session:
            return [DepartmentView.model_validate(found) for found in await store.departments(session)]

    async def get(self, department_id: str) -> DepartmentView | None:
        """Return one department, or None."""
        async with self._database.read() as session:
            found = await session.get(Department, department_id)
        return DepartmentView.model_validate(found) if found is not None else None

    async def create(self, given: DepartmentInput) -> DepartmentView:
        """Create a department.

        Raises:
            NameTaken: another department has the name.
            UnknownTreeReference: there is no such parent.
            OutOfUse: the parent is out of use.
        """
        department = Department(id=new_id("department"), created_at=utc_now(), **given.model_dump())
        async with self._tree(given.name) as (session, nodes):
            check_place(nodes, department)
            session.add(department)
        return DepartmentView.model_validate(department)

    async def update(self, department_id: str, change: DepartmentChange) -> DepartmentView:
        """Rename or move a department, or change its use.

        Raises:
            DepartmentNotFound: there is no such department.
            NameTaken: another department has the name.
            UnknownTreeReference: there is no such parent.
            Circle: it would stand under itself.
            OutOfUse: a department in use would stand under one out of use.
            EditedMeanwhile: another person changed the same fields.
        """
        async with self._tree(change.name) as (_, nodes):
            department = nodes.get(department_id)
            if department is None:
                raise DepartmentNotFound(f"there is no department {department_id}")
            change.check(DepartmentView.model_validate(department))
            department.sqlmodel_update(change.given())
            check_place(nodes, department)
        return DepartmentView.model_validate(department)

    @asynccontextmanager
    async def _tree(self, name: str) -> AsyncIterator[tuple[AsyncSession, dict[str, Department]]]:
        """Open a transaction that locks all departments, for a new name."""
        try:
            async with self._database.write() as session:
                yield session, {node.id: node for node in await store.held(session)}
        except IntegrityError as error:
            problem = FieldProblem(field="name", rule="must not be another's")
            raise NameTaken(f"{name} exists", [problem]) from error
