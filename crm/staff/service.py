"""Accounts: made, changed, checked, listed."""

import asyncio
import re
import secrets
from collections.abc import Collection, Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.staff import store
from crm.staff.errors import (
    NoPhone,
    NumberTaken,
    OwnAccount,
    StaffNotFound,
    UnknownDepartment,
    UnknownQueue,
    WrongPassword,
)
from crm.staff.model import STAFF_NUMBER, WITH_PHONE, PhoneKind, Staff, StaffChange, StaffInput, StaffView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal, Role
from foundation.signals import AsyncSignal, Signal

SIP_PASSWORD_BYTES = 18
HASH_PASSES, HASH_MEMORY_KIB, HASH_LANES = 2, 19 * 1024, 1
"""OWASP's argon2id minimum: a shift that signs in at once must not take memory and cores from its calls."""
PRESENT_RULE = "must be the present password"
NEW_RULE = "must differ from the present password"
ACCESS = frozenset({"role", "password", "active", "department_id", "name"})
"""Fields that a session depends on: after a change the person signs in again."""


class StaffService:
    """Staff accounts. `queues` are the names an agent may serve."""

    def __init__(self, database: Database, queues: Collection[str]) -> None:
        self._database = database
        self._queues = queues
        self._hasher = PasswordHasher(HASH_PASSES, HASH_MEMORY_KIB, HASH_LANES)
        # Checked for an unknown number, so that it takes as long as a wrong password (S11).
        self._no_account = self._hasher.hash(secrets.token_urlsafe())
        self.account_changed = Signal[[Staff]]()
        """An account was created or changed, here or by another process."""
        self.account_stored = Signal[[str]]()
        """An account (by id) was created or changed here: other processes have to reload it."""
        self.access_changed = AsyncSignal[[str]]()
        """The sessions of a staff member (by id) are out of date: the person signs in again."""

    async def authenticate(self, staff_number: str, password: str) -> Principal | None:
        """Return the account of a staff number and password; else None."""
        staff = None
        if re.fullmatch(STAFF_NUMBER, staff_number, re.ASCII) is not None:
            async with self._database.read() as session:
                staff = await store.by_number(session, staff_number)
        matches = await asyncio.to_thread(self._matches, staff.password_hash if staff else self._no_account, password)
        return staff.principal() if staff is not None and staff.active and matches else None

    async def create(self, given: StaffInput, *, endpoint: str | None = None, sip_password: str | None = None) -> Staff:
        """Create an account.

        An agent gets a SIP user and a generated secret, unless given.

        Raises:
            NumberTaken: another account has the number.
            UnknownQueue: a queue that does not exist.
            UnknownDepartment: a department that does not exist, or none for a role that needs one.
        """
        staff = Staff(
            id=new_id("staff"),
            password_hash=await self._hash(given.password),
            endpoint=endpoint if given.role in WITH_PHONE else None,
            sip_password=sip_password if given.role in WITH_PHONE else None,
            created_at=utc_now(),
            **given.model_dump(exclude={"password"}),
        )
        try:
            async with self._database.write() as session:
                await self._check(session, staff, given.queues)
                session.add(staff)
        except IntegrityError as error:
            problem = FieldProblem(field="staff_number", rule="must not be another's")
            raise NumberTaken(f"staff number {given.staff_number} exists", [problem]) from error
        self._announce(staff)
        return staff

    async def update(self, staff_id: str, change: StaffChange, *, by: str | None = None) -> Staff:
        """Change an account; `by` is the id of the changing account.

        Raises:
            StaffNotFound: there is none.
            OwnAccount: an account would close itself or change its own role.
            UnknownQueue, UnknownDepartment: as for a new one.
            EditedMeanwhile: another person changed the same fields.
        """
        changes = {name: value for name, value in change.given().items() if name != "password"}
        if "password" in change.model_fields_set:
            changes["password_hash"] = await self._hash(change.password)
            changes["password_one_time"] = change.password_one_time
        async with self._database.write() as session:
            staff = await session.get(Staff, staff_id, with_for_update=True)
            if staff is None:
                raise StaffNotFound(f"there is no account {staff_id}")
            change.check(StaffView.model_validate(staff))
            keeps_access = changes.get("role", staff.role) is staff.role and changes.get("active", True)
            if staff_id == by and not keeps_access:
                raise OwnAccount("an administrator cannot close the own account or change its role")
            staff.sqlmodel_update(changes)
            await self._check(session, staff, change.queues if "queues" in change.model_fields_set else ())
        self._announce(staff)
        if change.model_fields_set & ACCESS:
            await self.access_changed.announce(staff_id)
        return staff

    async def change_password(self, staff_id: str, present: str, new: str) -> None:
        """Replace the own password; every session of the account ends.

        Raises:
            WrongPassword: `present` is not the account's password, or `new` is the same.
            ValidationError: `new` breaks the rules for passwords.
        """
        async with self._database.read() as session:
            staff = await session.get(Staff, staff_id)
        if staff is None or not await asyncio.to_thread(self._matches, staff.password_hash, present):
            raise WrongPassword("the password was not changed", [FieldProblem(field="present", rule=PRESENT_RULE)])
        if new == present:
            raise WrongPassword("the password was not changed", [FieldProblem(field="new", rule=NEW_RULE)])
        await self.update(staff_id, StaffChange(password=new))

    async def renew_phone_secret(self, staff_id: str) -> Staff:
        """Replace the SIP secret of an agent's phone.

        Raises:
            StaffNotFound: the account does not exist.
            NoPhone: the account is not an active agent's or supervisor's.
        """
        async with self._database.write() as session:
            staff = await session.get(Staff, staff_id)
            if staff is None:
                raise StaffNotFound(f"there is no account {staff_id}")
            if staff.role not in WITH_PHONE or not staff.active:
                raise NoPhone(f"{staff.staff_number} is not an active agent or supervisor")
            staff.sip_password = secrets.token_urlsafe(SIP_PASSWORD_BYTES)
        self._announce(staff)
        return staff

    async def choose_phone(self, staff_id: str, kind: PhoneKind) -> Staff:
        """Store which phone of an agent is rung from now on.

        Raises:
            StaffNotFound: the account does not exist.
            NoPhone: the account is not an active agent's or supervisor's.
        """
        async with self._database.write() as session:
            staff = await session.get(Staff, staff_id)
            if staff is None:
                raise StaffNotFound(f"there is no account {staff_id}")
            if staff.role not in WITH_PHONE or not staff.active:
                raise NoPhone(f"{staff.staff_number} is not an active agent or supervisor")
            staff.phone = kind
        self._announce(staff)
        return staff

    async def reload(self, staff_id: str, *, ends_sessions: bool) -> None:
        """Announce an account that another process created or changed."""
        async with self._database.read() as session:
            staff = await session.get(Staff, staff_id)
        if staff is not None:
            self.account_changed.announce(staff)
            if ends_sessions:
                await self.access_changed.announce(staff_id)

    async def reload_all(self) -> None:
        """Announce every account: messages about changes may be lost.

        No sessions end.
        """
        async with self._database.read() as session:
            accounts = await store.everybody(session)
        for staff in accounts:
            self.account_changed.announce(staff)

    async def of_number(self, staff_number: str) -> Staff:
        """Return the account with a staff number.

        Raises:
            StaffNotFound: no account has the number.
        """
        async with self._database.read() as session:
            staff = await store.by_number(session, staff_number)
        if staff is None:
            raise StaffNotFound(f"no account has the staff number {staff_number}")
        return staff

    async def with_phones(self) -> list[Staff]:
        """Return agents and supervisors with their phones' secrets, for Asterisk only.

        A supervisor from the time before supervisors had phones gets one.
        """
        async with self._database.read() as session:
            found = await store.with_phones(session)
        if any(staff.endpoint is None for staff in found):
            async with self._database.write() as session:
                found = await store.with_phones(session)
                for staff in found:
                    _give_phone(staff)
        return list(found)

    async def former_phones(self) -> list[str]:
        """Return the SIP users of former agents."""
        async with self._database.read() as session:
            return list(await store.former_phones(session))

    async def all(self) -> list[StaffView]:
        """All accounts."""
        async with self._database.read() as session:
            return [StaffView.model_validate(staff) for staff in await store.everybody(session)]

    async def names(self) -> dict[str, str]:
        """Return the name of each account, closed ones included, by id."""
        return {one.id: one.name for one in await self.all()}

    def _announce(self, staff: Staff) -> None:
        self.account_changed.announce(staff)
        self.account_stored.announce(staff.id)

    async def _check(self, session: AsyncSession, staff: Staff, queues: Iterable[str]) -> None:
        """Refuse unknown references; give agents and supervisors a phone.

        Of the queues only the given ones: one that was taken out of `queues.yaml` must not block other changes.
        """
        unknown = set(queues).difference(self._queues)
        if unknown:
            problem = FieldProblem(field="queues", rule=f"must be among {', '.join(sorted(self._queues))}")
            raise UnknownQueue(f"there is no queue {', '.join(sorted(unknown))}", [problem])
        if staff.department_id is None and staff.role is Role.DEPARTMENT:
            problem = FieldProblem(field="department_id", rule="must be given for the role of a department")
            raise UnknownDepartment("an account of a department needs its department", [problem])
        with session.no_autoflush:
            named = staff.department_id is not None
            if named and await session.get(Department, staff.department_id) is None:
                problem = FieldProblem(field="department_id", rule="must exist")
                raise UnknownDepartment(f"there is no department {staff.department_id}", [problem])
        if staff.role in WITH_PHONE:
            _give_phone(staff)

    async def _hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _give_phone(staff: Staff) -> None:
    """Give an account the SIP user and secret of a phone, once."""
    staff.endpoint = staff.endpoint or f"{staff.role.value}{staff.staff_number}"
    staff.sip_password = staff.sip_password or secrets.token_urlsafe(SIP_PASSWORD_BYTES)
