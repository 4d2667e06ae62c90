"""Colleagues: listed for everyone, and the own account."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.staff.model import Staff
from crm.staff.people.initials import initials
from crm.staff.people.model import FindPeople, PersonView, ProfileView
from foundation.database import Database


class PeopleService:
    """Directory of the accounts in use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, wanted: FindPeople) -> list[PersonView]:
        """Return colleagues in the order of their staff numbers."""
        statement = select(Staff).where(col(Staff.active).is_(True)).order_by(col(Staff.staff_number))
        if wanted.department_id is not None:
            statement = statement.where(Staff.department_id == wanted.department_id)
        if wanted.role is not None:
            statement = statement.where(Staff.role == wanted.role)
        async with self._database.read() as session:
            names = await _department_names(session)
            return [_person(staff, names) for staff in await session.exec(statement)]

    async def profile(self, staff_id: str) -> ProfileView | None:
        """Return a person's profile; None for an unknown account."""
        async with self._database.read() as session:
            staff = await session.get(Staff, staff_id)
            if staff is None:
                return None
            department = await session.get(Department, staff.department_id) if staff.department_id else None
        name = department.shown_name if department is not None else None
        return ProfileView(language=staff.language, queues=staff.queues, skills=staff.skills, department_name=name)


async def _department_names(session: AsyncSession) -> dict[str, str]:
    return {one.id: one.shown_name for one in await session.exec(select(Department))}


def _person(staff: Staff, departments: dict[str, str]) -> PersonView:
    return PersonView(
        id=staff.id,
        staff_number=staff.staff_number,
        name=staff.name,
        initials=initials(staff.name),
        role=staff.role,
        department_id=staff.department_id,
        department_name=departments.get(staff.department_id) if staff.department_id is not None else None,
        queues=staff.queues,
    )
