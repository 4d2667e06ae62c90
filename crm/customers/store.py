"""Queries over customers."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel, and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import ChoiceView, Customer, CustomerPhone, CustomerView, PhoneChoice
from foundation.clock import utc_now
from foundation.database import execute

MATCHES = 20
"""Customers on one number that are looked at: a company's switchboard has many."""


_CUSTOMER = SQLModel.metadata.tables["customer"].c
_PHONE = SQLModel.metadata.tables["customer_phone"].c
_CHOICE = SQLModel.metadata.tables["phone_choice"].c
BY_NUMBER = (
    sql.select(
        *(_CUSTOMER[name] for name in CustomerView.model_fields),
        _CHOICE.customer_id,
        *_CHOICE["at", "staff_name", "times"],
    )
    .join_from(_CUSTOMER.id.table, _PHONE.number.table, _PHONE.customer_id == _CUSTOMER.id)
    .outerjoin(
        _CHOICE.number.table, sql.and_(_CHOICE.number == _PHONE.number, _CHOICE.customer_id == _PHONE.customer_id)
    )
    .where(_PHONE.number == sql.bindparam("number"), _PHONE.current.is_(True), _CUSTOMER.merged_into.is_(None))
    .order_by(_CHOICE.customer_id.is_(None), _CUSTOMER.id)
    .limit(MATCHES)
)

AT_NUMBER = (
    sql.select(_PHONE.customer_id)
    .join_from(_PHONE.number.table, _CUSTOMER.id.table, _PHONE.customer_id == _CUSTOMER.id)
    .where(_PHONE.number == sql.bindparam("number"), _PHONE.current.is_(True), _CUSTOMER.merged_into.is_(None))
    .limit(2)
)


def _heads() -> sql.Select[Any]:
    named = sql.select(_CUSTOMER.id, _CUSTOMER.merged_into).where(_CUSTOMER.id == sql.bindparam("id"))
    line = named.cte("line", recursive=True)
    above = _CUSTOMER.id.table.alias("above")
    line = line.union_all(sql.select(above.c.id, above.c.merged_into).join(line, above.c.id == line.c.merged_into))
    return sql.select(line.c.id).where(line.c.merged_into.is_(None))


HEAD = _heads()
_KEPT: dict[str, Any] = {"with_for_update": {"read": True, "key_share": True}, "populate_existing": True}
"""What a merge and an erasure wait for, and no other change of a customer does."""

BY_ID = sql.select(*(_CUSTOMER[name] for name in CustomerView.model_fields)).where(_CUSTOMER.id == sql.bindparam("id"))


def by_id(connection: sql.Connection, customer_id: str) -> CustomerView | None:
    """One customer."""
    row = connection.execute(BY_ID, {"id": customer_id}).one_or_none()
    return CustomerView.model_validate(row) if row is not None else None


def by_number(connection: sql.Connection, number: str) -> tuple[list[CustomerView], ChoiceView | None]:
    """Everybody who is currently reached under a number, oldest first but for whom an agent chose the last time.

    Core rows, and one statement: every call asks this.
    """
    rows = connection.execute(BY_NUMBER, {"number": number}).all()
    chosen = rows and rows[0].customer_id is not None
    return [CustomerView.model_validate(row) for row in rows], ChoiceView.model_validate(rows[0]) if chosen else None


async def choose(session: AsyncSession, number: str, customer_id: str, staff_name: str) -> PhoneChoice:
    """Keep whom the caller of a number was taken for."""
    known = await session.get(PhoneChoice, number, with_for_update=True)
    times = known.times + 1 if known is not None and known.customer_id == customer_id else 1
    choice = PhoneChoice(number=number, customer_id=customer_id, at=utc_now(), staff_name=staff_name, times=times)
    return await session.merge(choice)


async def by_account(session: AsyncSession, account_number: str) -> Customer | None:
    """The customer with an account number, or who stands for that one by now."""
    found = (await session.exec(select(Customer).where(Customer.account_number == account_number))).one_or_none()
    return await _head(session, found)


async def standing_for(session: AsyncSession, customer_id: str) -> Customer | None:
    """A customer, or who stands for it by now, kept from being merged or erased until the transaction ends."""
    return await _head(session, await session.get(Customer, customer_id, **_KEPT), **_KEPT)


async def _head(session: AsyncSession, found: Customer | None, **how: Any) -> Customer | None:
    while found is not None and found.merged_into is not None:
        found = await session.get(Customer, found.merged_into, **how)
    return found


def head_of(connection: sql.Connection, customer_id: str) -> str:
    """The id of a customer who stands for another, or that very id."""
    return connection.execute(HEAD, {"id": customer_id}).scalar() or customer_id


async def only_one_at(session: AsyncSession, number: str) -> str | None:
    """Who is currently reached under a number, where it is one customer's alone."""
    found = (await execute(session, AT_NUMBER, {"number": number})).scalars().all()
    return found[0] if len(found) == 1 else None


async def search(session: AsyncSession, text: str, limit: int) -> Sequence[Customer]:
    """Customers whose account number, name or address contains a text; its `%` and `_` are meant literally (S4).

    An account that was merged finds who stands for it.
    """
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    fields = (Customer.account_number, Customer.name, Customer.address)
    matches = [col(field).ilike(pattern, escape="\\") for field in fields]
    stands_for_itself = col(Customer.merged_into).is_(None)
    statement = select(Customer).where(
        or_(and_(or_(*matches), stands_for_itself), and_(matches[0], ~stands_for_itself))
    )
    found = (await session.exec(statement.order_by(col(Customer.id)).limit(limit))).all()
    heads = [await _head(session, customer) for customer in found]
    return list({head.id: head for head in heads if head is not None}.values())


async def phones(session: AsyncSession, customer_id: str) -> Sequence[CustomerPhone]:
    """A customer's telephones, current ones first."""
    statement = select(CustomerPhone).where(CustomerPhone.customer_id == customer_id)
    order = (col(CustomerPhone.current).desc(), col(CustomerPhone.number))
    return (await session.exec(statement.order_by(*order))).all()


async def held(session: AsyncSession, customer_id: str) -> Customer | None:
    """A customer, held for change."""
    return await session.get(Customer, customer_id, with_for_update=True, populate_existing=True)


def tables_about_customers() -> list[sql.Table]:
    """Every table whose rows belong to a customer by `customer_id`, the customers' own room included."""
    return [table for table in SQLModel.metadata.sorted_tables if "customer_id" in table.c]


_OWN = frozenset({"customer_phone", "phone_choice", "customer_audit"})
"""What goes with a customer that is removed, or outlives it."""


async def has_history(session: AsyncSession, customer_id: str) -> bool:
    """Whether anything names a customer beside what is entered with it."""
    for table in tables_about_customers():
        if table.name not in _OWN:
            found = await execute(
                session, sql.select(table.c.customer_id).where(table.c.customer_id == customer_id).limit(1)
            )
            if found.first() is not None:
                return True
    return False


async def remove(session: AsyncSession, customer: Customer) -> None:
    """Remove a customer without a history."""
    for table in (CustomerPhone, PhoneChoice):
        await session.exec(sql.delete(table).where(col(table.customer_id) == customer.id))
    await session.delete(customer)
    await session.flush()


async def replace_phones(session: AsyncSession, customer_id: str, numbers: set[str]) -> None:
    """Make these the current telephones; others the customer had are kept as former ones."""
    known = {phone.number: phone for phone in await phones(session, customer_id)}
    for number, phone in known.items():
        phone.current = number in numbers
    session.add_all(CustomerPhone(number=number, customer_id=customer_id) for number in numbers - known.keys())
    await session.flush()
