"""Accounts: made, checked, listed."""

import asyncio
import secrets
from collections.abc import Callable, Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError

from crm.staff import store
from crm.staff.errors import NumberTaken, UnknownQueue
from crm.staff.model import Staff, StaffInput, StaffView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal, Role

SIP_PASSWORD_BYTES = 18
HASH_PASSES, HASH_MEMORY_KIB, HASH_LANES = 2, 19 * 1024, 1
"""OWASP's argon2id minimum: a shift that signs in at once must not take memory and cores from its calls."""


class StaffService:
    """Staff accounts. `queues` are the names an agent may serve."""

    def __init__(self, database: Database, queues: Collection[str]) -> None:
        self._database = database
        self._queues = frozenset(queues)
        self._hasher = PasswordHasher(HASH_PASSES, HASH_MEMORY_KIB, HASH_LANES)
        # Checked where nobody has the number, so that an unknown one takes as long as a wrong password (S11).
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self.on_changed: Callable[[Staff], None] = lambda _: None
        """Hears of every account that was made or changed."""

    async def authenticate(self, staff_number: str, password: str) -> Principal | None:
        """Who this is; None where number or password is wrong or the account is closed."""
        async with self._database.read() as session:
            staff = await store.by_number(session, staff_number)
        matches = await asyncio.to_thread(self._matches, staff.password_hash if staff else self._nobody, password)
        return staff.principal() if staff is not None and staff.active and matches else None

    async def create(self, given: StaffInput, *, endpoint: str | None = None, sip_password: str | None = None) -> Staff:
        """A new account; an agent gets a SIP user and a generated secret, unless given.

        Raises:
            NumberTaken: somebody else has the number.
            UnknownQueue: a queue that is not there.
        """
        unknown = set(given.queues) - self._queues
        if unknown:
            problem = FieldProblem(field="queues", rule=f"must be among {', '.join(sorted(self._queues))}")
            raise UnknownQueue(f"there is no queue {', '.join(sorted(unknown))}", [problem])
        is_agent = given.role is Role.AGENT
        staff = Staff(
            id=new_id("staff"),
            password_hash=await asyncio.to_thread(self._hasher.hash, given.password),
            endpoint=(endpoint or f"agent{given.staff_number}") if is_agent else None,
            sip_password=(sip_password or secrets.token_urlsafe(SIP_PASSWORD_BYTES)) if is_agent else None,
            created_at=utc_now(),
            **given.model_dump(exclude={"password"}),
        )
        try:
            async with self._database.write() as session:
                session.add(staff)
        except IntegrityError as error:
            problem = FieldProblem(field="staff_number", rule="must not be another's")
            raise NumberTaken(f"staff number {given.staff_number} exists", [problem]) from error
        self.on_changed(staff)
        return staff

    async def agents(self) -> list[Staff]:
        """Everybody who answers calls, with the secrets of their phones: for Asterisk, never for an answer."""
        async with self._database.read() as session:
            return list(await store.agents(session))

    async def all(self) -> list[StaffView]:
        """All accounts."""
        async with self._database.read() as session:
            return [StaffView.model_validate(staff) for staff in await store.everybody(session)]

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
