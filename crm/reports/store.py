"""Queries of figures, from sums of calls and from tickets.

What each figure means is said in `definitions.py`; a test compares them with figures counted from raw rows.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

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
from crm.history.facts import TRANSFERS, QueueEvent
from crm.history.model import CallChange, CallRecord
from crm.reports.model import Bucket, TicketGroup
from crm.reports.rollup_model import CallSum, Dimension, Span
from crm.reports.summing import ADDED, CallFact, Parts
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.sla.reporting import BREACHED
from crm.staff.model import Staff
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.refusals.model import TicketRefusal
from foundation.database import UtcDateTime
from foundation.reader import in_reader_language
from foundation.routes import Role

SATISFIED = "satisfied"

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_EVENT = SQLModel.metadata.tables[QueueEvent.__tablename__].c
_FACT = (
    _CALL.queue,
    _CALL.access_number,
    _CALL.agent_id,
    _CALL.direction,
    _CALL.outcome,
    _CALL.queued_at.is_not(None).label("queued"),
    _CALL.wait_ms,
    _CALL.talk_ms,
    _CALL.held_ms,
    select(_EVENT.id).where(_EVENT.call_id == _CALL.id, _EVENT.event.in_(TRANSFERS)).exists().label("transferred"),
)
_SUM = SQLModel.metadata.tables[CallSum.__tablename__]
_CHANGE = SQLModel.metadata.tables[CallChange.__tablename__]
_STAFF = SQLModel.metadata.tables[Staff.__tablename__].c
_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_CLOCK = SQLModel.metadata.tables[TicketClock.__tablename__].c
_REFUSAL = SQLModel.metadata.tables[TicketRefusal.__tablename__].c
_TICKET_KEYS: dict[TicketGroup, ColumnElement[Any]] = {
    "kind": type_coerce(_TICKET.kind, String),
    "department": _TICKET.department_id,
    "category": _TICKET.category_id,
    "area": _TICKET.area,
    "channel": type_coerce(_TICKET.channel, String),
    "kind_and_channel": type_coerce(_TICKET.kind, String).concat("/").concat(type_coerce(_TICKET.channel, String)),
}
_NAMED: dict[str, Table] = {
    group: SQLModel.metadata.tables[table]
    for group, table in {
        "agent": Staff.__tablename__,
        "department": Department.__tablename__,
        "category": Category.__tablename__,
    }.items()
}
_NO_KEY: ColumnElement[Any] = literal("")


@dataclass(frozen=True)
class Wanted:
    """Counted calls that a report asks for."""

    span: Span
    dimension: Dimension
    only: Mapping[str, str]
    """Their queue, number or agent."""
    by: Sequence[str] = ()
    """Parts that the lines differ in."""
    without: frozenset[datetime] = frozenset()
    """Times that were counted before their last records came."""

    def columns(self) -> list[ColumnElement[str]]:
        """Return the columns of the parts."""
        return [_SUM.c[name] for name in self.by]

    def named(self, values: Sequence[str]) -> Parts:
        """Return the parts of a row."""
        return Parts(**dict(zip(self.by, values, strict=True)))

    def rows(self, statement: Select[Any], bucket: CTE) -> Select[Any]:
        """Return only these calls, each in its bucket."""
        inside = and_(_SUM.c.at >= bucket.c.since, _SUM.c.at < bucket.c.until)
        return (
            statement.join_from(bucket, _SUM, inside)
            .where(_SUM.c.span == self.span, _SUM.c.dimension == self.dimension, _SUM.c.at.not_in(self.without))
            .where(*(_SUM.c[name] == value for name, value in self.only.items()))
        )


def call_sums(
    connection: Connection, span: Span, dimension: Dimension, since: datetime, until: datetime, only: Mapping[str, str]
) -> Sequence[RowMapping]:
    """Return counted calls; `only` names their queue, number or agent."""
    statement = (
        select(_SUM)
        .where(_SUM.c.span == span, _SUM.c.dimension == dimension, _SUM.c.at >= since, _SUM.c.at < until)
        .where(*(_SUM.c[name] == value for name, value in only.items()))
        .order_by(_SUM.c.at)
    )
    return connection.execute(statement).mappings().all()


class AddedCalls(NamedTuple):
    """Counted calls of a bucket that share some parts."""

    bucket: int
    parts: Parts
    sums: Mapping[str, int]


class CountedWaits(NamedTuple):
    """Stored waits of a bucket's calls that share some parts."""

    bucket: int
    parts: Parts
    waits: bytes


def added_calls(connection: Connection, wanted: Wanted, times: Sequence[Bucket]) -> Iterator[AddedCalls]:
    """Return the counted calls of each bucket, added up by parts."""
    bucket, parts = bucket_table(times), wanted.columns()
    sums = (*(func.sum(_SUM.c[name]) for name in ADDED), func.max(_SUM.c.longest_wait_ms))
    statement = wanted.rows(select(bucket.c.bucket, *parts, *sums), bucket).group_by(bucket.c.bucket, *parts)
    names = (*ADDED, "longest_wait_ms")
    for row in connection.execute(statement):
        given, numbers = row[1 : 1 + len(parts)], row[1 + len(parts) :]
        # PostgreSQL adds up large numbers as decimals.
        summed = {name: int(number) for name, number in zip(names, numbers, strict=True)}
        yield AddedCalls(row[0], wanted.named(given), summed)


