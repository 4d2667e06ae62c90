"""Use cases of tickets; one transaction changes row, log and event."""

import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.kinds import TicketKind
from crm.tickets import compared, filing, store
from crm.tickets.applications.service import ApplicationService
from crm.tickets.cohandling import service as cohandling
from crm.tickets.cohandling.model import CoTask
from crm.tickets.corrections.service import CorrectionService
from crm.tickets.errors import ChangedMeanwhile, NotAssessed
from crm.tickets.extensions import store as extensions_store
from crm.tickets.extensions.service import Deadlines, ExtensionService
from crm.tickets.files.naming import UploadedFiles, name_files
from crm.tickets.findings.service import FindingService
from crm.tickets.forms.service import FormService
from crm.tickets.inputs import AppendToTicket, FileTicket
from crm.tickets.listing import ROWS, ListQuery, TicketRow, rows
from crm.tickets.log_facts import Answers
from crm.tickets.merges import store as merges_store
from crm.tickets.merges.service import MergeService
from crm.tickets.merges.store import MatterMoved
from crm.tickets.model import SYSTEM, Actor, ActorKind, Ticket
from crm.tickets.queries import TicketReader
from crm.tickets.refusals.service import RefusalService
from crm.tickets.state_change import TicketListener, change
from crm.tickets.tiers import store as tiers_store
from crm.tickets.tiers.service import TierService, answer_down
from crm.tickets.transitions import TicketAction, permit
from crm.tickets.unit_of_work import Recordings, must_be_recorded, must_be_there
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database

RACES = 10
"""Attempts of filing while others file, merge or close the same matter."""


