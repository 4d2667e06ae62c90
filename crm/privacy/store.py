"""Stored data of a person in every table: exported and erased."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from msgspec import structs
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import audit
from crm.customers.importing.model import ImportPhone, ImportRow
from crm.events import Event, EventReporter, SuggestionMade, TicketChanged, TicketEvent
from crm.handover.model import Handover, HandoverItem
from crm.notices import store as notices_store
from crm.notices.model import NoticeDelivery
from crm.outbox import store as outbox_store
from crm.personal_data.holdings import holdings
from crm.privacy.traces import Traces
from crm.tickets.model import ERASED, ActorKind, Ticket, TicketLog, TicketRequest
from crm.tickets.transitions import TicketAction
from foundation.clock import utc_now
from foundation.database import execute

_TABLES = SQLModel.metadata.tables
_TICKET = _TABLES[Ticket.__tablename__]
_LOG = _TABLES[TicketLog.__tablename__]
_REQUEST = _TABLES[TicketRequest.__tablename__]
_AUDIT = _TABLES[audit.CustomerAudit.__tablename__]
_DELIVERY = _TABLES[NoticeDelivery.__tablename__]
_HANDOVER = _TABLES[Handover.__tablename__]
_ITEM = _TABLES[HandoverItem.__tablename__]
_STAGED = _TABLES[ImportRow.__tablename__]
_STAGED_PHONE = _TABLES[ImportPhone.__tablename__]
_NOT_HANDED_OUT = frozenset({"customer_import_row"})
"""Its `customer_id` is the id of a customer to be created."""


async def everything(session: AsyncSession, traces: Traces) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a person by table, as JSON values.

    Words of other people on the person's tickets are not the person's.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in _NOT_HANDED_OUT:
            conditions = traces.rows(table)
            found[table.name] = [row for one in conditions for row in await _rows(session, table.select().where(one))]
    elsewhere = _LOG.c.id.in_(await traces.said_elsewhere(session))
    own = [entry for entry in found[_LOG.name] if entry["detail"].get("customer_id") in {None, traces.customer_id}]
    found[_LOG.name] = [*own, *await _rows(session, _LOG.select().where(elsewhere))]
    return {name: rows for name, rows in found.items() if rows}


async def open_tickets(session: AsyncSession, traces: Traces, closed: Iterable[str]) -> list[str]:
    """Return the numbers of a person's open tickets."""
    wanted = sql.select(_TICKET.c.number).where(
        _TICKET.c.id.in_(traces.tickets()), _TICKET.c.status.not_in(list(closed))
    )
    return list((await execute(session, wanted)).scalars())


async def blank(session: AsyncSession, traces: Traces) -> None:
    """Blank the personal data in every row about a person.

    That something happened, and when, stays.
    """
    await _blank_messages(session, traces)
    await _blank_elsewhere(session, traces)
    said = _LOG.c.ticket_id.in_(traces.tickets()) & (_LOG.c.actor_kind == ActorKind.CALLER)
    await execute(session, _LOG.update().where(said).values(actor_name=""))
    # Who looked at reporters that are no customers is noted under the ticket.
    looks = _AUDIT.update().where(_AUDIT.c.customer_id.in_(traces.tickets()))
    await execute(session, looks.values(changes=audit.ERASED))
    await _remove_staged(session, traces)
    # Rows that name another row go first: by that one their person is found.
    for table, held in reversed(list(holdings())):
        for condition in traces.rows(table):
            if held.is_removed:
                await execute(session, table.delete().where(condition))
            else:
                await execute(session, table.update().where(condition).values(**held.values))


async def _blank_messages(session: AsyncSession, traces: Traces) -> None:
    """Forget sent messages, and take the person out of the others.

    Recipients still hear that something happened to a ticket; that needs no name.
    """
    own, others = traces.tickets(), sql.select(_TICKET.c.id).where(_TICKET.c.id.in_(traces.others))
    await outbox_store.forget(session, own, utc_now())
    await outbox_store.rewrite(session, own, lambda event: event.anonymous())
    await outbox_store.rewrite(session, others, lambda event: _without_person(event, traces))
    await notices_store.forget(session, own)
    await notices_store.forget(session, others, f"ticket.{TicketAction.APPEND}")
    await _scrub(session, traces, _DELIVERY, _DELIVERY.c.key.in_(others), ("subject", "text", "whole", "data"))


