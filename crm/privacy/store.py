"""Everything that is stored about a person, in whichever room."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import audit
from crm.customers.store import tables_about_customers
from crm.tickets.model import ERASED, ActorKind, Ticket, TicketLog
from foundation.database import execute

_PERSONAL = frozenset(
    {
        "name",
        "number",
        "address",
        "address_key",
        "description",
        "subject",
        "reply",
        "closing_grounds",
        "form",
        "note",
        "keys",
    }
)
"""Columns that say who somebody is or what he said, in tables that belong to a customer."""
_BELONG_TO_TICKETS = ("ticket_log", "ticket_refusal", "ticket_cohandler", "ticket_extension")
_OWN = frozenset({"customer_phone", "phone_choice", "customer_audit", "protected_member"})


async def everything(session: AsyncSession, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    """All rows about a customer, by table, as JSON values."""
    tables = SQLModel.metadata.tables
    customer = tables["customer"]
    found = {"customer": await _rows(session, customer.select().where(customer.c.id == customer_id))}
    for table in tables_about_customers():
        found[table.name] = await _rows(session, table.select().where(table.c.customer_id == customer_id))
    ticket_ids = [ticket["id"] for ticket in found.get("ticket", [])]
    for name in _BELONG_TO_TICKETS:
        if name in tables:
            wanted = tables[name].select().where(tables[name].c.ticket_id.in_(ticket_ids))
            found[name] = await _rows(session, wanted)
    return {name: rows for name, rows in found.items() if rows}


async def open_tickets(session: AsyncSession, customer_id: str, closed: Iterable[str]) -> list[str]:
    """The numbers of a customer's tickets that somebody still works on."""
    ticket = SQLModel.metadata.tables[Ticket.__tablename__]
    wanted = sql.select(ticket.c.number).where(
        ticket.c.customer_id == customer_id, ticket.c.status.not_in(list(closed))
    )
    return list((await execute(session, wanted)).scalars())


async def blank(session: AsyncSession, customer_id: str) -> None:
    """Take from every row about a customer what says who it is; that something happened, and when, stays."""
    tables = SQLModel.metadata.tables
    ticket = tables[Ticket.__tablename__]
    theirs = sql.select(ticket.c.id).where(ticket.c.customer_id == customer_id)
    log = tables[TicketLog.__tablename__]
    await execute(session, log.update().where(log.c.ticket_id.in_(theirs)).values(detail=ERASED))
    said = log.c.ticket_id.in_(theirs) & (log.c.actor_kind == ActorKind.CALLER)
    await execute(session, log.update().where(said).values(actor_name=""))
    noted = tables[audit.CustomerAudit.__tablename__]
    await execute(session, noted.update().where(noted.c.customer_id == customer_id).values(changes=audit.ERASED))
    for table in tables_about_customers():
        if table.name in {"customer_phone", "phone_choice", "protected_member"}:
            await execute(session, table.delete().where(table.c.customer_id == customer_id))
        elif table.name not in _OWN:
            values = {column.name: _nothing(column) for column in table.c if column.name in _PERSONAL}
            if table.name == Ticket.__tablename__:
                # Its number is the ticket's, not a telephone's.
                del values["number"]
            if values:
                await execute(session, table.update().where(table.c.customer_id == customer_id).values(**values))


def _nothing(column: sql.Column[Any]) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, sql.JSON):
        return [] if column.name == "keys" else {}
    return ""


async def _rows(session: AsyncSession, statement: sql.Select[Any]) -> list[dict[str, Any]]:
    rows = (await execute(session, statement)).mappings().all()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
