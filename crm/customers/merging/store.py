"""Queries over merges and over every table that names a customer."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sql
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.merging.model import CustomerMerge, CustomerMergeRow
from crm.customers.model import Customer, CustomerPhone
from crm.customers.store import tables_about_customers
from foundation.database import execute

_STAYS = frozenset({"customer_phone", "customer_audit", "customer_import_row"})
"""Telephones are copied; what was done with an entry's data remains its own, and what a file said about it too."""
NAME_ALIKE = 0.6
PAIRS = 200


def moved_tables() -> list[sql.Table]:
    """Return the tables with rows that move in a merge."""
    return [table for table in tables_about_customers() if table.name not in _STAYS]


async def counts(session: AsyncSession, customer_id: str) -> dict[str, int]:
    """Return how many rows name a customer, by table."""
    found = {}
    for table in moved_tables():
        statement = sql.select(sql.func.count()).select_from(table).where(table.c.customer_id == customer_id)
        found[table.name] = (await execute(session, statement)).scalar_one()
    return {name: count for name, count in found.items() if count}


async def move(session: AsyncSession, merge: CustomerMerge) -> None:
    """Let records of the merged customer name the kept one; note each."""
    journal = CustomerMergeRow.metadata.tables["customer_merge_row"]
    for table in moved_tables():
        (key,) = table.primary_key.columns
        rows = sql.select(sql.literal(merge.id), sql.literal(table.name), key).where(
            table.c.customer_id == merge.merged_id
        )
        await execute(session, journal.insert().from_select(["merge_id", "table_name", "row_key"], rows))
        await execute(
            session, table.update().where(table.c.customer_id == merge.merged_id).values(customer_id=merge.kept_id)
        )


async def move_back(session: AsyncSession, merge: CustomerMerge) -> None:
    """Let moved records name their former customer; later reassignments stay."""
    journal = CustomerMergeRow.metadata.tables["customer_merge_row"]
    for table in moved_tables():
        (key,) = table.primary_key.columns
        noted = sql.select(journal.c.row_key).where(journal.c.merge_id == merge.id, journal.c.table_name == table.name)
        await execute(
            session,
            table.update()
            .where(table.c.customer_id == merge.kept_id, key.in_(noted))
            .values(customer_id=merge.merged_id),
        )
    await execute(session, journal.delete().where(journal.c.merge_id == merge.id))


async def into(session: AsyncSession, customer_id: str) -> Sequence[CustomerMerge]:
    """Return the customers merged into one, in order."""
    statement = select(CustomerMerge).where(
        CustomerMerge.kept_id == customer_id, col(CustomerMerge.undone_at).is_(None)
    )
    return (await session.exec(statement.order_by(col(CustomerMerge.id)))).all()


async def of_customer(session: AsyncSession, customer_id: str) -> Sequence[CustomerMerge]:
    """Every merge of a customer or into it, newest first."""
    concerned = or_(CustomerMerge.kept_id == customer_id, CustomerMerge.merged_id == customer_id)
    return (await session.exec(select(CustomerMerge).where(concerned).order_by(col(CustomerMerge.id).desc()))).all()


async def same_phone(session: AsyncSession, customer_id: str | None, limit: int) -> list[tuple[str, str]]:
    """Return pairs of customers with a common current telephone."""
    phones = CustomerPhone.metadata.tables["customer_phone"]
    one, other = phones.alias(), phones.alias()
    statement = (
        sql.select(one.c.customer_id, other.c.customer_id)
        .join_from(one, other, sql.and_(one.c.number == other.c.number, one.c.customer_id < other.c.customer_id))
        .where(one.c.current.is_(True), other.c.current.is_(True))
    )
    return await _pairs(session, statement, one.c.customer_id, other.c.customer_id, customer_id, limit)


async def same_address(session: AsyncSession, customer_id: str | None, limit: int) -> list[tuple[str, str]]:
    """Pairs of customers at the same address."""
    customers = Customer.metadata.tables["customer"]
    one, other = customers.alias(), customers.alias()
    statement = (
        sql.select(one.c.id, other.c.id)
        .join_from(one, other, sql.and_(one.c.address == other.c.address, one.c.id < other.c.id))
        .where(one.c.address != "")
    )
    return await _pairs(session, statement, one.c.id, other.c.id, customer_id, limit)


async def _pairs(
    session: AsyncSession,
    statement: sql.Select[Any],
    first: sql.ColumnElement[str],
    second: sql.ColumnElement[str],
    customer_id: str | None,
    limit: int,
) -> list[tuple[str, str]]:
    if customer_id is not None:
        statement = statement.where(sql.or_(first == customer_id, second == customer_id))
    rows = (await execute(session, statement.distinct().limit(limit))).all()
    return [(one, other) for one, other in rows]