async def _blank_elsewhere(session: AsyncSession, traces: Traces) -> None:
    """Blank the person's words and name in other people's tickets."""
    said = await traces.said_elsewhere(session)
    theirs = _LOG.c.id.in_(said)
    by_person = theirs & (_LOG.c.actor_kind == ActorKind.CALLER) & _LOG.c.actor_name.in_(traces.names)
    await execute(session, _LOG.update().where(by_person).values(actor_name=""))
    await execute(session, _LOG.update().where(theirs).values(detail=ERASED))
    for table, held in holdings():
        if table is _TICKET:
            await _scrub(session, traces, table, table.c.id.in_(traces.others), held.values)
        elif table is not _LOG and "ticket_id" in table.c and "customer_id" not in table.c:
            await _scrub(session, traces, table, table.c.ticket_id.in_(traces.others), held.values)
    for number in traces.numbers:
        by_web = _REQUEST.c.ticket_id.in_(traces.others) & _REQUEST.c.key.startswith(f"file:web:{number}:")
        await execute(session, _REQUEST.delete().where(by_web))
    handed_over = sql.select(_ITEM.c.handover_id).where(
        sql.or_(_ITEM.c.ticket_id.in_(traces.tickets()), _ITEM.c.ticket_id.in_(traces.others))
    )
    notes, which = ("notes", "acknowledged_notes"), _HANDOVER.c.id.in_(handed_over)
    await _scrub(session, traces, _HANDOVER, which, notes, traces.address)


async def _scrub(
    session: AsyncSession,
    traces: Traces,
    table: sql.Table,
    which: sql.ColumnElement[bool],
    names: Iterable[str],
    *more: str,
) -> None:
    """Take the person's name and number out of texts about other people.

    `more` are further texts to take out.
    """
    keys, names = list(table.primary_key.columns), list(names)
    if not names:
        return
    for row in (await execute(session, sql.select(*keys, *(table.c[name] for name in names)).where(which))).mappings():
        changed = {name: traces.without(row[name], *more) for name in names}
        changed = {name: value for name, value in changed.items() if value != row[name]}
        if changed:
            this = sql.and_(*(key == row[key.name] for key in keys))
            await execute(session, table.update().where(this).values(**changed))


async def _remove_staged(session: AsyncSession, traces: Traces) -> None:
    """Remove staged import rows of the account."""
    of_account = _STAGED.c.account_number == traces.account_number
    same = sql.and_(_STAGED.c.import_id == _STAGED_PHONE.c.import_id, _STAGED.c.row == _STAGED_PHONE.c.row)
    await execute(session, _STAGED_PHONE.delete().where(sql.exists().where(same, of_account)))
    await execute(session, _STAGED.delete().where(of_account))


def _without_person(event: Event, traces: Traces) -> Event:
    """Return an event about another person's ticket without one of its reporters."""
    if isinstance(event, TicketEvent | SuggestionMade) and event.customer_id == traces.customer_id:
        # For example an answer that the person gave about it.
        return event.anonymous()
    if isinstance(event, TicketChanged):
        event = structs.replace(event, reporters=tuple(one for one in event.reporters if not _is_person(one, traces)))
    written = {name: getattr(event, name) for name in event.PERSONAL}
    texts = {name: traces.without(value) for name, value in written.items() if isinstance(value, str)}
    return structs.replace(event, **texts)


def _is_person(reporter: EventReporter, traces: Traces) -> bool:
    if reporter.customer_id is not None:
        return reporter.customer_id == traces.customer_id
    return reporter.number in traces.numbers


async def _rows(session: AsyncSession, statement: sql.Select[Any]) -> list[dict[str, Any]]:
    rows = (await execute(session, statement)).mappings().all()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
