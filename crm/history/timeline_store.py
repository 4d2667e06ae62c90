"""Queries of a call's timeline, and of the agents of several calls."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlmodel import SQLModel

from crm.history.disposition import CallDisposition
from crm.history.facts import QueueEvent, QueueEventKind
from crm.history.model import CallResult
from crm.tickets.model import TicketLog

_EVENT = SQLModel.metadata.tables[QueueEvent.__tablename__].c
_RESULT = SQLModel.metadata.tables[CallDisposition.__tablename__]
_LOG = SQLModel.metadata.tables[TicketLog.__tablename__].c


def events(connection: Connection, call_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the events of a call in queues, in order."""
    columns = (_EVENT.at, _EVENT.event, _EVENT.agent_id, _EVENT.queue, _EVENT.wait_ms, _EVENT.reason)
    return connection.execute(select(*columns).where(_EVENT.call_id == call_id).order_by(_EVENT.at)).all()


def ticket_log(connection: Connection, ticket_id: str | None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the actions on a call's ticket, in order."""
    if ticket_id is None:
        return []
    return connection.execute(select(_LOG.at, _LOG.action).where(_LOG.ticket_id == ticket_id).order_by(_LOG.at)).all()


def agents(connection: Connection, call_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the agents that each call was connected with, in order."""
    statement = (
        select(_EVENT.call_id, _EVENT.agent_id)
        .where(_EVENT.call_id.in_(call_ids), _EVENT.agent_id.is_not(None))
        .where(
            _EVENT.event.in_((QueueEventKind.CONNECT, QueueEventKind.BLINDTRANSFER, QueueEventKind.ATTENDEDTRANSFER))
        )
        .order_by(_EVENT.at)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for call_id, agent_id in connection.execute(statement):
        if agent_id not in found[call_id]:
            found[call_id].append(agent_id)
    return found


def results(connection: Connection, call_ids: Sequence[str]) -> dict[str, CallResult]:
    """Return the result of each call that has one."""
    rows = connection.execute(select(_RESULT).where(_RESULT.c.call_id.in_(call_ids)))
    return {row.call_id: CallResult.model_validate(row, from_attributes=True) for row in rows}
