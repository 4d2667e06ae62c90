"""Queries of agents' figures, from stored facts and call records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Float,
    Select,
    Table,
    and_,
    extract,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlmodel import SQLModel

from crm.history.facts import COUNTED, TRANSFERS, AgentTime, QueueEvent
from crm.history.model import CallRecord
from crm.reports.model import Bucket
from crm.reports.store import bucket_table
from crm.reports.summing import ANSWERED

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_TIME = SQLModel.metadata.tables[AgentTime.__tablename__].c
_EVENT = SQLModel.metadata.tables[QueueEvent.__tablename__].c
_CONVERSATION, _FAILED = "conversation", "failed"
_MS_OF_DAY = literal_column("86400000.0", Float)


class StateTime(NamedTuple):
    """Milliseconds of an agent in one state and bucket."""

    bucket: int
    agent_id: str
    state: str
    reason: str | None
    planned: bool | None
    """Of a pause: its reason is a planned one."""
    ms: int


class CutTime(NamedTuple):
    """Time of a state over the end of a bucket."""

    agent_id: str
    state: str
    reason: str | None
    planned: bool | None
    since: datetime
    until: datetime


class Talks(NamedTuple):
    """Talks of an agent of one direction, in one bucket."""

    bucket: int
    agent_id: str
    direction: str
    calls: int
    talk_ms: int
    held_ms: int


class AgentEvents(NamedTuple):
    """Events of an agent that count for one figure, in one bucket."""

    bucket: int
    agent_id: str
    figure: str
    times: int


def state_times(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> list[StateTime]:
    """Return the sums of times that lie in one bucket."""
    bucket = bucket_table(times)
    inside = and_(_TIME.until > bucket.c.since, _TIME.until <= bucket.c.until, _TIME.since >= bucket.c.since)
    columns = (bucket.c.bucket, _TIME.agent_id, _TIME.state, _TIME.reason, _TIME.planned)
    statement = (
        select(*columns, func.sum(length(connection)))
        .join_from(bucket, _TIME.id.table, inside)
        .where(of_agent(_TIME.agent_id, agent_id))
        .group_by(*columns)
    )
    return [StateTime(*row[:5], round(row[5])) for row in connection.execute(statement)]


def cut_times(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> list[CutTime]:
    """Return the times that the begin or end of a bucket splits."""
    bucket = bucket_table(times)
    ends_inside = and_(_TIME.until > bucket.c.since, _TIME.until <= bucket.c.until, _TIME.since < bucket.c.since)
    columns = (_TIME.agent_id, _TIME.state, _TIME.reason, _TIME.planned, _TIME.since, _TIME.until)
    begun = select(*columns).join_from(bucket, _TIME.id.table, ends_inside)
    last = times[-1].until
    goes_on = select(*columns).where(_TIME.until > last, _TIME.since < last)
    found: list[CutTime] = []
    for statement in (begun, goes_on):
        found += (CutTime(*row) for row in connection.execute(statement.where(of_agent(_TIME.agent_id, agent_id))))
    return found


def stored_until(connection: Connection, agent_ids: Sequence[str]) -> dict[str, datetime]:
    """Return until when an agent's times are stored."""
    latest = select(_TIME.agent_id, func.max(_TIME.until)).where(_TIME.agent_id.in_(agent_ids))
    return {row[0]: row[1] for row in connection.execute(latest.group_by(_TIME.agent_id))}


def talks(connection: Connection, times: Sequence[Bucket], segments: Table, agent_id: str | None) -> list[Talks]:
    """Return agents' talks; of handed-on calls each agent's own part.

    The record names the last agent only: `segments`, the recordings, say how long each of them talked.
    """
    bucket = bucket_table(times)
    statements = (_whole(bucket, segments, agent_id), _parts(bucket, segments, agent_id))
    rows = (row for statement in statements for row in connection.execute(statement))
    return [Talks(row[0], row[1], row[2], row[3], int(row[4]), int(row[5])) for row in rows]


