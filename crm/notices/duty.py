"""Duty rotas of departments: ordinary weeks, exceptions, employees on duty."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.notices import store
from crm.notices.errors import NoticeDepartmentNotFound, OverrideNotFound, RotaChanged, RotaInvalid
from crm.notices.model import DutyOverride, DutyRota, NoticeChannel, NoticeRecipient
from crm.notices.planning import duty_at
from crm.notices.rota import Shift
from crm.notices.views import DutyNumber, OnDuty, OverrideInput, OverrideView, RecipientView, RotaInput, RotaView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem


class DutyService:
    """Duty rotas; `time_zone` is that of a new rota."""

    def __init__(self, database: Database, time_zone: str = "Asia/Shanghai") -> None:
        self._database = database
        self._time_zone = time_zone

    async def rota(self, department_id: str) -> RotaView:
        """Return a department's week and its exceptions that are not over.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
        """
        async with self._database.read() as session:
            await _must_exist(session, department_id)
            rota = await session.get(DutyRota, department_id)
            exceptions = await store.overrides(session, department_id, utc_now())
        rota = rota or DutyRota(department_id=department_id, time_zone=self._time_zone, shifts=[], version=0)
        return RotaView(
            department_id=department_id,
            time_zone=rota.time_zone,
            shifts=[Shift.model_validate(shift) for shift in rota.shifts],
            overrides=[OverrideView.model_validate(found) for found in exceptions],
            version=rota.version,
        )

    async def replace(self, department_id: str, given: RotaInput) -> RotaView:
        """Replace the ordinary week.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
            RotaInvalid: it names a recipient that the department does not have.
            RotaChanged: another request changed it since the given version.
        """
        try:
            async with self._database.write() as session:
                await _must_exist(session, department_id)
                named = (one for shift in given.shifts for one in shift.recipient_ids)
                await _must_be_theirs(session, department_id, "shifts", named)
                await self._store(session, department_id, given)
        except IntegrityError as error:
            raise RotaChanged("another request wrote the first rota at this moment; read it again") from error
        return await self.rota(department_id)

    async def add_override(self, department_id: str, given: OverrideInput) -> OverrideView:
        """Add an exception to the ordinary week.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
            RotaInvalid: it names a recipient that the department does not have.
        """
        exception = DutyOverride(
            id=new_id("duty"), department_id=department_id, created_at=utc_now(), **given.model_dump()
        )
        async with self._database.write() as session:
            await _must_exist(session, department_id)
            await _must_be_theirs(session, department_id, "recipient_ids", given.recipient_ids)
            session.add(exception)
        return OverrideView.model_validate(exception)

    async def remove_override(self, department_id: str, override_id: str) -> None:
        """Remove an exception.

        Raises:
            OverrideNotFound: the department has no such exception.
        """
        async with self._database.write() as session:
            exception = await session.get(DutyOverride, override_id)
            if exception is None or exception.department_id != department_id:
                raise OverrideNotFound(f"there is no exception {override_id}")
            await session.delete(exception)

    async def on_duty(self, department_id: str, moment: datetime | None = None) -> OnDuty:
        """Return the department's recipients on duty at a moment, by default now.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
        """
        at = moment or utc_now()
        duty, standing = await self._recipients(department_id, at)
        found = duty or standing
        return OnDuty(at=at, by_rota=bool(duty), recipients=[RecipientView.of(one) for one in found])

    async def number(self, department_id: str) -> DutyNumber | None:
        """Return the telephone number on duty now; None without one.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
        """
        found = await self.reached_by_sms(department_id)
        return DutyNumber(found.name, found.address) if found is not None else None

    async def reached_by_sms(self, department_id: str) -> NoticeRecipient | None:
        """Return the recipient with the number on duty now; None without one.

        Raises:
            NoticeDepartmentNotFound: there is no such department.
        """
        duty, standing = await self._recipients(department_id, utc_now())
        numbers = (one for one in (*duty, *standing) if one.channel is NoticeChannel.SMS)
        return next(numbers, None)

    async def _recipients(
        self, department_id: str, at: datetime
    ) -> tuple[list[NoticeRecipient], list[NoticeRecipient]]:
        """Return the recipients on duty by the rota, and the standing ones."""
        async with self._database.read() as session:
            await _must_exist(session, department_id)
            named = await duty_at(session, department_id, at)
            own = {found.id: found for found in await store.recipients(session, department_id) if found.active}
        duty = [own[recipient_id] for recipient_id in named or () if recipient_id in own]
        return duty, [found for found in own.values() if found.standing]

    async def _store(self, session: AsyncSession, department_id: str, given: RotaInput) -> None:
        rota = await session.get(DutyRota, department_id, with_for_update=True)
        version = rota.version if rota is not None else 0
        if given.version is not None and given.version != version:
            problem = FieldProblem(field="version", rule=f"must be {version}; read the rota again")
            raise RotaChanged(f"the rota is at version {version}, not {given.version}", [problem])
        rota = rota or DutyRota(department_id=department_id, time_zone=given.time_zone, shifts=[], version=0)
        rota.time_zone, rota.version = given.time_zone, version + 1
        rota.shifts = [shift.model_dump(mode="json") for shift in given.shifts]
        session.add(rota)


async def _must_exist(session: AsyncSession, department_id: str) -> None:
    if await session.get(Department, department_id) is None:
        raise NoticeDepartmentNotFound(f"there is no department {department_id}")


async def _must_be_theirs(session: AsyncSession, department_id: str, field: str, named: Iterable[str]) -> None:
    for recipient_id in dict.fromkeys(named):
        recipient = await session.get(NoticeRecipient, recipient_id)
        if recipient is None or not recipient.active or recipient.department_id != department_id:
            problem = FieldProblem(field=field, rule="must name active recipients of the department")
            raise RotaInvalid(f"{recipient_id} is no recipient of department {department_id}", [problem])
