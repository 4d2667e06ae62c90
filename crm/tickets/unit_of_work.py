"""Unit of work of tickets: transactions, and listeners of every change."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.orm import Session, object_session
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.staff.model import Staff
from crm.tickets import store
from crm.tickets.errors import UnknownReference
from crm.tickets.model import Actor, ActorKind, Ticket
from crm.tickets.state_change import Change, TicketListener, TicketTransaction, change
from crm.tickets.transitions import TicketAction
from foundation.database import Database
from foundation.problems import FieldProblem
from foundation.signals import Signal

_OPEN: WeakSet[Session] = WeakSet()
"""Sessions of open units of work."""


class OutsideUnitOfWork(RuntimeError):
    """A ticket was changed in a session without listeners."""


class Recordings(Protocol):
    """The store of recordings, as tickets need it."""

    async def exists(self, session: AsyncSession, recording_id: str) -> bool:
        """Return whether there is such a recording, within the ticket's transaction."""
        ...


class AnyRecording:
    """Null object where there is no store of recordings: every recording exists."""

    async def exists(self, session: AsyncSession, recording_id: str) -> bool:  # noqa: ARG002
        """Return true."""
        return True


class TicketUnitOfWork:
    """Transactions of tickets; `outbox_written` follows commits that stored events.

    `listeners` are informed of every change within its transaction.
    """

    def __init__(
        self, database: Database, listeners: Sequence[TicketListener] = (), recordings: Recordings | None = None
    ) -> None:
        self.database = database
        self.recordings = recordings or AnyRecording()
        self.outbox_written = Signal[[]]()
        self._listeners = tuple(listeners)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[TicketTransaction]:
        """Open a transaction in which tickets may change."""
        async with self.database.write() as session:
            with _opened(session.sync_session):
                yield TicketTransaction(session, self._listeners)

    @asynccontextmanager
    async def held(self, ticket_id: str) -> AsyncIterator[tuple[TicketTransaction, Ticket]]:
        """Open a transaction that locks one ticket.

        Raises:
            TicketNotFound: there is no such ticket.
        """
        async with self.transaction() as transaction:
            yield transaction, await store.locked(transaction.session, ticket_id)
        self.outbox_written.announce()

    @asynccontextmanager
    async def change(
        self, ticket_id: str, action: TicketAction, actor: Actor, expected_version: int | None
    ) -> AsyncIterator[Change]:
        """Open a transaction with one change; raise as `state_change.change`."""
        async with (
            self.held(ticket_id) as (transaction, ticket),
            change(transaction, ticket, action, actor, expected_version) as made,
        ):
            yield made


async def must_be_recorded(
    session: AsyncSession, recordings: Recordings, field: str, recording_id: str, actor: Actor
) -> None:
    """Check that a recording exists before it is attached to a ticket.

    The system may name one that is not in the database yet.

    Raises:
        UnknownReference: the recording does not exist.
    """
    if actor.kind is not ActorKind.SYSTEM and not await recordings.exists(session, recording_id):
        problem = FieldProblem(field=field, rule="must be a recording that exists")
        raise UnknownReference(f"there is no recording {recording_id}", [problem])


async def must_be_there(session: AsyncSession, department_id: str, person_id: str | None) -> None:
    """Check that a ticket can be given to a department and person.

    Raises:
        UnknownReference: the department does not exist or is out of use, or the person does not work in it.
    """
    department = await session.get(Department, department_id)
    if department is None or not department.active:
        problem = FieldProblem(field="department_id", rule="must exist and be in use")
        raise UnknownReference(f"there is no department {department_id} in use", [problem])
    if person_id is None:
        return
    person = await session.get(Staff, person_id)
    if person is None or not person.active or person.department_id != department_id:
        problem = FieldProblem(field="person_id", rule="must be an employee of this department")
        raise UnknownReference(f"{person_id} does not work in department {department_id}", [problem])


@contextmanager
def _opened(session: Session) -> Iterator[None]:
    _OPEN.add(session)
    try:
        yield
    finally:
        _OPEN.discard(session)


def _refuse_outside(ticket: Ticket, value: object, before: object, _: object) -> None:
    """Refuse to change a stored ticket outside a unit of work.

    Deadlines and visits would silently not follow such a change.

    Raises:
        OutsideUnitOfWork: the ticket's session is not one of a unit of work.
    """
    session = object_session(ticket)
    if session is not None and session not in _OPEN and value != before:
        raise OutsideUnitOfWork(f"ticket {ticket.number} can change only in TicketUnitOfWork.transaction()")


for _column in ("status", "version"):
    event.listen(getattr(Ticket, _column), "set", _refuse_outside)