class TicketService(TicketReader):
    """Tickets from first contact to archive; their numbers begin with local days.

    Applications, corrections, co-handling, tiers, refusals, extensions, findings and merges have services of their own,
    which change tickets through this one.
    """

    def __init__(
        self,
        database: Database,
        time_zone: str = "Asia/Shanghai",
        *,
        listeners: Sequence[TicketListener] = (),
        recordings: Recordings | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        super().__init__(database, listeners, recordings, deadlines)
        self._zone = ZoneInfo(time_zone)
        self.co_handling = cohandling.CoHandlingService(self)
        self.tiers = TierService(self)
        self.refusals = RefusalService(self)
        self.extensions = ExtensionService(self, deadlines)
        self.applications = ApplicationService(self)
        self.corrections = CorrectionService(self)
        self.forms = FormService(database)
        self.findings = FindingService(self)
        self.merges = MergeService(self)

    async def rows(self, wanted: ListQuery, department_id: str | None, *, people: bool = True) -> list[TicketRow]:
        """Return a page of a list, with names and the next deadlines.

        Raises:
            TicketNotFound: there is no ticket `after`.
        """
        return await self.database.read_page(
            lambda connection: self._rows(connection, self.page_of(connection, wanted, department_id, people=people))
        )

    async def rows_of(self, ticket_ids: Sequence[str]) -> list[TicketRow]:
        """Return single tickets as rows of a list."""
        wanted = ROWS.where(col(Ticket.id).in_(ticket_ids))
        return await self.database.read_page(
            lambda connection: self._rows(connection, connection.execute(wanted).all())
        )

    def _rows(self, connection: Connection, tickets: Sequence[compared.Compared]) -> list[TicketRow]:
        return rows(connection, tickets, self._deadlines.next_due(connection, [ticket.id for ticket in tickets]))

    async def file(
        self,
        given: FileTicket,
        actor: Actor,
        idempotency_key: str | None = None,
        files: UploadedFiles = filing.NO_FILES,
    ) -> TicketView:
        """Create a ticket, or append to the open one about the matter.

        A fault at one address in one category is one matter: two callers who file it in the same second make one ticket
        with two reporters (H4), as urgent as the more urgent of them. The address must have a number: a whole road or
        compound is many households. Every other report is a ticket of its own. The same idempotency key gives the same
        ticket.

        Raises:
            KeyReused: the key was sent before with another request.
            UnknownReference: no such customer or category, an erased customer, or a file that is not the owner's.
            FormNotFilled: the answers break the rules of the kind's form.
            Forbidden: the role does not file tickets.
            NotTheirChannel: a member of staff names a channel of machines.
        """
        permit(TicketAction.FILE, actor)
        filing.check_channel(given.channel, actor)
        for _ in range(RACES):
            try:
                filed = await self._file_once(given, actor, idempotency_key, files)
            except IntegrityError as error:
                # The same matter or request was filed at this moment: look again.
                if not _is_unique(error):
                    raise
                continue
            except MatterMoved:
                continue
            self.outbox_written.announce()
            return filed
        raise ChangedMeanwhile("the same matter is being filed by others right now; try again")

    async def append(
        self, ticket_id: str, given: AppendToTicket, actor: Actor, idempotency_key: str | None = None
    ) -> TicketView:
        """Add a report to an open ticket, counted as an urge (H4).

        Raises:
            KeyReused: the key was sent before with another request.
            UnknownReference: no such customer, or an erased one.
        """
        async with self.held(ticket_id) as (transaction, ticket):
            key, asked = f"append:{ticket_id}:{idempotency_key}", _fingerprint(given, actor)
            if await _first_time(transaction.session, key, ticket, idempotency_key, asked):
                await filing.append(transaction, ticket, given, actor)
        return TicketView.model_validate(ticket)

    async def urge(
        self,
        ticket_id: str,
        actor: Actor,
        channel: str,
        call_id: str | None = None,
        *,
        idempotency_key: str | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Count and log that the customer asks again (催单).

        At most once per call and per key. The department is notified.

        Raises:
            KeyReused: the key was sent before with another request.
        """
        filing.check_channel(channel, actor)
        async with self.held(ticket_id) as (transaction, ticket):
            session = transaction.session
            key, asked = f"urge:{ticket_id}:{idempotency_key}", _digest(f"{channel}:{call_id}")
            if await _first_time(session, key, ticket, idempotency_key, asked) and await _first_time(
                session, f"urge:{call_id}:{ticket_id}", ticket, call_id
            ):
                async with change(transaction, ticket, TicketAction.URGE, actor, expected_version) as made:
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
        co_handlers: Sequence[CoTask] = (),
        expected_version: int | None = None,
    ) -> TicketView:
        """Give a ticket to a department or a person in it (H6).

        Co-handlers are asked to help.

        Raises:
            UnknownReference: no such department, or the person is not in it.
            CannotHelp: a co-handler is the lead itself, or was asked already.
            NotAssessed: the after-sales application was not accepted yet.
        """
        async with self.change(ticket_id, TicketAction.DISPATCH, actor, expected_version) as made:
            if made.ticket.kind is TicketKind.AFTER_SALES and made.ticket.assessment is None:
                raise NotAssessed(f"application {made.ticket.number} has to be accepted or declined first")
            await must_be_there(made.session, department_id, person_id)
            await tiers_store.withdraw(made.session, ticket_id)
            await made.hand_to(department_id, person_id)
            await cohandling.ask(made, co_handlers)
        return TicketView.model_validate(made.ticket)

    async def sign(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """Sign for a ticket (签收)."""
        async with self.change(ticket_id, TicketAction.SIGN, actor, expected_version) as made:
            made.ticket.added_to = False
        return TicketView.model_validate(made.ticket)

    async def park(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Park a ticket that waits for the customer."""
        async with self.change(ticket_id, TicketAction.PARK, actor, expected_version) as made:
            made.ticket.parked_from = made.ticket.status
            made.detail.update(reason=reason)
        return TicketView.model_validate(made.ticket)

    async def unpark(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """Resume a parked ticket in its state before."""
        async with self.change(ticket_id, TicketAction.UNPARK, actor, expected_version) as made:
            pass
        return TicketView.model_validate(made.ticket)

    async def note(
        self,
        ticket_id: str,
        text: str,
        actor: Actor,
        *,
        file_ids: Sequence[str] = (),
        expected_version: int | None = None,
    ) -> TicketView:
        """Store a note for colleagues (内部备注): no urge, in every state.

        Raises:
            UnknownReference: a file is not one that the actor uploaded for this.
        """
        async with self.change(ticket_id, TicketAction.NOTE, actor, expected_version) as made:
            await name_files(made, file_ids, actor)
            made.detail.update(text=text)
        return TicketView.model_validate(made.ticket)

    async def supervise(
        self, ticket_id: str, instruction: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Store a supervisor's instruction, of which the department is notified (督办)."""
        async with self.change(ticket_id, TicketAction.SUPERVISE, actor, expected_version) as made:
            made.ticket.escalated = False
            made.detail.update(instruction=instruction)
        return TicketView.model_validate(made.ticket)

    async def escalate(
        self,
        ticket_id: str,
        reason: str,
        actor: Actor = SYSTEM,
        *,
        answers: Answers | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Mark a ticket as waiting for a supervisor.

        Args:
            answers: of the survey that the reason words; pages word them in their reader's language.
        """
        async with self.change(ticket_id, TicketAction.ESCALATE, actor, expected_version) as made:
            made.ticket.escalated = True
            made.detail.update(reason=reason, **_of_survey(answers))
        return TicketView.model_validate(made.ticket)

    async def reply(
        self,
        ticket_id: str,
        text: str,
        actor: Actor,
        *,
        left_out_because: str = "",
        file_ids: Sequence[str] = (),
        expected_version: int | None = None,
    ) -> TicketView:
        """Store the department's reply; the callback survey follows (H8).

        Where a department below passed the ticket up, the reply is its answer and goes down to it (H16).

        Raises:
            CoHandlersPending: co-handlers have not replied, and `left_out_because` is empty.
            UnknownReference: a file is not one that the actor uploaded for this.
        """
        async with self.held(ticket_id) as (transaction, ticket):
            session = transaction.session
            waiting = await tiers_store.waiting(session, ticket_id) if ticket.shared else ()
            action = TicketAction.ANSWER_DOWN if waiting else TicketAction.REPLY
            async with change(transaction, ticket, action, actor, expected_version) as made:
                await name_files(made, file_ids, actor)
                if waiting:
                    await answer_down(made, waiting[0], text, actor)
                else:
                    await cohandling.settle(made, left_out_because)
                    made.ticket.reply = text
                    made.detail.update(text=text, **await extensions_store.withdraw(session, ticket_id))
        return TicketView.model_validate(ticket)

    async def survey(self, ticket_id: str, actor: Actor = SYSTEM, *, expected_version: int | None = None) -> TicketView:
        """Record that the callback survey has begun (回访, H8)."""
        async with self.change(ticket_id, TicketAction.SURVEY, actor, expected_version) as made:
            pass
        return TicketView.model_validate(made.ticket)

    async def redo(
        self,
        ticket_id: str,
        reason: str,
        recording_id: str | None,
        actor: Actor = SYSTEM,
        *,
        answers: Answers | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Return an unsolved ticket to its department with the reason (重办, H8)."""
        async with self.change(ticket_id, TicketAction.REDO, actor, expected_version) as made:
            made.ticket.redo_count += 1
            redo_count = made.ticket.redo_count
            made.detail.update(reason=reason, recording_id=recording_id, redo_count=redo_count, **_of_survey(answers))
            if recording_id is not None:
                await made.attach(recording_id, reason)
        return TicketView.model_validate(made.ticket)

    async def answer(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Archive a ticket answered at the desk, with the answer (直接答复, H1)."""
        return await self._close(ticket_id, TicketAction.ANSWER, reason, actor, expected_version)

    async def archive(
        self,
        ticket_id: str,
        reason: str,
        actor: Actor,
        *,
        answers: Answers | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Archive a ticket, with the customer's confirmation or another reason (归档, H19)."""
        return await self._close(ticket_id, TicketAction.ARCHIVE, reason, actor, expected_version, answers)

    async def cancel(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Cancel a ticket that should not have been filed."""
        return await self._close(ticket_id, TicketAction.CANCEL, reason, actor, expected_version)

    async def attach(self, ticket_id: str, recording_id: str, note: str, actor: Actor = SYSTEM) -> TicketView:
        """Attach a recording, once; a merge's copy becomes the ticket's own.

        Raises:
            UnknownReference: a member of staff names a recording that does not exist.
        """
        async with self.held(ticket_id) as (transaction, ticket):
            session = transaction.session
            attached = await store.is_attached(session, ticket_id, recording_id)
            if not attached or await merges_store.is_copied(session, ticket_id, recording_id):
                async with change(transaction, ticket, TicketAction.ATTACH, actor) as made:
                    await must_be_recorded(session, self.recordings, "recording_id", recording_id, actor)
                    await made.attach(recording_id, note)
                    made.detail.update(recording_id=recording_id, note=note)
        return TicketView.model_validate(ticket)

    async def _file_once(
        self, given: FileTicket, actor: Actor, idempotency_key: str | None, files: UploadedFiles
    ) -> TicketView:
        key, now, asked = f"file:{idempotency_key}", utc_now(), _fingerprint(given, actor)
        async with self.transaction() as transaction:
            session = transaction.session
            if idempotency_key is not None:
                filed = await store.ticket_of_request(session, key, asked)
                if filed is not None:
                    return TicketView.model_validate(await session.get_one(Ticket, filed))
            day = now.astimezone(self._zone).strftime("%y%m%d")
            ticket = await filing.file(transaction, given, actor, now, day, files)
            if idempotency_key is not None:
                store.remember_request(session, key, ticket.id, asked)
        return TicketView.model_validate(ticket)

    async def _close(
        self,
        ticket_id: str,
        action: TicketAction,
        reason: str,
        actor: Actor,
        expected_version: int | None,
        answers: Answers | None = None,
    ) -> TicketView:
        async with self.change(ticket_id, action, actor, expected_version) as made:
            made.detail.update(reason=reason, **_of_survey(answers))
            made.ticket.closing_reason = reason
        return TicketView.model_validate(made.ticket)


def _of_survey(answers: Answers | None) -> dict[str, dict[str, bool | int | str]]:
    return {} if answers is None else {"survey": dict(answers)}


async def _first_time(
    session: AsyncSession, key: str, ticket: Ticket, given: str | None, fingerprint: str = ""
) -> bool:
    """Store a request's key, and return whether it is new."""
    if given is None:
        return True
    if await store.ticket_of_request(session, key, fingerprint) is not None:
        return False
    store.remember_request(session, key, ticket.id, fingerprint)
    return True


def _fingerprint(given: FileTicket | AppendToTicket, actor: Actor) -> str:
    """Return the hash of a person's request; empty for the system's.

    The customer is left out, since it may be found between two attempts, and so are defaults, since a later release may
    have more fields.
    """
    if actor.kind is ActorKind.SYSTEM:
        return ""
    return _digest(given.model_dump_json(exclude={"reporter": {"customer_id"}}, exclude_defaults=True))


def _digest(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()


def _is_unique(error: IntegrityError) -> bool:
    words = str(error.orig).casefold()
    return "unique" in words or "duplicate" in words
