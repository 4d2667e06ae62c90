"""Who calls, and who is who."""

from sqlalchemy.exc import IntegrityError

from crm.customers import store
from crm.customers.errors import AccountTaken, CustomerNotFound
from crm.customers.model import Customer, CustomerInput, CustomerPhone, CustomerView, Identification
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
        async with self._database.read() as session:
            found = await store.by_number(session, number)
        return Identification(number=number, customers=[CustomerView.model_validate(customer) for customer in found])

    async def by_account(self, account_number: str) -> CustomerView | None:
        """The customer with an account number."""
        async with self._database.read() as session:
            found = await store.by_account(session, account_number)
        return CustomerView.model_validate(found) if found is not None else None

    async def get(self, customer_id: str) -> CustomerView:
        """One customer.

        Raises:
            CustomerNotFound: there is none.
        """
        async with self._database.read() as session:
            found = await session.get(Customer, customer_id)
        if found is None:
            raise CustomerNotFound(f"there is no customer {customer_id}")
        return CustomerView.model_validate(found)

    async def search(self, text: str) -> list[CustomerView]:
        """At most SEARCH_LIMIT customers whose account, name or address contains a text."""
        async with self._database.read() as session:
            found = await store.search(session, text, SEARCH_LIMIT)
        return [CustomerView.model_validate(customer) for customer in found]

    async def create(self, given: CustomerInput) -> CustomerView:
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
        except IntegrityError as error:
            problem = FieldProblem(field="account_number", rule="must not belong to another customer")
            raise AccountTaken(f"account {given.account_number} exists", [problem]) from error
        return CustomerView.model_validate(customer)
