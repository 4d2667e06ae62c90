"""What is done to tickets. Every change is one transaction: the row, its log entry, and whoever must hear of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.staff.model import Staff
from crm.tickets import filing, store
from crm.tickets.address import address_key
from crm.tickets.changes import Change, change
from crm.tickets.errors import ChangedMeanwhile, TicketNotFound, UnknownReference
from crm.tickets.model import (
    SYSTEM,
    Actor,
    AppendToTicket,
    AttachmentView,
    FileTicket,
    LogView,
    ReporterView,
    Ticket,
    TicketDetail,
    TicketStatus,
    TicketView,
)
from crm.tickets.similar import SimilarQuery, SimilarTicket, rank
from crm.tickets.transitions import TicketAction, permit
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import FieldProblem

OPEN_LIMIT = 20
RACES = 3
"""How often filing looks again after somebody else filed the same at that moment."""


class TicketService:
    """Tickets from first contact to archive. `on_outbox` is called after every commit that told it something.

    `time_zone` is where the day that begins a ticket's number begins.
    """

    def __init__(self, database: Database, time_zone: str = "Asia/Shanghai") -> None:
        self._database = database
        self._zone = ZoneInfo(time_zone)
        self.on_outbox: Callable[[], None] = lambda: None

    async def file(self, given: FileTicket, actor: Actor, idempotency_key: str | None = None) -> TicketView:
        """Create a ticket, or append to the open one about the same matter.

        A fault at one address in one category is one matter, whoever reports it: two callers who file it in the same
        second make one ticket with two reporters (H4), as urgent as the more urgent of them. The address must have a
        number: a whole road or compound is many households. Everything else is always a ticket of its own. The same
        idempotency key gives the same ticket.

        Raises:
            UnknownReference: a customer or category that does not exist.
            Forbidden: the role does not file tickets.
        """
        permit(TicketAction.FILE, actor)
        for _ in range(RACES):
            try:
                filed = await self._file_once(given, actor, idempotency_key)
            except IntegrityError as error:
                # Somebody filed the same matter, or repeated the request, at this very moment: look again.
                if not _is_unique(error):
                    raise
                continue
            self.on_outbox()
            return filed
        raise ChangedMeanwhile("the same matter is being filed by others right now; try again")

    async def append(
        self, ticket_id: str, given: AppendToTicket, actor: Actor, idempotency_key: str | None = None
    ) -> TicketView:
        """Add to an open matter instead of filing it again: it counts as an urge and is dispatched again (H4)."""
        async with self._held(ticket_id) as (session, ticket):
            if await _first_time(session, f"append:{ticket_id}:{idempotency_key}", ticket, idempotency_key):
                await filing.append(session, ticket, given, actor)
        return TicketView.model_validate(ticket)

    async def urge(
        self,
        ticket_id: str,
        actor: Actor,
        channel: str,
        call_id: str | None = None,
        *,
        expected_version: int | None = None,
    ) -> TicketView:
        """The customer asks again (催单): counted, logged, and whoever holds the ticket hears of it. Once per call."""
        async with self._held(ticket_id) as (session, ticket):
            if await _first_time(session, f"urge:{call_id}:{ticket_id}", ticket, call_id):
                async with change(session, ticket, TicketAction.URGE, actor, expected_version) as made:
                    ticket.urge_count += 1
                    made.detail.update(channel=channel, call_id=call_id, urge_count=ticket.urge_count)
        return TicketView.model_validate(ticket)

    async def dispatch(
        self,
        ticket_id: str,
        department_id: str,
        actor: Actor,
        *,
        person_id: str | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Hand it to a department, or to one person in it (H6).

        Raises:
            UnknownReference: a department that does not exist, or a person who is not in it.
        """
        async with self._change(ticket_id, TicketAction.DISPATCH, actor, expected_version) as made:
            await _must_be_there(made.session, department_id, person_id)
            made.detail.update(
                from_department=made.ticket.department_id, to_department=department_id, person_id=person_id
            )
            made.ticket.department_id, made.ticket.person_id = department_id, person_id
            made.ticket.refused, made.ticket.dispatched_at = False, utc_now()
        return TicketView.model_validate(made.ticket)

    async def sign(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """The department takes it (签收)."""
        async with self._change(ticket_id, TicketAction.SIGN, actor, expected_version) as made:
            pass
        return TicketView.model_validate(made.ticket)

    async def refuse(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """The department declines it with a reason (退单): back to the undispatched list, with a mark."""
        async with self._change(ticket_id, TicketAction.REFUSE, actor, expected_version) as made:
            made.detail.update(reason=reason, by_department=made.ticket.department_id)
            made.ticket.department_id, made.ticket.person_id = None, None
            made.ticket.refused = True
        return TicketView.model_validate(made.ticket)

    async def reply(
        self, ticket_id: str, text: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """The department says what was done; the customer is asked next (H8)."""
        async with self._change(ticket_id, TicketAction.REPLY, actor, expected_version) as made:
            made.detail.update(text=text)
            made.ticket.reply = text
        return TicketView.model_validate(made.ticket)

    async def redo(
        self,
        ticket_id: str,
        reason: str,
        recording_id: str | None,
        actor: Actor = SYSTEM,
        *,
        expected_version: int | None = None,
    ) -> TicketView:
        """Not solved: back to the same department, marked, with what the customer said (重办, H8)."""
        async with self._change(ticket_id, TicketAction.REDO, actor, expected_version) as made:
            made.ticket.redo_count += 1
            made.ticket.dispatched_at = utc_now()
            made.detail.update(reason=reason, recording_id=recording_id, redo_count=made.ticket.redo_count)
            if recording_id is not None and not await _has(made.session, ticket_id, recording_id):
                made.attach(recording_id, reason)
        return TicketView.model_validate(made.ticket)

    async def archive(
        self, ticket_id: str, grounds: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Close it for good, with the customer's confirmation or the reason for doing without (归档, H19)."""
        return await self._close(ticket_id, TicketAction.ARCHIVE, grounds, actor, expected_version)

    async def cancel(
        self, ticket_id: str, grounds: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """It should never have been filed; why is recorded."""
        return await self._close(ticket_id, TicketAction.CANCEL, grounds, actor, expected_version)

    async def attach(self, ticket_id: str, recording_id: str, note: str, actor: Actor = SYSTEM) -> TicketView:
        """Add a recording, once."""
        async with self._held(ticket_id) as (session, ticket):
            if not await _has(session, ticket_id, recording_id):
                async with change(session, ticket, TicketAction.ATTACH, actor) as made:
                    made.attach(recording_id, note)
                    made.detail.update(recording_id=recording_id, note=note)
        return TicketView.model_validate(ticket)

    async def escalate(self, ticket_id: str, reason: str, actor: Actor = SYSTEM) -> TicketView:
        """A supervisor has to look at it."""
        async with self._change(ticket_id, TicketAction.ESCALATE, actor, None) as made:
            made.detail.update(reason=reason)
        return TicketView.model_validate(made.ticket)

    async def get(self, ticket_id: str) -> TicketDetail:
        """A ticket with its reporters, recordings and whole log.

        Raises:
            TicketNotFound: there is none.
        """
        async with self._database.read() as session:
            ticket = await session.get(Ticket, ticket_id)
            if ticket is None:
                raise TicketNotFound(f"there is no ticket {ticket_id}")
            reporters = await store.reporters_of(session, ticket_id)
            attachments = await store.attachments_of(session, ticket_id)
            log = await store.log_of(session, ticket_id)
        return TicketDetail(
            **TicketView.model_validate(ticket).model_dump(),
            reporters=[ReporterView.model_validate(found) for found in reporters],
            attachments=[AttachmentView.model_validate(found) for found in attachments],
            log=[LogView.model_validate(found) for found in log],
        )

    async def by_number(self, number: str) -> TicketView | None:
        """The ticket with a number."""
        async with self._database.read() as session:
            found = await store.by_number(session, number)
        return TicketView.model_validate(found) if found is not None else None

    async def open_for_customer(self, customer_id: str) -> list[TicketView]:
        """A customer's open tickets, newest first."""
        async with self._database.read() as session:
            found = await store.open_for_customer(session, customer_id, OPEN_LIMIT)
        return [TicketView.model_validate(ticket) for ticket in found]

    async def listed(
        self, *, status: TicketStatus | None, department_id: str | None, after: str | None, limit: int
    ) -> list[TicketView]:
        """Tickets newest first; `after` is the id of the last one of the page before."""
        async with self._database.read() as session:
            last = await session.get(Ticket, after) if after is not None else None
            if after is not None and last is None:
                raise TicketNotFound(f"there is no ticket {after}")
            before = (last.registered_at, last.id) if last is not None else None
            found = await store.listed(session, status=status, department_id=department_id, before=before, limit=limit)
        return [TicketView.model_validate(ticket) for ticket in found]

    async def similar(self, query: SimilarQuery) -> list[SimilarTicket]:
        """Open tickets that may be about the same matter, best first, each with why."""
        facts = {
            "customer_id": query.customer_id,
            "number": query.number,
            "address_key": address_key(query.address),
            "area": query.area,
        }
        number = query.number

        def looked_up(connection: Connection) -> tuple[list[Row[*tuple[Any, ...]]], set[str]]:
            tickets = store.candidates(connection, facts)
            ids = [ticket.id for ticket in tickets]
            return tickets, store.reported_with(connection, number, ids) if number is not None else set()

        tickets, reported = await self._database.look_up(looked_up)
        return rank(query, tickets, reported)

    async def _file_once(self, given: FileTicket, actor: Actor, idempotency_key: str | None) -> TicketView:
        key, now = f"file:{idempotency_key}", utc_now()
        async with self._database.write() as session:
            if idempotency_key is not None:
                filed = await store.ticket_of_request(session, key)
                if filed is not None:
                    return TicketView.model_validate(await session.get_one(Ticket, filed))
            ticket = await filing.file(session, given, actor, now, now.astimezone(self._zone).strftime("%y%m%d"))
            if idempotency_key is not None:
                store.remember_request(session, key, ticket.id)
        return TicketView.model_validate(ticket)

    async def _close(
        self, ticket_id: str, action: TicketAction, grounds: str, actor: Actor, expected_version: int | None
    ) -> TicketView:
        async with self._change(ticket_id, action, actor, expected_version) as made:
            made.detail.update(grounds=grounds)
            made.ticket.closing_grounds, made.ticket.closed_at = grounds, utc_now()
        return TicketView.model_validate(made.ticket)

    @asynccontextmanager
    async def _held(self, ticket_id: str) -> AsyncIterator[tuple[AsyncSession, Ticket]]:
        """A transaction that holds one ticket; after its commit the outbox is woken."""
        async with self._database.write() as session:
            yield session, await store.locked(session, ticket_id)
        self.on_outbox()

    @asynccontextmanager
    async def _change(
        self, ticket_id: str, action: TicketAction, actor: Actor, expected_version: int | None
    ) -> AsyncIterator[Change]:
        """A transaction with one change of one ticket."""
        async with (
            self._held(ticket_id) as (session, ticket),
            change(session, ticket, action, actor, expected_version) as made,
        ):
            yield made


async def _first_time(session: AsyncSession, key: str, ticket: Ticket, given: str | None) -> bool:
    """Whether a request is new, and from now on it is not. The ticket is held, so nobody asks at the same moment."""
    if given is None:
        return True
    if await store.ticket_of_request(session, key) is not None:
        return False
    store.remember_request(session, key, ticket.id)
    return True


async def _has(session: AsyncSession, ticket_id: str, recording_id: str) -> bool:
    return any(found.recording_id == recording_id for found in await store.attachments_of(session, ticket_id))


async def _must_be_there(session: AsyncSession, department_id: str, person_id: str | None) -> None:
    if await session.get(Department, department_id) is None:
        problem = FieldProblem(field="department_id", rule="must exist")
        raise UnknownReference(f"there is no department {department_id}", [problem])
    if person_id is None:
        return
    person = await session.get(Staff, person_id)
    if person is None or not person.active or person.department_id != department_id:
        problem = FieldProblem(field="person_id", rule="must be somebody who works in this department")
        raise UnknownReference(f"{person_id} is nobody in department {department_id}", [problem])


def _is_unique(error: IntegrityError) -> bool:
    words = str(error.orig).casefold()
    return "unique" in words or "duplicate" in words
