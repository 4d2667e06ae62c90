"""Transactions that hold one ticket: what every part that changes tickets stands on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.staff.model import Staff
from crm.tickets import store
from crm.tickets.errors import UnknownReference
from crm.tickets.model import Actor, ActorKind, Ticket
from crm.tickets.state_change import Change, TicketListener, change, listen
from crm.tickets.transitions import TicketAction
from foundation.database import Database
from foundation.problems import FieldProblem
from foundation.signals import Signal


class Recordings(Protocol):
    """What tickets need of whoever keeps the recordings."""

    async def exists(self, session: AsyncSession, recording_id: str) -> bool:
        """Whether there is such a recording; called in the ticket's own transaction."""


class AnyRecording:
    """Where nobody keeps recordings, every one is believed."""

    async def exists(self, session: AsyncSession, recording_id: str) -> bool:  # noqa: ARG002
        """There is."""
        return True


class TicketUnitOfWork:
    """Holds a ticket while it changes. `outbox_written` follows every commit that wrote to the outbox.

    `listeners` hear of every change within its transaction. Whoever keeps the recordings sets `recordings`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox_written = Signal[[]]()
        self.listeners: list[TicketListener] = []
        self.recordings: Recordings = AnyRecording()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction in which tickets may change."""
        async with self.database.write() as session:
            listen(session, self.listeners)
            yield session

    @asynccontextmanager
    async def held(self, ticket_id: str) -> AsyncIterator[tuple[AsyncSession, Ticket]]:
        """A transaction that holds one ticket.

        Raises:
            TicketNotFound: there is none.
        """
        async with self.transaction() as session:
            yield session, await store.locked(session, ticket_id)
        self.outbox_written.announce()

    @asynccontextmanager
    async def change(
        self, ticket_id: str, action: TicketAction, actor: Actor, expected_version: int | None
    ) -> AsyncIterator[Change]:
        """A transaction with one change of one ticket; raises as `changes.change` does."""
        async with (
            self.held(ticket_id) as (session, ticket),
            change(session, ticket, action, actor, expected_version) as made,
        ):
            yield made


async def must_be_recorded(
    session: AsyncSession, recordings: Recordings, field: str, recording_id: str, actor: Actor
) -> None:
    """Whether a recording that somebody names can belong to a ticket.

    The system names what it recorded itself, also while the entry still waits for the database.

    Raises:
        UnknownReference: a recording that does not exist.
    """
    if actor.kind is not ActorKind.SYSTEM and not await recordings.exists(session, recording_id):
        problem = FieldProblem(field=field, rule="must be a recording that exists")
        raise UnknownReference(f"there is no recording {recording_id}", [problem])


async def must_be_there(session: AsyncSession, department_id: str, person_id: str | None) -> None:
    """Whether a ticket can be handed to them.

    Raises:
        UnknownReference: a department that does not exist or is out of use, or a person who is not in it.
    """
    department = await session.get(Department, department_id)
    if department is None or not department.active:
        problem = FieldProblem(field="department_id", rule="must exist and be in use")
        raise UnknownReference(f"there is no department {department_id} in use", [problem])
    if person_id is None:
        return
    person = await session.get(Staff, person_id)
    if person is None or not person.active or person.department_id != department_id:
        problem = FieldProblem(field="person_id", rule="must be somebody who works in this department")
        raise UnknownReference(f"{person_id} is nobody in department {department_id}", [problem])
