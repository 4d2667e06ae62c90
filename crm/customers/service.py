"""Customers: identified, searched, entered and changed."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import audit, store
from crm.customers.audit import AuditView, CustomerAction
from crm.customers.do_not_call import DoNotCallNotice
from crm.customers.errors import (
    AccountTaken,
    AgentUnknown,
    CustomerChanged,
    CustomerErased,
    CustomerInUse,
    CustomerNotFound,
    NotOnThisNumber,
    StandsInForAnother,
)
from crm.customers.model import (
    ACCOUNT_NUMBER,
    Choose,
    ConfirmPhone,
    Customer,
    CustomerChange,
    CustomerDetail,
    CustomerInput,
    CustomerPhone,
    CustomerView,
    Identification,
    OwnAgent,
    PhoneView,
    plain_account,
)
from crm.customers.phone import any_typed_number, caller_number, split_extension, typed_number
from crm.customers.protection import store as protection_store
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal

SEARCH_LIMIT = 50


class CustomerService:
    """Customers by number, account and text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.read_with_number: list[Callable[[Connection, str], None]] = []
        """What else is read about a caller's number, in the same step: each step of its own would delay the ring."""

    async def identify(self, raw_number: str | None) -> Identification:
        """Return the customers of a number; none where it is withheld."""
        number = caller_number(raw_number)
        if number is None:
            return Identification(number=None, customers=[])

        def look(connection: Connection) -> store.ByNumber:
            for read in self.read_with_number:
                read(connection, number)
            return store.by_number(connection, number)

        found, choice = await self._database.look_up(look)
        return Identification(number=number, customers=found, choice=choice)

    async def wishes_no_calls(self, raw_number: str) -> bool:
        """Return whether every customer of a number wishes no calls."""
        found = (await self.identify(raw_number)).customers
        return bool(found) and all(customer.do_not_call for customer in found)

    async def is_protected(self, customer_id: str, at: datetime | None = None) -> bool:
        """Return whether the customer is protected, by default now (H25)."""
        moment = at or utc_now()
        return await self._database.look_up(
            lambda connection: protection_store.is_protected(connection, customer_id, moment)
        )

    async def by_account(self, account_number: str) -> CustomerView | None:
        """Return the customer with an account number; None for any other text."""
        if re.fullmatch(ACCOUNT_NUMBER, account_number) is None:
            return None
        async with self._database.read() as session:
            found = await store.by_account(session, account_number)
        return CustomerView.model_validate(found) if found is not None else None

    async def get(self, customer_id: str) -> CustomerView:
        """Return one customer.

        Raises:
            CustomerNotFound: there is none.
        """
        found = await self._database.look_up(lambda connection: store.by_id(connection, customer_id))
        if found is None:
            raise CustomerNotFound(f"there is no customer {customer_id}")
        return found

    async def detail(self, customer_id: str) -> CustomerDetail:
        """Return one customer with the telephones.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.read() as session:
            return await _detail(session, await _existing(session, customer_id))

    async def search(self, text: str, *, numbers: bool = True) -> list[CustomerView]:
        """Return at most SEARCH_LIMIT customers with a telephone, account, name or address.

        A whole telephone or account number is looked up by its index, and nothing else is searched then. Parts of
        telephone `numbers` are searched for those who see them: others could find out a masked one digit by digit.
        """
        number, account_number = any_typed_number(text), plain_account(text)
        found: dict[str, CustomerView] = {}
        if number is not None:
            found = {one.id: one for one in (await self.identify(split_extension(number)[0])).customers}
        nothing, is_telephone = not found, typed_number(text) is not None

        def look(connection: Connection) -> list[CustomerView]:
            exact = store.by_account_number(connection, account_number)
            if exact is not None:
                return [exact]
            # One character is a surname: it stands at the beginning, and in too many texts to look for it inside.
            fitting = {"parts": not is_telephone and len(text) > 1, "numbers": numbers}
            return store.search(connection, text, SEARCH_LIMIT, **fitting) if nothing else []

        by_text = await self._database.look_up(look)
        found |= {customer.id: customer for customer in by_text}
        return list(found.values())[:SEARCH_LIMIT]

    async def create(self, given: CustomerInput, by: Principal | None = None) -> CustomerDetail:
        """Create a customer with telephones.

        Raises:
            AccountTaken: the account number is another's.
        """
        facts = stamped(given.model_dump(exclude_unset=True, exclude={"phones"}))
        customer = Customer(id=new_id("customer"), created_at=utc_now(), **facts)
        try:
            async with self._database.write() as session:
                session.add(customer)
                await session.flush()
                session.add_all(store.new_phones(customer.id, given.phones))
                audit.record(session, customer.id, 1, CustomerAction.CREATE, by, {})
                await session.flush()
                return await _detail(session, customer)
        except IntegrityError as error:
            raise _taken(given.account_number) from error

    async def update(self, customer_id: str, change: CustomerChange, by: Principal | None = None) -> CustomerDetail:
        """Change a customer.

        Raises:
            CustomerNotFound: there is none.
            CustomerChanged: `version` is given and no longer the present one.
            StandsInForAnother: it was merged into another one.
            CustomerErased: the person's data were erased.
            AccountTaken: the account number is another's.
        """
        changes = stamped(change.model_dump(exclude_unset=True, exclude={"phones", "version"}))
        try:
            async with self._change(customer_id, change.version, by) as (session, customer):
                customer.sqlmodel_update(changes)
                await session.flush()
                if "phones" in change.model_fields_set:
                    await store.replace_phones(session, customer_id, change.phones)
            return await self.detail(customer_id)
        except IntegrityError as error:
            raise _taken(change.account_number) from error

    async def give_agent(self, customer_id: str, given: OwnAgent, by: Principal) -> CustomerDetail:
        """Set the customer's own agent, who is rung first (H20).

        Raises:
            AgentUnknown: no active agent has this id.
            CustomerNotFound, CustomerChanged, StandsInForAnother, CustomerErased: as for a change.
        """
        async with self._change(customer_id, given.version, by) as (session, customer):
            if given.agent_id is not None and not await store.is_agent(session, given.agent_id):
                problem = FieldProblem(field="agent_id", rule="must be an active agent")
                raise AgentUnknown(f"{given.agent_id} is no active agent", [problem])
            customer.agent_id = given.agent_id
        return await self.detail(customer_id)

    async def confirm_phone(self, customer_id: str, given: ConfirmPhone, by: Principal | None = None) -> CustomerDetail:
        """Note that a customer is reached at a telephone (H5).

        Raises:
            CustomerNotFound, CustomerChanged, StandsInForAnother, CustomerErased: as for a change.
        """
        async with self._change(customer_id, given.version, by) as (session, _):
            phone = await session.get(CustomerPhone, (given.number, customer_id))
            phone = phone or CustomerPhone(number=given.number, customer_id=customer_id)
            phone.current, phone.verified_at = True, utc_now()
            session.add(phone)
        return await self.detail(customer_id)

    async def choose(self, given: Choose, by: Principal) -> Identification:
        """Store which customer of a number called, for the next call.

        Raises:
            NotOnThisNumber: it is not among them.
            StandsInForAnother: it was merged into another one.
        """
        async with self._database.write() as session:
            phone = await session.get(CustomerPhone, (given.number, given.customer_id))
            if phone is None or not phone.current:
                problem = FieldProblem(field="customer_id", rule="must be one of the customers of this number")
                raise NotOnThisNumber(f"{given.customer_id} is not reached under this number", [problem])
            customer = await _held(session, given.customer_id)
            if customer.merged_into is not None:
                raise StandsInForAnother(f"customer {customer.id} was merged into {customer.merged_into}")
            await store.choose(session, given.number, customer.id, f"{by.name} ({by.staff_number})")
            audit.record(session, customer.id, customer.version, CustomerAction.CHOOSE, by, {"number": given.number})
        return await self.identify(given.number)

    async def remove(self, customer_id: str, by: Principal) -> None:
        """Remove a customer without a history, entered by mistake.

        Raises:
            CustomerNotFound: there is none.
            CustomerInUse: there is a history.
        """
        async with self._database.write() as session:
            customer = await _held(session, customer_id)
            if customer.legal_hold or await store.has_history(session, customer_id):
                raise CustomerInUse(f"customer {customer_id} has a history; erase the person's data instead")
            audit.record(session, customer_id, customer.version, CustomerAction.ERASE, by, {"removed": True})
            await store.remove(session, customer)

    async def audit(self, customer_id: str) -> list[AuditView]:
        """Return what was done with a customer, newest first.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.read() as session:
            await _existing(session, customer_id)
            found = await audit.of_customer(session, customer_id)
            names = await store.names_of_ids(
                session,
                {one for entry in found for one in audit.ids_in(entry.changes, audit.OF_ACCOUNTS)},
                {one for entry in found for one in audit.ids_in(entry.changes, audit.OF_CUSTOMERS)},
            )
        return [entry.model_copy(update={"names": _named(entry, names), "changes": _said(entry)}) for entry in found]

    @asynccontextmanager
    async def _change(
        self, customer_id: str, version: int | None, by: Principal | None
    ) -> AsyncIterator[tuple[AsyncSession, Customer]]:
        """Change one customer under a row lock, checked by version and audited."""
        async with self._database.write() as session:
            customer = await _held(session, customer_id)
            if customer.merged_into is not None:
                raise StandsInForAnother(f"customer {customer_id} was merged into {customer.merged_into}")
            must_not_be_erased(customer)
            if version is not None and version != customer.version:
                raise await _changed(session, customer, version)
            before = await _facts(session, customer)
            yield session, customer
            await session.flush()
            after = await _facts(session, customer)
            changes = {name: [before[name], now] for name, now in after.items() if before[name] != now}
            if changes:
                customer.version += 1
                audit.record(session, customer_id, customer.version, CustomerAction.CHANGE, by, changes)


