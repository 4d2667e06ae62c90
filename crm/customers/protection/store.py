"""Queries over protected customers, for every call and ticket."""

from datetime import datetime

import sqlalchemy as sql
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

import crm.customers.protection.model  # noqa: F401 - for its tables
from foundation.database import execute

_LIST = SQLModel.metadata.tables["protected_list"].c
_MEMBER = SQLModel.metadata.tables["protected_member"].c
IN_FORCE = (
    sql.select(_LIST.id)
    .join_from(_MEMBER.id.table, _LIST.id.table, _MEMBER.list_id == _LIST.id)
    .where(
        _MEMBER.customer_id == sql.bindparam("customer_id"),
        _LIST.in_force_from <= sql.bindparam("at"),
        _LIST.in_force_until > sql.bindparam("at"),
    )
    .limit(1)
)


def is_protected(connection: sql.Connection, customer_id: str, at: datetime) -> bool:
    """Return whether a list in force at a moment has the customer."""
    return connection.execute(IN_FORCE, {"customer_id": customer_id, "at": at}).first() is not None


async def is_protected_within(session: AsyncSession, customer_id: str, at: datetime) -> bool:
    """The same within a transaction."""
    return (await execute(session, IN_FORCE, {"customer_id": customer_id, "at": at})).first() is not None
