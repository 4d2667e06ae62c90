"""Queries over customers."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import (
    ACCOUNT_NUMBER,
    CUSTOMER_TEXTS,
    ChoiceView,
    Customer,
    CustomerPhone,
    CustomerView,
    PhoneChoice,
)
from crm.customers.phone import split_extension
from foundation.clock import utc_now
from foundation.database import execute
from foundation.routes import Role
from foundation.text_index import folded

FEW = 500
"""Newest customers that PostgreSQL looks at first: a text that a tenth of all have is found among them."""
MATCHES = 20
"""Most customers of one number: a company's switchboard has many."""


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
_LOCKED: dict[str, Any] = {"with_for_update": {"read": True, "key_share": True}, "populate_existing": True}
"""A row lock that a merge and an erasure wait for, and no other change of a customer does."""

BY_ID = sql.select(*(_CUSTOMER[name] for name in CustomerView.model_fields)).where(_CUSTOMER.id == sql.bindparam("id"))


def by_id(connection: sql.Connection, customer_id: str) -> CustomerView | None:
    """Return one customer."""
    row = connection.execute(BY_ID, {"id": customer_id}).one_or_none()
    return CustomerView.model_validate(row) if row is not None else None


ByNumber = tuple[list[CustomerView], ChoiceView | None]


def by_number(connection: sql.Connection, number: str) -> ByNumber:
    """Return the customers of a number, and the agent's last choice.

    The chosen one comes first, then the oldest. Core rows and one statement: every call asks this.
    """
    rows = connection.execute(BY_NUMBER, {"number": number}).all()
    chosen = rows and rows[0].customer_id is not None
    return [CustomerView.model_validate(row) for row in rows], ChoiceView.model_validate(rows[0]) if chosen else None


async def choose(session: AsyncSession, number: str, customer_id: str, staff_name: str) -> PhoneChoice:
    """Store an agent's choice of the caller of a number."""
    known = await session.get(PhoneChoice, number, with_for_update=True)
    times = known.times + 1 if known is not None and known.customer_id == customer_id else 1
    choice = PhoneChoice(number=number, customer_id=customer_id, at=utc_now(), staff_name=staff_name, times=times)
    return await session.merge(choice)


async def by_account(session: AsyncSession, account_number: str) -> Customer | None:
    """Return the customer with an account number; follow merges."""
    found = (await session.exec(select(Customer).where(Customer.account_number == account_number))).one_or_none()
    return await _head(session, found)


async def standing_for(session: AsyncSession, customer_id: str) -> Customer | None:
    """Return a customer, or its merge target, under a row lock.

    Until the transaction ends neither a merge nor an erasure changes it.
    """
    return await _head(session, await session.get(Customer, customer_id, **_LOCKED), **_LOCKED)


async def _head(session: AsyncSession, found: Customer | None, **how: Any) -> Customer | None:
    while found is not None and found.merged_into is not None:
        found = await session.get(Customer, found.merged_into, **how)
    return found


def head_of(connection: sql.Connection, customer_id: str) -> str:
    """Return the id of a customer's merge target, or its own."""
    return connection.execute(HEAD, {"id": customer_id}).scalar() or customer_id


async def only_one_at(session: AsyncSession, number: str) -> str | None:
    """Return the only customer of a number; None where there are several."""
    found = (await execute(session, AT_NUMBER, {"number": number})).scalars().all()
    return found[0] if len(found) == 1 else None


ACCOUNT = "account_number"
SEARCHED = (ACCOUNT, "name", "address")
_FOUND = sql.select(*(_CUSTOMER[name] for name in CustomerView.model_fields), _CUSTOMER.merged_into)
AFTER_ALL = "\U0010ffff"
"""Greater than every character that may follow a prefix."""


