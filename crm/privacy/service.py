"""Looks at masked data, exports of a person's data, and erasure."""

from collections.abc import Awaitable, Callable

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import audit
from crm.customers import store as customers_store
from crm.customers.audit import CustomerAction
from crm.customers.errors import CustomerNotFound
from crm.customers.model import Consent, Customer
from crm.customers.phone import written
from crm.privacy import store
from crm.privacy.errors import MustBeKept
from crm.privacy.model import Erase, Hold, Look, LooksQuery, LookView, Person, StoredData
from crm.privacy.traces import Traces, traces
from crm.tickets.model import CLOSED
from crm.tickets.views import TicketDetail
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal
from foundation.signals import Signal

Forgetter = Callable[[AsyncSession, str], Awaitable[None]]
"""Ends, in the transaction that erases a customer, what is still planned with that person; raises where it cannot."""


class PrivacyService:
    """Looks, exports and erasure of personal data."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.forgetters: list[Forgetter] = []
        """Called before a customer is erased."""
        self.erased = Signal[[]]()
        """Follows the commit of an erasure."""

    async def look_at_customer(self, customer_id: str, look: Look, by: Principal) -> Person:
        """Return a customer unmasked; the look is noted first.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.write() as session:
            customer = await _existing(session, customer_id)
            phones = await customers_store.phones(session, customer_id)
            facts = {"reason": look.reason, "fields": ["name", "phones", "address"]}
            audit.record(session, customer_id, customer.version, CustomerAction.LOOK, by, facts)
        numbers = [written(phone.number, phone.extension) for phone in phones]
        return Person(name=customer.name, numbers=numbers, address=customer.address)

    async def look_at_reporters(self, ticket: TicketDetail, look: Look, by: Principal) -> list[Person]:
        """Return a ticket's reporters unmasked, for a department's call.

        The look is noted first, also for reporters who are no customers.
        """
        async with self._database.write() as session:
            for subject in sorted({one.customer_id or ticket.id for one in ticket.reporters}):
                facts = {"reason": look.reason, "fields": ["number"], "ticket": ticket.number}
                audit.record(session, subject, 0, CustomerAction.LOOK, by, facts)
        return [
            Person(
                name=one.name,
                numbers=[written(one.number, one.extension)] if one.number else [],
                address=ticket.address,
            )
            for one in ticket.reporters
        ]

    async def looks(self, query: LooksQuery) -> list[LookView]:
        """Return looks with account and reason, newest first."""
        async with self._database.read() as session:
            found = await audit.looks(session, **query.model_dump())
        return [
            LookView(
                at=look.at,
                staff_id=look.staff_id,
                staff_name=look.staff_name,
                subject_id=look.customer_id,
                ticket_number=look.changes.get("ticket"),
                fields=look.changes.get("fields", []),
                reason=audit.reason_of(look.changes),
            )
            for look in found
        ]

    async def export(self, customer_id: str, by: Principal) -> StoredData:
        """Return everything that is stored about a customer.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.write() as session:
            customer = await _existing(session, customer_id)
            audit.record(session, customer_id, customer.version, CustomerAction.EXPORT, by, {})
            await session.flush()
            data = await store.everything(session, await traces(session, customer))
        return StoredData(customer_id=customer_id, at=utc_now(), data=data)

    async def hold(self, customer_id: str, hold: Hold, by: Principal) -> None:
        """Forbid that anything of a customer is erased, or allow it again.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.write() as session:
            customer = await _existing(session, customer_id)
            changes = {"legal_hold": [customer.legal_hold, hold.reason]}
            customer.legal_hold = hold.reason
            customer.version += 1
            audit.record(session, customer_id, customer.version, CustomerAction.CHANGE, by, changes)

    async def erase(self, customer_id: str, given: Erase, by: Principal) -> None:
        """Erase the personal data in the rows about a customer.

        Facts for statistics stay: calls and tickets, their times and results. Recordings stay, with both voices; only
        their notes are emptied. Nothing deletes a sealed recording by its age yet.

        Raises:
            CustomerNotFound: there is none.
            MustBeKept: a legal hold, a ticket that is open, or a merge that has to be undone first.
        """
        async with self._database.write() as session:
            customer = await _existing(session, customer_id)
            found = await traces(session, customer)
            await _must_not_be_kept(session, customer, found)
            for forget in self.forgetters:
                await forget(session, customer_id)
            await store.blank(session, found)
            await session.refresh(customer)
            customer.sqlmodel_update(
                {
                    "account_number": f"erased-{customer_id.removeprefix('customer-')}",
                    "consent": Consent.UNKNOWN,
                    "consent_at": None,
                    "do_not_call": True,
                    "arrears_cents": 0,
                    "erased_at": utc_now(),
                    "version": customer.version + 1,
                }
            )
            facts = {"reason": given.reason}
            audit.record(session, customer_id, customer.version, CustomerAction.ERASE, by, facts)
        self.erased.announce()


async def _existing(session: AsyncSession, customer_id: str) -> Customer:
    found = await customers_store.held(session, customer_id)
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


async def _must_not_be_kept(session: AsyncSession, customer: Customer, found: Traces) -> None:
    if customer.legal_hold:
        raise MustBeKept(f"a legal hold forbids it: {customer.legal_hold}")
    standing = select(Customer.id).where(col(Customer.merged_into) == customer.id)
    if customer.merged_into is not None or (await session.exec(standing)).first() is not None:
        raise MustBeKept("the customer is merged with another entry: undo that first, or the wrong person is erased")
    numbers = await store.open_tickets(session, found, CLOSED)
    if numbers:
        raise MustBeKept(f"tickets are open: {', '.join(numbers[:10])}")
