"""What is done to tickets. Every change is one transaction: the row, its log entry, and whoever must hear of it."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox.service import enqueue
from crm.tickets import store
from crm.tickets.address import address_key
from crm.tickets.errors import ChangedMeanwhile, TicketNotFound, UnknownReference
from crm.tickets.model import (
    CLOSED,
    SYSTEM,
    Actor,
    AppendToTicket,
    AttachmentView,
    FileTicket,
    LogView,
    Reporter,
    ReporterView,
    Ticket,
    TicketAttachment,
    TicketDetail,
    TicketKind,
    TicketLog,
    TicketReporter,
    TicketStatus,
    TicketView,
)
from crm.tickets.similar import SimilarQuery, SimilarTicket, rank
from crm.tickets.transitions import TicketAction, check
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem, Forbidden
from foundation.routes import Role

OPEN_LIMIT = 20
RACES = 3
"""How often filing looks again after somebody else filed the same at that moment."""
FILERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})


class TicketService:
    """Tickets from first contact to archive. `on_outbox` is called after every commit that told it something."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_outbox: Callable[[], None] = lambda: None

    async def file(self, given: FileTicket, actor: Actor, idempotency_key: str | None = None) -> TicketView:
        """Create a ticket, or append to the open one about the same matter.

        A fault at one address in one category is one matter, whoever reports it: two callers who file it in the same
        second make one ticket with two reporters (H4). Everything else is always a ticket of its own. The same
        idempotency key gives the same ticket.

        Raises:
            UnknownReference: a customer or category that does not exist.
            Forbidden: the role does not file tickets.
        """
        if actor.role is not None and actor.role not in FILERS:
            raise Forbidden(f"the role {actor.role} cannot file a ticket")
        for _ in range(RACES):
            try:
                filed = await self._file_once(given, actor, idempotency_key)
            except IntegrityError as error:
                # Somebody filed the same matter, or repeated the request, at this very moment: look again.
                if not _is_unique(error):
                    raise UnknownReference(
                        "the ticket names something unknown",
                        [FieldProblem(field="reporter.customer_id, category_id", rule="must exist")],
                    ) from error
                continue
            self.on_outbox()
            return filed
        raise ChangedMeanwhile("the same matter is being filed by others right now; try again")

    async def append(
        self, ticket_id: str, given: AppendToTicket, actor: Actor, idempotency_key: str | None = None
    ) -> TicketView:
        """Add to an open matter instead of filing it again: it counts as an urge and is dispatched again (H4)."""
        async with self._database.write() as session:
            repeated = await self._repeated(session, idempotency_key)
            if repeated is not None:
                return repeated
            ticket = await store.locked(session, ticket_id)
            await self._append(session, ticket, given.text, given.reporter, given.call_id, actor)
            if idempotency_key is not None:
                store.remember_request(session, idempotency_key, ticket.id)
        self.on_outbox()
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
        key = f"urge:{call_id}:{ticket_id}"
        async with self._change(ticket_id, TicketAction.URGE, actor, expected_version) as change:
            if call_id is not None and await store.ticket_of_request(change.session, key) is not None:
                change.made = False
            else:
                if call_id is not None:
                    store.remember_request(change.session, key, ticket_id)
                change.ticket.urge_count += 1
                change.detail.update(channel=channel, call_id=call_id, urge_count=change.ticket.urge_count)
        return TicketView.model_validate(change.ticket)

    async def dispatch(
        self,
        ticket_id: str,
        department_id: str,
        actor: Actor,
        *,
        person_id: str | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Hand it to a department, or to one person in it (H6)."""
        try:
            async with self._change(ticket_id, TicketAction.DISPATCH, actor, expected_version) as change:
                change.detail.update(
                    from_department=change.ticket.department_id, to_department=department_id, person_id=person_id
                )
                change.ticket.department_id, change.ticket.person_id = department_id, person_id
                change.ticket.refused, change.ticket.dispatched_at = False, utc_now()
        except IntegrityError as error:
            raise UnknownReference(
                "the ticket cannot be dispatched there",
                [FieldProblem(field="department_id, person_id", rule="must exist")],
            ) from error
        return TicketView.model_validate(change.ticket)

    async def sign(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """The department takes it (签收)."""
        async with self._change(ticket_id, TicketAction.SIGN, actor, expected_version) as change:
            pass
        return TicketView.model_validate(change.ticket)

    async def refuse(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """The department declines it with a reason (退单): back to the undispatched list, with a mark."""
        async with self._change(ticket_id, TicketAction.REFUSE, actor, expected_version) as change:
            change.detail.update(reason=reason, by_department=change.ticket.department_id)
            change.ticket.department_id, change.ticket.person_id = None, None
            change.ticket.refused = True
        return TicketView.model_validate(change.ticket)

    async def reply(
        self, ticket_id: str, text: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """The department says what was done; the customer is asked next (H8)."""
        async with self._change(ticket_id, TicketAction.REPLY, actor, expected_version) as change:
            change.detail.update(text=text)
            change.ticket.reply = text
        return TicketView.model_validate(change.ticket)

    async def redo(self, ticket_id: str, reason: str, recording_id: str | None, actor: Actor = SYSTEM) -> TicketView:
        """Not solved: back to the same department, marked, with what the customer said (重办, H8)."""
        async with self._change(ticket_id, TicketAction.REDO, actor, None) as change:
            change.ticket.redo_count += 1
            change.ticket.dispatched_at = utc_now()
            change.detail.update(reason=reason, recording_id=recording_id, redo_count=change.ticket.redo_count)
            if recording_id is not None:
                change.session.add(_attachment(ticket_id, recording_id, reason))
        return TicketView.model_validate(change.ticket)

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
        async with self._change(ticket_id, TicketAction.ATTACH, actor, None) as change:
            attached = await store.attachments_of(change.session, ticket_id)
            if any(found.recording_id == recording_id for found in attached):
                change.made = False
            else:
                change.session.add(_attachment(ticket_id, recording_id, note))
                change.detail.update(recording_id=recording_id, note=note)
        return TicketView.model_validate(change.ticket)

    async def escalate(self, ticket_id: str, reason: str, actor: Actor = SYSTEM) -> TicketView:
        """A supervisor has to look at it."""
        async with self._change(ticket_id, TicketAction.ESCALATE, actor, None) as change:
            change.detail.update(reason=reason)
        return TicketView.model_validate(change.ticket)

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
        async with self._database.read() as session:
            tickets = await store.candidates(
                session,
                customer_id=query.customer_id,
                number=query.number,
                key=address_key(query.address),
                area=query.area,
            )
            numbers: dict[str, set[str]] = {}
            if query.number is not None:
                for reporter in await store.reporters_with(session, query.number, [found.id for found in tickets]):
                    numbers.setdefault(reporter.ticket_id, set()).add(query.number)
        return rank(query, tickets, numbers)

    async def _file_once(self, given: FileTicket, actor: Actor, idempotency_key: str | None) -> TicketView:
        async with self._database.write() as session:
            repeated = await self._repeated(session, idempotency_key)
            if repeated is not None:
                return repeated
            matter = _matter(given)
            ticket = await store.by_open_matter(session, matter) if matter is not None else None
            if ticket is None:
                ticket = await self._create(session, given, matter, actor)
            else:
                text = given.description or given.subject
                await self._append(session, ticket, text, given.reporter, given.call_id, actor)
            if idempotency_key is not None:
                store.remember_request(session, idempotency_key, ticket.id)
        return TicketView.model_validate(ticket)

    async def _create(self, session: AsyncSession, given: FileTicket, matter: str | None, actor: Actor) -> Ticket:
        now = utc_now()
        ticket = Ticket(
            id=new_id("ticket"),
            number=await store.next_number(session, now.strftime("%y%m%d")),
            customer_id=given.reporter.customer_id,
            address_key=address_key(given.address),
            open_matter=matter,
            registered_at=now,
            **given.model_dump(exclude={"reporter", "call_id"}),
        )
        session.add(ticket)
        await session.flush()
        session.add(_reporter(ticket.id, given.reporter, given.call_id))
        detail = {"call_id": given.call_id, "subject": given.subject}
        await self._log(session, ticket, TicketAction.FILE, None, actor, detail)
        return ticket

    async def _append(
        self,
        session: AsyncSession,
        ticket: Ticket,
        text: str,
        reporter: Reporter,
        call_id: str | None,
        actor: Actor,
    ) -> None:
        before = ticket.status
        ticket.status = check(TicketAction.APPEND, ticket, actor)
        known = await store.reporters_of(session, ticket.id)
        is_new = (reporter.number or reporter.customer_id) is not None and not any(
            _same_person(found, reporter) for found in known
        )
        if is_new:
            session.add(_reporter(ticket.id, reporter, call_id))
            await session.flush()
        ticket.urge_count += 1
        ticket.version += 1
        detail = {"text": text, "call_id": call_id, "new_reporter": is_new, "urge_count": ticket.urge_count}
        await self._log(session, ticket, TicketAction.APPEND, before, actor, detail)

    async def _close(
        self, ticket_id: str, action: TicketAction, grounds: str, actor: Actor, expected_version: int | None
    ) -> TicketView:
        async with self._change(ticket_id, action, actor, expected_version) as change:
            change.detail.update(grounds=grounds)
            change.ticket.closing_grounds, change.ticket.closed_at = grounds, utc_now()
        return TicketView.model_validate(change.ticket)

    @asynccontextmanager
    async def _change(
        self, ticket_id: str, action: TicketAction, actor: Actor, expected_version: int | None
    ) -> AsyncIterator["_Change"]:
        """One change: checked, made by the block, logged and told, or not at all."""
        async with self._database.write() as session:
            ticket = await store.locked(session, ticket_id)
            if expected_version is not None and ticket.version != expected_version:
                raise ChangedMeanwhile(
                    f"ticket {ticket.number} is at version {ticket.version}, not {expected_version}",
                    [FieldProblem(field="version", rule=f"must be {ticket.version}; read the ticket again")],
                )
            before, to = ticket.status, check(action, ticket, actor)
            change = _Change(session, ticket)
            yield change
            if change.made:
                ticket.status = to
                ticket.version += 1
                if to in CLOSED:
                    ticket.open_matter = None
                await self._log(session, ticket, action, before, actor, change.detail)
        self.on_outbox()

    async def _log(
        self,
        session: AsyncSession,
        ticket: Ticket,
        action: TicketAction,
        before: TicketStatus | None,
        actor: Actor,
        detail: dict[str, Any],
    ) -> None:
        session.add(
            TicketLog(
                id=new_id("log"),
                ticket_id=ticket.id,
                version=ticket.version,
                at=utc_now(),
                action=action,
                from_status=before,
                to_status=ticket.status,
                actor_kind=actor.kind,
                actor_id=actor.id,
                actor_name=actor.name,
                detail=detail,
            )
        )
        reporters = await store.reporters_of(session, ticket.id)
        payload = {
            "ticket_id": ticket.id,
            "number": ticket.number,
            "kind": ticket.kind,
            "status": ticket.status,
            "subject": ticket.subject,
            "department_id": ticket.department_id,
            "redo_count": ticket.redo_count,
            "version": ticket.version,
            "reporters": [
                {"customer_id": found.customer_id, "number": found.number, "name": found.name} for found in reporters
            ],
            **{key: detail[key] for key in ("call_id", "recording_id") if detail.get(key) is not None},
        }
        enqueue(session, f"ticket.{action}", ticket.id, payload)

    async def _repeated(self, session: AsyncSession, idempotency_key: str | None) -> TicketView | None:
        if idempotency_key is None:
            return None
        ticket_id = await store.ticket_of_request(session, idempotency_key)
        return TicketView.model_validate(await session.get_one(Ticket, ticket_id)) if ticket_id is not None else None


@dataclass
class _Change:
    """What a block changes."""

    session: AsyncSession
    ticket: Ticket
    detail: dict[str, Any] = field(default_factory=dict)
    """What the log keeps of it."""
    made: bool = True
    """False where it was made before, and nothing is to be stored."""


def _matter(given: FileTicket) -> str | None:
    """What makes two reports one matter; None where each is its own, as with two people's complaints."""
    key = address_key(given.address)
    if given.kind is not TicketKind.FAULT or not key:
        return None
    return hashlib.sha256(f"{given.kind}|{given.category_id or ''}|{key}".encode()).hexdigest()


def _same_person(found: TicketReporter, reporter: Reporter) -> bool:
    if reporter.customer_id is not None and found.customer_id == reporter.customer_id:
        return True
    return reporter.number is not None and found.number == reporter.number


def _reporter(ticket_id: str, given: Reporter, call_id: str | None) -> TicketReporter:
    return TicketReporter(
        id=new_id("reporter"), ticket_id=ticket_id, call_id=call_id, at=utc_now(), **given.model_dump()
    )


def _attachment(ticket_id: str, recording_id: str, note: str) -> TicketAttachment:
    return TicketAttachment(
        id=new_id("attachment"), ticket_id=ticket_id, recording_id=recording_id, note=note, at=utc_now()
    )


def _is_unique(error: IntegrityError) -> bool:
    words = str(error.orig).casefold()
    return "unique" in words or "duplicate" in words