def beginning_with(field: str, text: str, dialect: str) -> sql.Select[Any]:
    """Return the customers with a searched column that begins with a text.

    Its condition is one that the column's index serves: a range for each usual spelling in capital and small letters.
    """
    column = _CUSTOMER[field]
    ranges = []
    for prefix in sorted({text, text.lower(), text.upper(), text.title()}):
        if dialect == "postgresql":
            # The index compares bytes (text_pattern_ops), whatever the database's collation.
            ranges.append(sql.and_(column.op("~>=~")(prefix), column.op("~<~")(prefix + AFTER_ALL)))
        else:
            ranges.append(sql.and_(column >= prefix, column < prefix + AFTER_ALL))
    query = _FOUND.where(sql.or_(*ranges))
    # Through a function, so that no planner takes the index of merged customers instead.
    return query if field == ACCOUNT else query.where(sql.func.coalesce(_CUSTOMER.merged_into, "") == "")


def _beginnings(text: str, dialect: str, limit: int) -> sql.Select[Any] | sql.CompoundSelect[Any]:
    """Return the customers of whom a searched column begins with a text."""
    may_begin = {
        ACCOUNT: re.fullmatch(r"[A-Za-z0-9\-]+", text) is not None,
        "name": not text.isdigit(),
        "address": True,
    }
    queries = [beginning_with(field, text, dialect).limit(limit) for field in SEARCHED if may_begin[field]]
    return sql.union_all(*(sql.select(query.subquery()) for query in queries))


def search(
    connection: sql.Connection, text: str, limit: int, *, parts: bool = True, numbers: bool = True
) -> list[CustomerView]:
    """Return the customers that a text names, at most `limit`.

    Those with an account number, a name or an address that begins with the text come before those that contain it, each
    by an index. An account that was merged finds the customer it was merged into.

    Args:
        parts: search for texts that contain it, too.
        numbers: search for telephone numbers that contain it, too.
    """
    dialect = connection.dialect.name
    found: dict[str, CustomerView] = {}
    _find(connection, found, _beginnings(text, dialect, limit), limit)
    found = dict(sorted(found.items()))
    for query in _containing(text, dialect, numbers=numbers) if parts else ():
        _find(connection, found, query.limit(limit), limit)
    return list(found.values())


def _containing(text: str, dialect: str, *, numbers: bool) -> Iterator[sql.Select[Any]]:
    """Yield the queries for customers that contain a text, the cheapest first."""
    entries, key = CUSTOMER_TEXTS.entries, _CUSTOMER.id
    position = sql.func.instr if dialect == "sqlite" else sql.func.strpos
    by_account = position(sql.func.lower(_CUSTOMER.account_number), folded(text)) > 0
    stands = sql.or_(_CUSTOMER.merged_into.is_(None), by_account)
    if dialect != "sqlite":
        # Common texts stand in the newest rows as well, which costs less than a list of all that have them.
        newest = sql.select(entries.c.id, entries.c.words, entries.c.people).order_by(entries.c.id.desc())
        few = newest.limit(FEW).subquery()
        here = CUSTOMER_TEXTS.contains(dialect, text, people=numbers, among=few)
        yield _FOUND.join(few, few.c.id == key).where(here, stands)
    every = CUSTOMER_TEXTS.joined(_FOUND, key, dialect)
    yield every.where(*CUSTOMER_TEXTS.matches(dialect, text, people=numbers), stands)


def by_account_number(connection: sql.Connection, account_number: str) -> CustomerView | None:
    """Return the customer with an account number; follow merges."""
    if re.fullmatch(ACCOUNT_NUMBER, account_number) is None:
        return None
    found: Any = connection.execute(_FOUND.where(_CUSTOMER.account_number == account_number)).one_or_none()
    return _stands_for(connection, found) if found is not None else None


def _find(connection: sql.Connection, found: dict[str, CustomerView], query: sql.Executable, limit: int) -> None:
    """Add the customers of a query, or their merge targets."""
    if len(found) >= limit:
        return
    for row in connection.execute(query).all():
        head = _stands_for(connection, row)
        if head is not None and len(found) < limit:
            found.setdefault(head.id, head)


