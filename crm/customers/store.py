"""Queries over customers."""

from collections.abc import Sequence

import sqlalchemy as sql
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import Customer, CustomerPhone, CustomerView

MATCHES = 20
"""Customers on one number that are looked at: a company's switchboard has many."""


_CUSTOMER = SQLModel.metadata.tables["customer"].c
_PHONE = SQLModel.metadata.tables["customer_phone"].c
BY_NUMBER = (
    sql.select(*(_CUSTOMER[name] for name in CustomerView.model_fields))
    .join_from(_CUSTOMER.id.table, _PHONE.number.table, _PHONE.customer_id == _CUSTOMER.id)
    .where(_PHONE.number == sql.bindparam("number"), _PHONE.current.is_(True))
    .order_by(_CUSTOMER.id)
    .limit(MATCHES)
)


def by_number(connection: sql.Connection, number: str) -> list[CustomerView]:
    """Everybody who is currently reached under a number, oldest first. Core rows: every call asks this."""
    rows = connection.execute(BY_NUMBER, {"number": number}).all()
    return [CustomerView.model_validate(row) for row in rows]


async def by_account(session: AsyncSession, account_number: str) -> Customer | None:
    """The customer with an account number."""
    return (await session.exec(select(Customer).where(Customer.account_number == account_number))).one_or_none()


async def search(session: AsyncSession, text: str, limit: int) -> Sequence[Customer]:
    """Customers whose account number, name or address contains a text; its `%` and `_` are meant literally (S4)."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    fields = (Customer.account_number, Customer.name, Customer.address)
    matches = [col(field).ilike(pattern, escape="\\") for field in fields]
    return (await session.exec(select(Customer).where(or_(*matches)).order_by(col(Customer.id)).limit(limit))).all()


async def phones(session: AsyncSession, customer_id: str) -> Sequence[CustomerPhone]:
    """A customer's telephones, current ones first."""
    statement = select(CustomerPhone).where(CustomerPhone.customer_id == customer_id)
    order = (col(CustomerPhone.current).desc(), col(CustomerPhone.number))
    return (await session.exec(statement.order_by(*order))).all()


async def replace_phones(session: AsyncSession, customer_id: str, numbers: set[str]) -> None:
    """Make these the current telephones; others the customer had are kept as former ones."""
    known = {phone.number: phone for phone in await phones(session, customer_id)}
    for number, phone in known.items():
        phone.current = number in numbers
    session.add_all(CustomerPhone(number=number, customer_id=customer_id) for number in numbers - known.keys())
    await session.flush()
