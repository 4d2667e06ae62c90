"""Callbacks that agents make instead of the machine (H10)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.campaigns import store
from ari_app.campaigns.asking_model import ScriptLine, SurveyScript, SurveysQuery, SurveyToAsk
from ari_app.campaigns.errors import HeldByAnother, NoSuchContact, WrongState
from ari_app.campaigns.model import Contact, ContactState
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.script import parts_of, words
from crm.customers.model import Customer
from crm.staff.model import Staff
from crm.tickets.model import Ticket, TicketStatus
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import LEADERS, Principal
from ivr.prompts import PromptCatalogue

HELD_FOR = timedelta(minutes=30)
"""The machine does not call a customer whom an agent took."""
MOST = 200
_WAITING = (TicketStatus.REPLIED, TicketStatus.SURVEY)


class AskingAgents:
    """List of customers to be asked; the machine waits for an agent."""

    def __init__(
        self, database: Database, rules: CampaignRules, catalogue: PromptCatalogue, *, hotline_number: str
    ) -> None:
        self._database = database
        self._rules = rules
        self._catalogue = catalogue
        self._hotline_number = hotline_number

    async def listed(self, wanted: SurveysQuery, who: Principal) -> list[SurveyToAsk]:
        """Return customers to be asked, the longest waiting first."""
        now = utc_now()
        statement = (
            select(Contact, Ticket)
            .join(Ticket, col(Ticket.id) == col(Contact.ticket_id))
            .where(Contact.state == ContactState.PLANNED, col(Ticket.status).in_(_WAITING))
            .order_by(col(Contact.created_at), col(Contact.id))
            .limit(MOST)
        )
        if wanted.mine:
            statement = statement.where(Contact.held_by == who.staff_id, col(Contact.held_until) > now)
        async with self._database.read() as session:
            found = (await session.exec(statement)).all()
            names = await _names(session, {contact.held_by for contact, _ in found if contact.held_by is not None})
        return [_view(contact, ticket, names, now) for contact, ticket in found]

    async def script(self, contact_id: str) -> SurveyScript:
        """Return a customer to be asked, with the words of the script.

        Raises:
            NoSuchContact: there is no such contact.
        """
        now = utc_now()
        async with self._database.read() as session:
            contact = await session.get(Contact, contact_id)
            ticket = await session.get(Ticket, contact.ticket_id) if contact is not None else None
            if contact is None or ticket is None:
                raise NoSuchContact(f"there is no contact {contact_id}")
            names = await _names(session, {contact.held_by} - {None})
            customer = await session.get(Customer, contact.customer_id) if contact.customer_id is not None else None
        owes = customer is not None and customer.arrears_cents > 0
        variables = {"subject": ticket.subject, "hotline_number": self._hotline_number}
        lines = [
            ScriptLine(part=part, text=words(self._catalogue, part, ticket.kind, contact.language, variables))
            for part in parts_of(ticket.kind, remind_payment=owes)
        ]
        return SurveyScript(contact=_view(contact, ticket, names, now), language=contact.language, lines=lines)

    async def claim(self, contact_id: str, who: Principal) -> None:
        """Take a customer: the machine does not call the number meanwhile.

        Raises:
            NoSuchContact: there is no such contact.
            WrongState: the customer is being called, was asked, or is not asked any more.
            HeldByAnother: another agent has the customer.
        """
        until = utc_now() + HELD_FOR
        async with self._database.write() as session:
            contact = await _mine(session, contact_id, who)
            contact.held_by, contact.held_until = who.staff_id, until
            await _wait(session, contact, until)

    async def release(self, contact_id: str, who: Principal) -> None:
        """Give a customer back to the machine.

        Raises:
            NoSuchContact: there is no such contact.
            WrongState: the contact is over.
            HeldByAnother: another agent has the customer, and the asking person is no supervisor.
        """
        async with self._database.write() as session:
            contact = await _mine(session, contact_id, who, leaders=True)
            contact.held_by = contact.held_until = None
            contact.next_at = self._rules.hours.next_allowed(utc_now())

    async def postpone(self, contact_id: str, until: datetime, who: Principal) -> None:
        """Give a customer back, to be called at another time.

        Raises:
            NoSuchContact: there is no such contact.
            WrongState: the contact is over.
            HeldByAnother: another agent has the customer.
        """
        async with self._database.write() as session:
            contact = await _mine(session, contact_id, who)
            contact.held_by = contact.held_until = None
            await _wait(session, contact, self._rules.hours.next_allowed(until))


async def _mine(session: AsyncSession, contact_id: str, who: Principal, *, leaders: bool = False) -> Contact:
    """Return a planned contact that no other agent has, locked for change."""
    contact = await session.get(Contact, contact_id, with_for_update=True)
    if contact is None:
        raise NoSuchContact(f"there is no contact {contact_id}")
    if contact.state is not ContactState.PLANNED:
        raise WrongState(f"contact {contact_id} is {contact.state}: only a planned one can be asked")
    if store.holder(contact, utc_now()) not in (None, who.staff_id) and not (leaders and who.role in LEADERS):
        raise HeldByAnother(f"{contact.held_by} asks this customer")
    return contact


async def _wait(session: AsyncSession, contact: Contact, until: datetime) -> None:
    """Have the machine wait with every matter of the number."""
    contact.next_at = until
    for other in await store.planned_for_number(session, contact.number, before=until):
        other.next_at = until


async def _names(session: AsyncSession, staff_ids: set[str | None]) -> dict[str, str]:
    people: Sequence[Staff] = (await session.exec(select(Staff).where(col(Staff.id).in_(staff_ids)))).all()
    return {person.id: person.name for person in people}


def _view(contact: Contact, ticket: Ticket, names: dict[str, str], now: datetime) -> SurveyToAsk:
    held_by = store.holder(contact, now)
    return SurveyToAsk(
        contact_id=contact.id,
        ticket_id=ticket.id,
        ticket_number=ticket.number,
        kind=ticket.kind,
        subject=ticket.subject,
        name=contact.name,
        number=contact.number,
        customer_id=contact.customer_id,
        round=contact.round,
        attempts=contact.attempts,
        next_at=contact.next_at,
        held_by=held_by,
        held_by_name=names.get(held_by) if held_by is not None else None,
        held_until=contact.held_until if held_by is not None else None,
    )
