"""Queries of figures: one statement per report, from the stored facts.

What each figure means is said in `definitions.py`; a test compares them with figures counted from raw rows.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    and_,
    case,
    column,
    func,
    literal,
    select,
    type_coerce,
    values,
)
from sqlmodel import SQLModel

from crm.categories.model import Category
from crm.departments.model import Department
from crm.history.model import CallRecord
from crm.reports.model import Bucket, CallGroup, CallQuery, TicketGroup
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.sla.reporting import BREACHED
from crm.staff.model import Staff
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.refusals.model import TicketRefusal
from foundation.database import UtcDateTime

INBOUND, OUTBOUND = "inbound", "outbound"
ANSWERED, ABANDONED = "answered", "abandoned"
SATISFIED = "satisfied"

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_CLOCK = SQLModel.metadata.tables[TicketClock.__tablename__].c
_REFUSAL = SQLModel.metadata.tables[TicketRefusal.__tablename__].c
_CALL_KEYS: dict[CallGroup, ColumnElement[Any]] = {
    "queue": _CALL.queue,
    "access_number": _CALL.access_number,
    "agent": _CALL.agent_id,
}
_TICKET_KEYS: dict[TicketGroup, ColumnElement[Any]] = {
    "kind": type_coerce(_TICKET.kind, String),
    "department": _TICKET.department_id,
    "category": _TICKET.category_id,
    "area": _TICKET.area,
}
_NAMED: dict[str, tuple[ColumnElement[str], ColumnElement[str]]] = {
    group: (SQLModel.metadata.tables[table].c.id, SQLModel.metadata.tables[table].c.name)
    for group, table in {
        "agent": Staff.__tablename__,
        "department": Department.__tablename__,
        "category": Category.__tablename__,
    }.items()
}
_NO_KEY: ColumnElement[Any] = literal("")


def calls(connection: Connection, times: Sequence[Bucket], query: CallQuery, most: int) -> Sequence[RowMapping]:
    """Return the counted calls of each bucket and group."""
    return connection.execute(_of_calls(times, query).limit(most)).mappings().all()


def tickets(
    connection: Connection, times: Sequence[Bucket], group: TicketGroup, answers: Table, most: int
) -> Sequence[RowMapping]:
    """Return the counted tickets of each bucket and group."""
    return connection.execute(_of_tickets(times, group, answers).limit(most)).mappings().all()


def names(connection: Connection, group: str, keys: Collection[str]) -> dict[str, str]:
    """Return the names of agents, departments or categories by id."""
    if group not in _NAMED:
        return {}
    key, name = _NAMED[group]
    return {row[0]: row[1] for row in connection.execute(select(key, name).where(key.in_(keys)))}


def _times(times: Sequence[Bucket]) -> CTE:
    """Return the buckets as a table; an index finds each one's rows."""
    columns = (column("bucket", Integer), column("since", UtcDateTime), column("until", UtcDateTime))
    return values(*columns, name="times").data([(n, one.since, one.until) for n, one in enumerate(times)]).cte("times")


