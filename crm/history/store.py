"""Queries over history, as rows without entities for speed at each ring."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from crm.history.changes import mark
from crm.history.disposition import CallDisposition
from crm.history.facts import end_of_call, store_events
from crm.history.model import CallChange, CallRecord, CallRecordView, FindCalls
from crm.tickets.model import Ticket, TicketReporter

_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_REPORTER = SQLModel.metadata.tables[TicketReporter.__tablename__].c
_CALL_TABLE = SQLModel.metadata.tables[CallRecord.__tablename__]
_CALL = _CALL_TABLE.c
_RESULT = SQLModel.metadata.tables[CallDisposition.__tablename__].c
_MARK_CHANGE = insert(SQLModel.metadata.tables[CallChange.__tablename__])

_TICKET_COLUMNS = (
    _TICKET.id,
    _TICKET.number,
    _TICKET.kind,
    _TICKET.status,
    _TICKET.subject,
    _TICKET.department_id,
    _TICKET.registered_at,
    _TICKET.urge_count,
)
_CALL_COLUMNS = (
    _CALL.id,
    _CALL.direction,
    _CALL.number,
    _CALL.queue,
    _CALL.agent_id,
    _CALL.ticket_id,
    _CALL.started_at,
    _CALL.outcome,
    _CALL.wait_ms,
    _CALL.talk_ms,
)

TICKETS_OF_CUSTOMER = (
    select(*_TICKET_COLUMNS)
    .where(_TICKET.customer_id == bindparam("customer_id"), _TICKET.registered_at >= bindparam("since"))
    .order_by(_TICKET.registered_at.desc())
    .limit(bindparam("most"))
)
TICKETS_JOINED = (
    select(*_TICKET_COLUMNS, _REPORTER.at.label("joined_at"))
    .join_from(_REPORTER.id.table, _TICKET.id.table, _TICKET.id == _REPORTER.ticket_id)
    .where(
        _REPORTER.customer_id == bindparam("customer_id"),
        _REPORTER.at >= bindparam("since"),
        # The first reporter is among the reporters too.
        _TICKET.customer_id.is_distinct_from(bindparam("customer_id")),
    )
    .order_by(_REPORTER.at.desc())
    .limit(bindparam("most"))
)
"""Tickets that a customer joined as a further reporter."""
CALLS_OF_CUSTOMER = (
    select(*_CALL_COLUMNS)
    .where(_CALL.customer_id == bindparam("customer_id"), _CALL.started_at >= bindparam("since"))
    .order_by(_CALL.started_at.desc())
    .limit(bindparam("most"))
)
CALLS_OF_NUMBER = (
    select(*_CALL_COLUMNS)
    .where(_CALL.number == bindparam("number"), _CALL.started_at >= bindparam("since"))
    .order_by(_CALL.started_at.desc())
    .limit(bindparam("most"))
)


STARTED_AT = select(_CALL.started_at).where(_CALL.id == bindparam("call_id"))


def _storing(insert: Any) -> Any:
    statement = insert(_CALL_TABLE)
    newer = {column.name: statement.excluded[column.name] for column in _CALL if not column.primary_key}
    newer["ticket_id"] = func.coalesce(statement.excluded.ticket_id, _CALL.ticket_id)
    return statement.on_conflict_do_update(index_elements=[_CALL.id], set_=newer)


STORE_CALL = {"sqlite": _storing(sqlite.insert), "postgresql": _storing(postgresql.insert)}


def of_customer(
    connection: Connection, customer_id: str, since: datetime, most: int
) -> tuple[Sequence[Row[*tuple[Any, ...]]], Sequence[Row[*tuple[Any, ...]]]]:
    """Return a customer's own and joined tickets, and calls, newest first."""
    bound = {"customer_id": customer_id, "since": since, "most": most}
    tickets = connection.execute(TICKETS_OF_CUSTOMER, bound).all()
    joined = connection.execute(TICKETS_JOINED, bound).all()
    calls = connection.execute(CALLS_OF_CUSTOMER, bound).all()
    return [*tickets, *joined], calls


def calls(connection: Connection, wanted: FindCalls) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return calls, newest first."""
    statement = select(*_CALL_COLUMNS).order_by(_CALL.started_at.desc(), _CALL.id.desc()).limit(wanted.limit)
    for column, value in (
        (_CALL.outcome, wanted.outcome),
        (_CALL.direction, wanted.direction),
        (_CALL.number, wanted.number),
    ):
        if value is not None:
            statement = statement.where(column == value)
    for part, value in (
        (_CALL.queue, wanted.queue),
        (_CALL.access_number, wanted.access_number),
        (_CALL.agent_id, wanted.agent_id),
    ):
        if value is not None:
            statement = statement.where(func.coalesce(part, "") == "" if value == "" else part == value)
    if wanted.result is not None:
        chosen = select(_RESULT.call_id).where(_RESULT.call_id == _CALL.id)
        if wanted.result != "":
            chosen = chosen.where(_RESULT.code == wanted.result)
        statement = statement.where(chosen.exists() if wanted.result != "" else ~chosen.exists())
    if wanted.queued is not None:
        statement = statement.where(_CALL.queued_at.is_not(None) if wanted.queued else _CALL.queued_at.is_(None))
    if wanted.wait_at_most_ms is not None:
        statement = statement.where(func.coalesce(_CALL.wait_ms, 0) <= wanted.wait_at_most_ms)
    if wanted.wait_below_ms is not None:
        statement = statement.where(func.coalesce(_CALL.wait_ms, 0) < wanted.wait_below_ms)
    statement = statement.where(*_within(wanted))
    return connection.execute(statement).all()


def _within(wanted: FindCalls) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the begin of calls."""
    if wanted.since is not None:
        yield _CALL.started_at >= wanted.since
    if wanted.until is not None:
        yield _CALL.started_at < wanted.until
    if wanted.after is not None:
        began = select(_CALL.started_at).where(_CALL.id == wanted.after).scalar_subquery()
        yield or_(_CALL.started_at < began, and_(_CALL.started_at == began, _CALL.id < wanted.after))


def calls_of_number(connection: Connection, number: str, since: datetime, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return a number's calls since a moment, newest first."""
    return connection.execute(CALLS_OF_NUMBER, {"number": number, "since": since, "most": most}).all()


def last_agent(connection: Connection, number: str, since: datetime) -> str | None:
    """Return the agent who last talked with a number."""
    last = (
        select(_CALL.agent_id)
        .where(_CALL.number == number, _CALL.started_at >= since)
        .where(_CALL.agent_id.is_not(None), _CALL.connected_at.is_not(None))
        .order_by(_CALL.started_at.desc())
        .limit(1)
    )
    return cast("str | None", connection.execute(last).scalar())


def store_call(connection: Connection, record: CallRecordView) -> None:
    """Insert a call's record, or replace the older one."""
    connection.execute(
        STORE_CALL[connection.dialect.name],
        {**vars(record), "story": [step.model_dump(mode="json") for step in record.story]},
    )
    store_events(connection, end_of_call(record))
    connection.execute(_MARK_CHANGE, {"at": record.started_at})
    mark(connection, [record.started_at])


def mark_call(connection: Connection, call_id: str) -> None:
    """Mark the figures of a stored call: its talk times changed."""
    mark(connection, connection.execute(STARTED_AT, {"call_id": call_id}).scalars())