def counted_waits(connection: Connection, wanted: Wanted, times: Sequence[Bucket]) -> Iterator[CountedWaits]:
    """Return the stored waits: no database can add them up."""
    bucket, parts = bucket_table(times), wanted.columns()
    statement = wanted.rows(select(bucket.c.bucket, _SUM.c.waits, *parts), bucket).where(_SUM.c.offered > 0)
    for row in connection.execute(statement):
        yield CountedWaits(row[0], wanted.named(row[2:]), row[1])


def call_facts(connection: Connection, since: datetime, until: datetime | None = None) -> Iterator[CallFact]:
    """Return the calls that began in a time, as they are counted."""
    statement = select(*_FACT).where(_CALL.started_at >= since)
    if until is not None:
        statement = statement.where(_CALL.started_at < until)
    return (CallFact(*row) for row in connection.execute(statement))


def changes(connection: Connection, since: datetime, until: datetime) -> Sequence[datetime]:
    """Return the moments of calls that are not counted yet."""
    changed = select(_CHANGE.c.at).where(_CHANGE.c.at >= since, _CHANGE.c.at < until).distinct()
    return connection.execute(changed).scalars().all()


def tickets(
    connection: Connection, times: Sequence[Bucket], group: TicketGroup, answers: Table, most: int
) -> Sequence[RowMapping]:
    """Return the counted tickets of each bucket and group."""
    return connection.execute(_of_tickets(times, group, answers).limit(most)).mappings().all()


def names(connection: Connection, group: str, keys: Collection[str]) -> dict[str, str]:
    """Return names of agents, departments or causes in the reader's language."""
    if group not in _NAMED:
        return {}
    of = _NAMED[group].c
    in_english = of.name_en if "name_en" in of else literal("")
    found = connection.execute(select(of.id, of.name, in_english).where(of.id.in_(keys)))
    return {key: in_reader_language(name, name_en) for key, name, name_en in found}


def teams(connection: Connection) -> dict[str, str]:
    """Return the team of each agent who is in one."""
    return {row[0]: row[1] for row in connection.execute(select(_STAFF.id, _STAFF.team).where(_STAFF.team != ""))}


def not_agents(connection: Connection) -> set[str]:
    """Return the staff who take calls but serve no queue: supervisors."""
    return {row[0] for row in connection.execute(select(_STAFF.id).where(_STAFF.role != Role.AGENT))}


def bucket_table(times: Sequence[Bucket]) -> CTE:
    """Return the buckets as a table; an index finds each one's rows."""
    columns = (column("bucket", Integer), column("since", UtcDateTime), column("until", UtcDateTime))
    return values(*columns, name="times").data([(n, one.since, one.until) for n, one in enumerate(times)]).cte("times")


def _of_tickets(times: Sequence[Bucket], group: TicketGroup, answers: Table) -> Select[Any]:
    bucket = bucket_table(times)
    key = func.coalesce(_TICKET_KEYS[group], "") if group != "none" else _NO_KEY
    is_late = and_(_CLOCK.ticket_id == _TICKET.id, _CLOCK.clock == ClockKind.RESOLVE, BREACHED)
    rated = select(func.count()).where(answers.c.ticket_id == _TICKET.id, answers.c.attitude.is_not(None))
    fact = (
        select(
            bucket.c.bucket,
            key.label("key"),
            case((_TICKET.status == TicketStatus.ARCHIVED, 1), else_=0).label("is_closed"),
            case((select(_CLOCK.ticket_id).where(is_late).exists(), 1), else_=0).label("is_late"),
            case((_TICKET.department_id.is_(None), 1), else_=0).label("kept"),
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
            _count(
                and_(fact.is_closed == 1, fact.kept == 1, fact.refused == 0, fact.redo_count == 0, fact.urge_count == 0)
            ).label("first_contact"),
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


def expected_wait_errors(connection: Connection, since: datetime) -> dict[str, int]:
    """Return the mean difference of real and expected waits by queue.

    In milliseconds; of answered callers since a moment who had an expected wait.
    """
    off_ms = func.avg(func.abs(_CALL.wait_ms - _CALL.expected_wait_ms))
    statement = (
        select(_CALL.queue, off_ms)
        .where(_CALL.started_at >= since, _CALL.outcome == "answered", _CALL.queue.is_not(None))
        .where(_CALL.expected_wait_ms.is_not(None), _CALL.wait_ms.is_not(None))
        .group_by(_CALL.queue)
    )
    return {str(queue): round(float(off)) for queue, off in connection.execute(statement)}