def must_not_be_erased(customer: Customer) -> None:
    """Refuse to enter anything about an erased customer.

    Raises:
        CustomerErased: the person's data were erased.
    """
    if customer.erased_at is not None:
        raise CustomerErased(f"the data of {customer.id} were erased: enter the person as a new customer")


def stamped(facts: dict[str, Any]) -> dict[str, Any]:
    """Add the time to a consent and to a do-not-call wish."""
    now = utc_now()
    return facts | {f"{name}_at": now for name in ("consent", "do_not_call") if name in facts}


async def _existing(session: AsyncSession, customer_id: str) -> Customer:
    found = await session.get(Customer, customer_id)
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


async def _held(session: AsyncSession, customer_id: str) -> Customer:
    found = await store.held(session, customer_id)
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


async def _changed(session: AsyncSession, customer: Customer, version: int) -> CustomerChanged:
    """Return a conflict that names the fields changed since a version."""
    since = await audit.of_customer(session, customer.id, version)
    fields = sorted({field for entry in since for field in entry.changes})
    problems = [FieldProblem(field=field, rule="was changed meanwhile; look again") for field in fields]
    return CustomerChanged(f"customer {customer.id} is at version {customer.version}, not {version}", problems)


async def _facts(session: AsyncSession, customer: Customer) -> dict[str, Any]:
    """Return a customer as the audit compares and stores it."""
    facts: dict[str, Any] = (await _detail(session, customer)).model_dump(
        mode="json", exclude={"version", "missing", "do_not_call_notice", "agent_name"}
    )
    return facts


async def _detail(session: AsyncSession, customer: Customer) -> CustomerDetail:
    phones = await store.phones(session, customer.id)
    facts = customer.model_dump()
    return CustomerDetail(
        **facts,
        agent_name=await store.agent_name(session, customer.agent_id),
        phones=[PhoneView.model_validate(phone) for phone in phones],
        do_not_call_notice=DoNotCallNotice() if customer.do_not_call else None,
    )


def _said(entry: AuditView) -> dict[str, Any]:
    return entry.changes | ({"reason": audit.reason_of(entry.changes)} if "reason" in entry.changes else {})


def _named(entry: AuditView, names: Mapping[str, str]) -> dict[str, str]:
    ids = audit.ids_in(entry.changes, audit.OF_ACCOUNTS | audit.OF_CUSTOMERS)
    return {one: names[one] for one in sorted(ids & names.keys())}


def _taken(account_number: str) -> AccountTaken:
    problem = FieldProblem(field="account_number", rule="must not belong to another customer")
    return AccountTaken(f"account {account_number} exists", [problem])