def _stands_for(connection: sql.Connection, row: sql.Row[Any]) -> CustomerView | None:
    return (
        CustomerView.model_validate(row) if row.merged_into is None else by_id(connection, head_of(connection, row.id))
    )


async def phones(session: AsyncSession, customer_id: str) -> Sequence[CustomerPhone]:
    """Return a customer's telephones, current ones first."""
    statement = select(CustomerPhone).where(CustomerPhone.customer_id == customer_id)
    order = (col(CustomerPhone.current).desc(), col(CustomerPhone.number))
    return (await session.exec(statement.order_by(*order))).all()


async def held(session: AsyncSession, customer_id: str) -> Customer | None:
    """Return a customer under a row lock."""
    return await session.get(Customer, customer_id, with_for_update=True, populate_existing=True)


def tables_about_customers() -> list[sql.Table]:
    """Return every table with a `customer_id`."""
    return [table for table in SQLModel.metadata.sorted_tables if "customer_id" in table.c]


_OWN = frozenset({"customer_phone", "phone_choice", "customer_audit"})
"""Tables that are no history: removed with the customer, or older than it."""


async def has_history(session: AsyncSession, customer_id: str) -> bool:
    """Return whether a ticket, a call or another record names a customer."""
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


def new_phones(customer_id: str, given: Iterable[str]) -> list[CustomerPhone]:
    """Return telephones of a customer from numbers with their extensions."""
    pairs = dict(split_extension(one) for one in given)
    return [CustomerPhone(number=one, customer_id=customer_id, extension=pairs[one]) for one in pairs]


async def replace_phones(session: AsyncSession, customer_id: str, given: Iterable[str]) -> None:
    """Make these the current telephones; others become former ones."""
    wanted = {phone.number: phone for phone in new_phones(customer_id, given)}
    known = {phone.number: phone for phone in await phones(session, customer_id)}
    for number, phone in known.items():
        phone.current = number in wanted
        if number in wanted:
            phone.extension = wanted[number].extension
    session.add_all(phone for number, phone in wanted.items() if number not in known)
    await session.flush()


async def languages(session: AsyncSession, customer_ids: Collection[str]) -> dict[str, str]:
    """Return the languages of some customers, by id."""
    if not customer_ids:
        return {}
    statement = select(Customer.id, Customer.language).where(col(Customer.id).in_(customer_ids))
    return dict((await session.exec(statement)).all())


async def is_agent(session: AsyncSession, staff_id: str) -> bool:
    """Tell whether an account is an active agent's."""
    staff = SQLModel.metadata.tables["staff"].c
    statement = sql.select(staff.id).where(staff.id == staff_id, staff.role == Role.AGENT, staff.active.is_(True))
    return await _scalar(session, statement) is not None


async def agent_name(session: AsyncSession, staff_id: str | None) -> str:
    """Return an account's name and staff number; empty without one."""
    if staff_id is None:
        return ""
    staff = SQLModel.metadata.tables["staff"].c
    found = await _scalar(session, sql.select(staff.name + " " + staff.staff_number).where(staff.id == staff_id))
    return str(found or "")


async def names_of_ids(session: AsyncSession, staff_ids: set[str], customer_ids: set[str]) -> dict[str, str]:
    """Return names of accounts and account numbers of customers, by id."""
    staff = SQLModel.metadata.tables["staff"].c
    names = sql.select(staff.id, staff.name + " " + staff.staff_number).where(staff.id.in_(staff_ids))
    numbers = select(Customer.id, Customer.account_number).where(col(Customer.id).in_(customer_ids))
    return dict((await execute(session, names)).all()) | dict((await session.exec(numbers)).all())


async def _scalar(session: AsyncSession, statement: sql.Select[Any]) -> Any:
    return (await execute(session, statement)).scalar()
