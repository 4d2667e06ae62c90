"""Use cases of extensions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, false
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.errors import ExtensionPending, ExtensionRefused, NoExtension, TooLate
from crm.tickets.extensions import store
from crm.tickets.extensions.model import ExtensionView, PendingExtension, TicketExtension
from crm.tickets.files.naming import name_files
from crm.tickets.listing import NextDue
from crm.tickets.model import Actor, Ticket
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem


class Deadlines(Protocol):
    """Deadlines as extensions need them; its coroutines run in the ticket's transaction."""

    async def resolve_by(self, session: AsyncSession, ticket: Ticket) -> datetime | None:
        """Return the deadline for resolving the ticket; None where it has none."""
        ...

    async def extend(self, session: AsyncSession, ticket: Ticket, until: datetime) -> None:
        """Move the deadline to a later moment."""
        ...

    def next_due(self, connection: Connection, ticket_ids: Sequence[str]) -> Mapping[str, NextDue]:
        """Return the running deadline that comes next, of each ticket with one."""
        ...

    def due_before(self, moment: datetime, *, among_few: bool) -> ColumnElement[bool]:
        """Return the condition that a running deadline is before then.

        Args:
            among_few: other conditions leave few tickets, and each is looked at; else the deadlines are read first.
        """
        ...


class NoDeadlines:
    """Null object where tickets have no deadlines."""

    async def resolve_by(self, session: AsyncSession, ticket: Ticket) -> datetime | None:  # noqa: ARG002
        """Return None."""
        return None

    async def extend(self, session: AsyncSession, ticket: Ticket, until: datetime) -> None:
        """Do nothing."""

    def next_due(self, connection: Connection, ticket_ids: Sequence[str]) -> Mapping[str, NextDue]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def due_before(self, moment: datetime, *, among_few: bool) -> ColumnElement[bool]:  # noqa: ARG002
        """Return a condition that no ticket meets."""
        return false()


class ExtensionService:
    """Extensions of a ticket's deadline (延期申请)."""

    def __init__(self, tickets: TicketUnitOfWork, deadlines: Deadlines | None = None) -> None:
        self._tickets = tickets
        self._deadlines = deadlines or NoDeadlines()

    async def ask(
        self,
        ticket_id: str,
        until: datetime,
        reason: str,
        actor: Actor,
        *,
        file_ids: Sequence[str] = (),
        expected_version: int | None = None,
    ) -> TicketView:
        """Ask for a later deadline, before the deadline.

        Raises:
            TooLate: the deadline has passed.
            ExtensionPending: another extension waits for a decision.
            ExtensionRefused: `until` is not after the deadline and after now.
            UnknownReference: a file is not one that the actor uploaded for this.
        """
        action = TicketAction.ASK_EXTENSION
        async with self._tickets.change(ticket_id, action, actor, expected_version) as made:
            await self._check(made.session, made.ticket, until)
            made.session.add(
                TicketExtension(
                    id=new_id("extension"),
                    ticket_id=ticket_id,
                    department_id=made.ticket.department_id,
                    reason=reason,
                    until=until,
                    asked_by=actor.name,
                    asked_at=utc_now(),
                )
            )
            await name_files(made, file_ids, actor)
            made.detail.update(until=until.isoformat(), reason=reason)
        return TicketView.model_validate(made.ticket)

    async def grant(
        self, ticket_id: str, decision: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Grant the waiting extension.

        Raises:
            NoExtension: no extension waits for a decision.
            ExtensionRefused: the wanted deadline has passed.
        """
        return await self._decide(ticket_id, TicketAction.GRANT_EXTENSION, decision, actor, expected_version)

    async def deny(
        self, ticket_id: str, decision: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Deny the waiting extension."""
        return await self._decide(ticket_id, TicketAction.DENY_EXTENSION, decision, actor, expected_version)

    async def pending(self, limit: int) -> list[PendingExtension]:
        """Return waiting extensions, the oldest first."""
        async with self._tickets.database.read() as session:
            found = [
                (extension, ticket, await self._deadlines.resolve_by(session, ticket))
                for extension, ticket in await store.pending(session, limit)
            ]
        return [
            PendingExtension(
                **ExtensionView.model_validate(extension).model_dump(),
                ticket_id=ticket.id,
                number=ticket.number,
                subject=ticket.subject,
                deadline=deadline,
            )
            for extension, ticket, deadline in found
        ]

    async def _check(self, session: AsyncSession, ticket: Ticket, until: datetime) -> None:
        deadline, now = await self._deadlines.resolve_by(session, ticket), utc_now()
        if deadline is not None and deadline <= now:
            raise TooLate(
                f"ticket {ticket.number} was to be resolved by {deadline.isoformat()}: ask before the deadline"
            )
        if await store.undecided(session, ticket.id) is not None:
            raise ExtensionPending(f"an extension of ticket {ticket.number} waits for a decision")
        least = max(now, deadline or now)
        if until <= least:
            problem = FieldProblem(field="until", rule=f"must be later than {least.isoformat()}")
            raise ExtensionRefused("the wanted deadline must be after the present one", [problem])

    async def _decide(
        self, ticket_id: str, action: TicketAction, decision: str, actor: Actor, expected_version: int | None
    ) -> TicketView:
        async with self._tickets.change(ticket_id, action, actor, expected_version) as made:
            asked = await store.undecided(made.session, ticket_id)
            if asked is None:
                raise NoExtension(f"no extension of ticket {made.ticket.number} waits for a decision")
            granted = action is TicketAction.GRANT_EXTENSION
            if granted and asked.until <= utc_now():
                problem = FieldProblem(
                    field="until", rule="must be ahead: deny it, so that the department can ask again"
                )
                raise ExtensionRefused(
                    f"time was asked for until {asked.until.isoformat()}, which has passed", [problem]
                )
            asked.granted = granted
            asked.decision, asked.decided_by, asked.decided_at = decision, actor.name, utc_now()
            if asked.granted:
                await self._deadlines.extend(made.session, made.ticket, asked.until)
            made.detail.update(until=asked.until.isoformat(), decision=decision)
        return TicketView.model_validate(made.ticket)