def _of_calls(times: Sequence[Bucket], query: CallQuery) -> Select[Any]:
    bucket = _times(times)
    key = func.coalesce(_CALL_KEYS[query.group], "") if query.group != "none" else _NO_KEY
    is_offered = and_(_CALL.direction == INBOUND, _CALL.queued_at.is_not(None))
    has_wait = case((and_(is_offered, _CALL.wait_ms.is_not(None)), 1), else_=0)
    same: Any = (bucket.c.bucket, key, has_wait)
    fact = (
        select(
            bucket.c.bucket,
            key.label("key"),
            _CALL.direction,
            _CALL.outcome,
            _CALL.talk_ms,
            _CALL.held_ms,
            func.coalesce(_CALL.wait_ms, 0).label("wait_ms"),
            case((is_offered, 1), else_=0).label("is_offered"),
            has_wait.label("has_wait"),
            func.row_number().over(partition_by=same, order_by=_CALL.wait_ms).label("rank"),
            func.count().over(partition_by=same).label("ranks"),
        )
        .join_from(bucket, _CALL.id.table, and_(_CALL.started_at >= bucket.c.since, _CALL.started_at < bucket.c.until))
        .cte("fact")
        .c
    )
    offered = fact.is_offered == 1
    answered, abandoned = and_(offered, fact.outcome == ANSWERED), and_(offered, fact.outcome == ABANDONED)
    talked = fact.outcome == ANSWERED
    wait = fact.wait_ms
    return (
        select(
            fact.bucket,
            fact.key,
            _count(fact.direction == INBOUND).label("incoming"),
            _count(offered).label("offered"),
            _count(answered).label("answered"),
            _count(abandoned).label("abandoned"),
            _count(and_(abandoned, wait < query.short_s * 1000)).label("short_abandoned"),
            _count(and_(answered, wait <= 15_000)).label("answered_in_15_s"),
            _count(and_(answered, wait <= 20_000)).label("answered_in_20_s"),
            _count(and_(answered, wait <= query.within_s * 1000)).label("answered_within"),
            _count(and_(abandoned, wait <= query.within_s * 1000)).label("abandoned_within"),
            _at_rank(fact, 50).label("wait_p50_ms"),
            _at_rank(fact, 95).label("wait_p95_ms"),
            _at_rank(fact, 100).label("longest_wait_ms"),
            _count(talked).label("talks"),
            _count(and_(talked, fact.direction == OUTBOUND)).label("dialled"),
            _sum(talked, fact.talk_ms).label("talk_ms"),
            _sum(talked, fact.held_ms).label("held_ms"),
        )
        .group_by(fact.bucket, fact.key)
        .order_by(fact.bucket, fact.key)
    )


def _of_tickets(times: Sequence[Bucket], group: TicketGroup, answers: Table) -> Select[Any]:
    bucket = _times(times)
    key = func.coalesce(_TICKET_KEYS[group], "") if group != "none" else _NO_KEY
    is_late = and_(_CLOCK.ticket_id == _TICKET.id, _CLOCK.clock == ClockKind.RESOLVE, BREACHED)
    rated = select(func.count()).where(answers.c.ticket_id == _TICKET.id, answers.c.attitude.is_not(None))
    fact = (
        select(
            bucket.c.bucket,
            key.label("key"),
            case((_TICKET.status == TicketStatus.ARCHIVED, 1), else_=0).label("is_closed"),
            case((select(_CLOCK.ticket_id).where(is_late).exists(), 1), else_=0).label("is_late"),
            _TICKET.redo_count,
            _TICKET.urge_count,
            case((select(_REFUSAL.id).where(_REFUSAL.ticket_id == _TICKET.id).exists(), 1), else_=0).label("refused"),
            rated.scalar_subquery().label("rated"),
            rated.where(answers.c.attitude == SATISFIED).scalar_subquery().label("satisfied"),
        )
        .join_from(
            bucket,
            _TICKET.id.table,
            and_(_TICKET.registered_at >= bucket.c.since, _TICKET.registered_at < bucket.c.until),
        )
        .cte("fact")
        .c
    )
    return (
        select(
            fact.bucket,
            fact.key,
            func.count().label("registered"),
            _count(fact.is_closed == 1).label("closed"),
            _count(and_(fact.is_closed == 1, fact.is_late == 0)).label("in_time"),
            _count(fact.redo_count > 0).label("redone"),
            _count(fact.refused == 1).label("refused"),
            _count(fact.urge_count > 0).label("urged"),
            func.sum(fact.rated).label("rated"),
            func.sum(fact.satisfied).label("satisfied"),
        )
        .group_by(fact.bucket, fact.key)
        .order_by(fact.bucket, fact.key)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _sum(condition: ColumnElement[bool], milliseconds: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, milliseconds))), 0)


def _at_rank(fact: Any, percent: int) -> ColumnElement[Any]:
    """Return the wait at a percentile by nearest rank."""
    is_there = fact.rank == (fact.ranks * percent + 99) // 100
    return func.max(case((and_(fact.has_wait == 1, is_there), fact.wait_ms)))
