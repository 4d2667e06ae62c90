"""Counts of agents and flows over days.

A day that is not over, not counted yet, or changed since, is counted from its facts at once, so that figures are right
at any moment.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, func, select, true
from sqlmodel import SQLModel

from crm.history.changes import FigureChange
from crm.reports import agent_counts, flow_counts
from crm.reports.agent_counts import AgentCounts, Place
from crm.reports.buckets import day_of, next_day
from crm.reports.daily.model import AgentDay, CountedDay, FlowDay, PauseDay
from crm.reports.flow_counts import Step
from crm.reports.model import Bucket
from crm.reports.store import bucket_table

_AGENT, _PAUSE, _FLOW = (SQLModel.metadata.tables[one.__tablename__] for one in (AgentDay, PauseDay, FlowDay))
_COUNTED = SQLModel.metadata.tables[CountedDay.__tablename__].c
_CHANGE = SQLModel.metadata.tables[FigureChange.__tablename__].c
AGENT_FIGURES = [column.name for column in _AGENT.c if column.name not in {"at", "agent_id"}]


class CountedDays(NamedTuple):
    """Counted days of a time."""

    clean: set[datetime]
    stale: set[datetime]
    """A fact of them came since."""


class Part(NamedTuple):
    """Days of one bucket that are counted from their facts."""

    number: int
    """Of the bucket."""
    time: Bucket


def of_agents(
    connection: Connection, times: Sequence[Bucket], segments: Table, agent_id: str | None, zone: ZoneInfo
) -> dict[Place, AgentCounts]:
    """Return the counts of each bucket of whole days, and agent."""
    days = counted_days(connection, times[0].since, times[-1].until, zone)
    found: dict[Place, AgentCounts] = defaultdict(AgentCounts)
    bucket = bucket_table(times)

    def sums(of: FromClause, *columns: ColumnElement[Any]) -> Select[Any]:
        one_agent = of.c.agent_id == agent_id if agent_id is not None else true()
        return (
            select(bucket.c.bucket, of.c.agent_id, *columns)
            .join_from(bucket, of, and_(of.c.at >= bucket.c.since, of.c.at < bucket.c.until))
            .where(of.c.at.not_in(days.stale), one_agent)
        )

    figures = sums(_AGENT, *(func.sum(_AGENT.c[name]) for name in AGENT_FIGURES))
    for row in connection.execute(figures.group_by(bucket.c.bucket, _AGENT.c.agent_id)):
        summed = {name: int(value) for name, value in zip(AGENT_FIGURES, row[2:], strict=True)}
        found[row[0], row[1]].add(summed, {})
    pauses = sums(_PAUSE, _PAUSE.c.reason, func.sum(_PAUSE.c.ms))
    for row in connection.execute(pauses.group_by(bucket.c.bucket, _PAUSE.c.agent_id, _PAUSE.c.reason)):
        found[row[0], row[1]].add({}, {row[2]: int(row[3])})
    for parts in _others(times, days.clean, zone):
        of_parts = agent_counts.counted(connection, [one.time for one in parts], segments, agent_id)
        for (place, agent), counts in of_parts.items():
            found[parts[place].number, agent].add(counts.figures, counts.pauses)
    return found


def of_flows(connection: Connection, times: Sequence[Bucket], zone: ZoneInfo) -> Counter[Step]:
    """Return the calls of each bucket by flow and last step."""
    days = counted_days(connection, times[0].since, times[-1].until, zone)
    found: Counter[Step] = Counter()
    bucket = bucket_table(times)
    columns = (bucket.c.bucket, _FLOW.c.flow, _FLOW.c.step, _FLOW.c.followed)
    sums = (
        select(*columns, func.sum(_FLOW.c.calls))
        .join_from(bucket, _FLOW, and_(_FLOW.c.at >= bucket.c.since, _FLOW.c.at < bucket.c.until))
        .where(_FLOW.c.at.not_in(days.stale))
        .group_by(*columns)
    )
    for row in connection.execute(sums):
        found[Step(*row[:4])] += int(row[4])
    for parts in _others(times, days.clean, zone):
        for step, calls in flow_counts.counted(connection, [one.time for one in parts]).items():
            found[step._replace(bucket=parts[step.bucket].number)] += calls
    return found


def counted_days(connection: Connection, since: datetime, until: datetime, zone: ZoneInfo) -> CountedDays:
    """Return the counted days of a time."""

    def of(at: ColumnElement[datetime]) -> set[datetime]:
        return {*connection.execute(select(at).where(at >= since, at < until).distinct()).scalars()}

    counted = of(_COUNTED.at)
    stale = {day_of(at, zone) for at in of(_CHANGE.at)} & counted
    return CountedDays(counted - stale, stale)


def _others(times: Sequence[Bucket], clean: set[datetime], zone: ZoneInfo) -> Iterator[list[Part]]:
    """Yield the parts of buckets without clean days, each list gapless."""
    days = list(_days(times, zone))
    for is_clean, run in groupby(days, key=lambda one: one[1].since in clean):
        if is_clean:
            continue
        parts: list[Part] = []
        for number, of_bucket in groupby(run, key=lambda one: one[0]):
            ends = [day for _, day in of_bucket]
            parts.append(Part(number, Bucket(since=ends[0].since, until=ends[-1].until)))
        yield parts


def _days(times: Sequence[Bucket], zone: ZoneInfo) -> Iterator[tuple[int, Bucket]]:
    for number, bucket in enumerate(times):
        day = bucket.since
        while day < bucket.until:
            following = min(next_day(day, zone), bucket.until)
            yield number, Bucket(since=day, until=following)
            day = following
