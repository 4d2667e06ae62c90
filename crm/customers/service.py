"""Who calls, and who is who."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store
from crm.customers.errors import AccountTaken, CustomerNotFound
from crm.customers.model import (
    ACCOUNT_NUMBER,
    Customer,
    CustomerChange,
    CustomerDetail,
    CustomerInput,
    CustomerPhone,
    CustomerView,
    Identification,
    PhoneView,
)
from crm.customers.phone import normalise
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem

SEARCH_LIMIT = 50


class CustomerService:
    """Customers by number, account and text."""

    def __init__(self, database: Database, region: str = "CN") -> None:
        self._database = database
        self._region = region

    async def identify(self, raw_number: str | None) -> Identification:
        """Everybody a number belongs to; nobody where it is withheld or nonsense."""
        number = normalise(raw_number, self._region)
        if number is None:
            return Identification(number=None, customers=[])
        found = await self._database.look_up(lambda connection: store.by_number(connection, number))
        return Identification(number=number, customers=found)

    async def by_account(self, account_number: str) -> CustomerView | None:
        """The customer with an account number, whatever was keyed or typed for one."""
        if re.fullmatch(ACCOUNT_NUMBER, account_number) is None:
            return None
        async with self._database.read() as session:
            found = await store.by_account(session, account_number)
        return CustomerView.model_validate(found) if found is not None else None

    async def get(self, customer_id: str) -> CustomerView:
        """One customer.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.read() as session:
            return CustomerView.model_validate(await _existing(session, customer_id))

    async def detail(self, customer_id: str) -> CustomerDetail:
        """One customer with the telephones.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.read() as session:
            return await _detail(session, await _existing(session, customer_id))

    async def search(self, text: str) -> list[CustomerView]:
        """At most SEARCH_LIMIT customers: those with this telephone, or whose account, name or address contains it."""
        by_number = (await self.identify(text)).customers
        async with self._database.read() as session:
            by_text = _views(await store.search(session, text, SEARCH_LIMIT))
        found = {customer.id: customer for customer in (*by_number, *by_text)}
        return list(found.values())[:SEARCH_LIMIT]

    async def create(self, given: CustomerInput) -> CustomerDetail:
        """A new customer with telephones.

        Raises:
            AccountTaken: the account number is another's.
        """
        customer = Customer(id=new_id("customer"), created_at=utc_now(), **given.model_dump(exclude={"phones"}))
        try:
            async with self._database.write() as session:
                session.add(customer)
                await session.flush()
                session.add_all(CustomerPhone(number=number, customer_id=customer.id) for number in set(given.phones))
                await session.flush()
                return await _detail(session, customer)
        except IntegrityError as error:
            raise _taken(given.account_number) from error

    async def update(self, customer_id: str, change: CustomerChange) -> CustomerDetail:
        """A customer as it is from now on.

        Raises:
            CustomerNotFound: there is none.
            AccountTaken: the account number is another's.
        """
        changes: dict[str, Any] = change.model_dump(exclude_unset=True, exclude={"phones"})
        try:
            async with self._database.write() as session:
                customer = await _existing(session, customer_id)
                customer.sqlmodel_update(changes)
                await session.flush()
                if "phones" in change.model_fields_set:
                    await store.replace_phones(session, customer_id, set(change.phones))
                return await _detail(session, customer)
        except IntegrityError as error:
            raise _taken(change.account_number) from error


async def _existing(session: AsyncSession, customer_id: str) -> Customer:
    found = await session.get(Customer, customer_id)
    if found is None:
        raise CustomerNotFound(f"there is no customer {customer_id}")
    return found


async def _detail(session: AsyncSession, customer: Customer) -> CustomerDetail:
    phones = await store.phones(session, customer.id)
    view = CustomerView.model_validate(customer)
    return CustomerDetail(**view.model_dump(), phones=[PhoneView.model_validate(phone) for phone in phones])


def _views(customers: Iterable[Customer]) -> list[CustomerView]:
    return [CustomerView.model_validate(customer) for customer in customers]


def _taken(account_number: str) -> AccountTaken:
    problem = FieldProblem(field="account_number", rule="must not belong to another customer")
    return AccountTaken(f"account {account_number} exists", [problem])
