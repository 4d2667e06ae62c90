"""Reading use cases of tickets."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.tickets import compared, store
from crm.tickets.cohandling import store as cohandling_store
from crm.tickets.cohandling.model import CoHandlerView
from crm.tickets.counting import counted
from crm.tickets.errors import TicketNotFound
from crm.tickets.extensions import store as extensions_store
from crm.tickets.extensions.model import ExtensionView
from crm.tickets.extensions.service import Deadlines, NoDeadlines
from crm.tickets.files import store as files_store
from crm.tickets.files.model import FileView
from crm.tickets.findings import store as findings_store
from crm.tickets.findings.model import FindingView
from crm.tickets.listing import ROWS, Filters, ListQuery, Order, TicketCounts
from crm.tickets.log_names import with_names
from crm.tickets.merges import store as merges_store
from crm.tickets.model import Actor, Ticket
from crm.tickets.offers import ActionRoutes, offers
from crm.tickets.refusals import store as refusals_store
from crm.tickets.refusals.model import RefusalView
from crm.tickets.searching import Searched
from crm.tickets.similar import SimilarQuery, SimilarTicket, find
from crm.tickets.state_change import TicketListener
from crm.tickets.tiers import store as tiers_store
from crm.tickets.tiers.model import PassView
from crm.tickets.transitions import DepartmentStanding, TicketAction, standing_of
from crm.tickets.unit_of_work import Recordings, TicketUnitOfWork
from crm.tickets.views import AttachmentView, LogView, Offer, ReporterView, TicketDetail, TicketView
from crm.tickets.visibility import others
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Role

OPEN_LIMIT = 20


class TicketReader(TicketUnitOfWork):
    """Reads tickets; base class of the service that changes them."""

    def __init__(
        self,
        database: Database,
        listeners: Sequence[TicketListener] = (),
        recordings: Recordings | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        super().__init__(database, listeners, recordings)
        self._deadlines = deadlines or NoDeadlines()

    async def get(self, ticket_id: str) -> TicketDetail:
        """Return a ticket with its reporters, recordings, parts and log.

        Raises:
            TicketNotFound: there is none.
        """
        async with self.database.read() as session:
            ticket = await session.get(Ticket, ticket_id)
            if ticket is None:
                raise TicketNotFound(f"there is no ticket {ticket_id}")
            reporters = await store.reporters_of(session, ticket_id)
            attachments = await store.attachments_of(session, ticket_id)
            files = await files_store.of_ticket(session, ticket_id)
            co_handlers = await cohandling_store.of_ticket(session, ticket_id)
            passes = await tiers_store.of_ticket(session, ticket_id)
            refusals = await refusals_store.of_ticket(session, ticket_id)
            extensions = await extensions_store.of_ticket(session, ticket_id)
            findings = await findings_store.of_ticket(session, ticket_id)
            log = [LogView.model_validate(found) for found in await store.log_of(session, ticket_id)]
            log = await with_names(session, log)
            brought = await _files_of_parts(session, ticket_id, log)
        return TicketDetail(
            **TicketView.model_validate(ticket).model_dump(),
            reporters=[ReporterView.model_validate(found) for found in reporters],
            attachments=[AttachmentView.model_validate(found) for found in attachments],
            files=[*(FileView.model_validate(found) for found in files), *brought],
            co_handlers=[CoHandlerView.model_validate(found) for found in co_handlers],
            passes=[PassView.model_validate(found) for found in passes],
            refusals=[RefusalView.model_validate(found) for found in refusals],
            extensions=[ExtensionView.model_validate(found) for found in extensions],
            findings=[FindingView.model_validate(found) for found in findings],
            log=log,
        )

    async def offers(self, ticket: TicketDetail, actor: Actor, routes: ActionRoutes) -> list[Offer]:
        """Return the actions that an actor may do to a ticket now."""
        async with self.database.read() as session:
            stored = await session.get(Ticket, ticket.id)
            shared = await others(session, ticket)
        return offers(ticket, stored, actor, shared, routes) if stored is not None else []

    async def may_see(self, ticket: TicketView, role: Role, department_id: str | None) -> bool:
        """Return whether a reader may know that a ticket exists (S7)."""
        return role is not Role.DEPARTMENT or await self._standing(ticket, department_id) is not None

    async def works_on(self, ticket: TicketView, role: Role, department_id: str | None) -> bool:
        """Return whether a reader's department leads the ticket or helps with it."""
        working = {DepartmentStanding.LEAD, DepartmentStanding.CO_HANDLER}
        return role is Role.DEPARTMENT and await self._standing(ticket, department_id) in working

    async def _standing(self, ticket: TicketView, department_id: str | None) -> DepartmentStanding | None:
        async with self.database.read() as session:
            shared = await others(session, ticket)
        return standing_of(department_id, ticket.department_id, shared)

    async def by_number(self, number: str) -> TicketView | None:
        """Return the ticket with a number, or None."""
        async with self.database.read() as session:
            found = await store.by_number(session, number)
        return TicketView.model_validate(found) if found is not None else None

    async def open_for_customer(self, customer_id: str) -> list[TicketView]:
        """Return a customer's open tickets, newest first."""
        async with self.database.read() as session:
            found = await store.open_for_customer(session, customer_id, OPEN_LIMIT)
        return [TicketView.model_validate(ticket) for ticket in found]

    async def agent_of_open_tickets(self, customer_id: str) -> str | None:
        """Return the agent who last handled a customer's open ticket (H15)."""
        async with self.database.read() as session:
            return await store.agent_of_open_tickets(session, customer_id)

    async def page(
        self, wanted: ListQuery, department_id: str | None = None, *, people: bool = True
    ) -> Sequence[compared.Compared]:
        """Return a page of a list, as selected by ROWS.

        Args:
            people: the text may stand in the reporters' names and numbers.

        Raises:
            TicketNotFound: there is no ticket `after`.
        """
        return await self.database.read_page(
            lambda connection: self.page_of(connection, wanted, department_id, people=people)
        )

    def page_of(
        self, connection: Connection, wanted: ListQuery, department_id: str | None, *, people: bool
    ) -> Sequence[compared.Compared]:
        """Return a page of a list, as `page` does."""
        return store.listed(
            connection,
            ROWS,
            statuses=wanted.statuses(),
            department_id=department_id,
            before=store.place_of(connection, wanted.after) if wanted.after is not None else None,
            limit=wanted.limit,
            conditions=[
                *wanted.conditions(),
                *self._due(wanted, among_few=department_id is not None or wanted.leaves_few()),
            ],
            only_led=wanted.leads,
            oldest_first=wanted.sort is Order.OLDEST,
            searched=Searched(wanted.text, people) if wanted.text is not None else None,
        )

    async def counts(self, wanted: Filters, department_id: str | None, *, people: bool = True) -> TicketCounts:
        """Count tickets under filters, of a department where one is given."""
        due = self._due(wanted, among_few=True)
        return await self.database.read_page(
            lambda connection: counted(connection, wanted, department_id, due, people=people)
        )

    def _due(self, wanted: Filters, *, among_few: bool) -> list[ColumnElement[bool]]:
        """Return the conditions on deadlines."""
        found = []
        if wanted.due_before is not None:
            found.append(self._deadlines.due_before(wanted.due_before, among_few=among_few))
        if wanted.overdue is not None:
            late = self._deadlines.due_before(utc_now(), among_few=among_few)
            found.append(late if wanted.overdue else ~late)
        return found

    async def similar(self, query: SimilarQuery) -> list[SimilarTicket]:
        """Return open tickets that may be about the same matter, best first."""

        def look(connection: Connection) -> list[SimilarTicket]:
            if query.customer_id is None:
                return find(connection, query)
            head = customers_store.head_of(connection, query.customer_id)
            return find(connection, query.model_copy(update={"customer_id": head}))

        return await self.database.look_up(look)


async def _files_of_parts(session: AsyncSession, ticket_id: str, log: Sequence[LogView]) -> list[FileView]:
    """Return the files of merged tickets, at the merge's log entry."""
    at = {entry.detail.get("merged"): entry.version for entry in log if entry.action == TicketAction.ABSORB}
    return [
        FileView.model_validate(found).model_copy(update={"version": at[merge.ticket_id]})
        for merge in await merges_store.into(session, ticket_id)
        if merge.ticket_id in at
        for found in await files_store.of_ticket(session, merge.ticket_id)
    ]