def events(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> list[AgentEvents]:
    """Return how often agents missed an offer, or handed a caller on."""
    bucket = bucket_table(times)
    inside = and_(_EVENT.at >= bucket.c.since, _EVENT.at < bucket.c.until)
    statement = (
        select(bucket.c.bucket, _EVENT.agent_id, _EVENT.event, func.count())
        .join_from(bucket, _EVENT.id.table, inside)
        .where(_EVENT.event.in_(COUNTED), _EVENT.agent_id.is_not(None))
        .where(of_agent(_EVENT.agent_id, agent_id))
        .group_by(bucket.c.bucket, _EVENT.agent_id, _EVENT.event)
    )
    rows = connection.execute(statement)
    return [AgentEvents(row[0], row[1], "transferred" if row[2] in TRANSFERS else "missed", row[3]) for row in rows]


def _whole(bucket: CTE, segments: Table, agent_id: str | None) -> Select[Any]:
    """Select calls that only the agent of the record talked in."""
    other = segments.alias("other")
    shared = (
        select(other.c.id)
        .where(other.c.call_id == _CALL.id, other.c.kind == _CONVERSATION)
        .where(or_(other.c.agent_id.is_(None), other.c.agent_id != _CALL.agent_id))
        .exists()
    )
    sums = (func.count(), func.coalesce(func.sum(_CALL.talk_ms), 0), func.coalesce(func.sum(_CALL.held_ms), 0))
    return (
        select(bucket.c.bucket, _CALL.agent_id, _CALL.direction, *sums)
        .join_from(bucket, _CALL.id.table, _began_in(bucket))
        .where(_CALL.outcome == ANSWERED, _CALL.agent_id.is_not(None), ~shared, of_agent(_CALL.agent_id, agent_id))
        .group_by(bucket.c.bucket, _CALL.agent_id, _CALL.direction)
    )


def _parts(bucket: CTE, segments: Table, agent_id: str | None) -> Select[Any]:
    """Select each agent's part of calls with several agents."""
    part, other = segments.alias("part"), segments.alias("other")
    with_others = (
        select(other.c.id)
        .where(other.c.call_id == part.c.call_id, other.c.kind == _CONVERSATION)
        .where(or_(other.c.agent_id.is_(None), other.c.agent_id != part.c.agent_id))
        .exists()
    )
    talked = or_(part.c.duration_ms.is_not(None), part.c.status == _FAILED)
    not_of_record = or_(_CALL.agent_id.is_(None), _CALL.agent_id != part.c.agent_id)
    sums: tuple[ColumnElement[Any], ...] = (
        func.count(func.distinct(part.c.call_id)),
        func.coalesce(func.sum(part.c.duration_ms), 0),
        literal_column("0"),
    )
    return (
        select(bucket.c.bucket, part.c.agent_id, _CALL.direction, *sums)
        .join_from(bucket, _CALL.id.table, _began_in(bucket))
        .join(part, part.c.call_id == _CALL.id)
        .where(_CALL.outcome == ANSWERED, part.c.kind == _CONVERSATION, part.c.agent_id.is_not(None))
        .where(talked, or_(not_of_record, with_others), of_agent(part.c.agent_id, agent_id))
        .group_by(bucket.c.bucket, part.c.agent_id, _CALL.direction)
    )


def _began_in(bucket: CTE) -> ColumnElement[bool]:
    return and_(_CALL.started_at >= bucket.c.since, _CALL.started_at < bucket.c.until)


def of_agent(column: ColumnElement[Any], agent_id: str | None) -> ColumnElement[bool]:
    """Return the condition that a row is of an agent."""
    return column == agent_id if agent_id is not None else true()


def length(connection: Connection) -> ColumnElement[Any]:
    """Return the milliseconds of a state; the databases say it apart."""
    if connection.dialect.name == "postgresql":
        return extract("epoch", _TIME.until - _TIME.since) * 1000
    return func.round((func.julianday(_TIME.until) - func.julianday(_TIME.since)) * _MS_OF_DAY)
