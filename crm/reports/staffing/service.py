"""Use case of staffing: a day's plan from the same weekdays before."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from crm.history.facts import AgentTime
from crm.reports import agent_store, store, waits
from crm.reports.agent_counts import PAUSED, split
from crm.reports.buckets import HALF_HOUR, buckets
from crm.reports.model import Bucket
from crm.reports.rollup_model import Dimension, Span
from crm.reports.service import ReportService
from crm.reports.staffing.erlang import Expectation, Flow, agents_needed, expected
from crm.reports.staffing.model import StaffingLine, StaffingQuery, StaffingReport
from crm.reports.summing import Sums
from foundation.database import Database

LEAST_TALKS = 5
"""With fewer talks in a half hour the handling time of the whole day stands for it."""
HALF_HOUR_MS = 1_800_000
WRAP_UP = "wrap_up"

_TIME = SQLModel.metadata.tables[AgentTime.__tablename__].c


@dataclass
class _Counted:
    """Past days, added up by half hour of the day."""

    days: list[date] = field(default_factory=list)
    """Only those with calls: a day of before the hotline began says nothing."""
    sums: dict[int, Sums] = field(default_factory=lambda: defaultdict(Sums))
    there_ms: Counter[int] = field(default_factory=Counter)
    wrap_up_ms: int = 0

    def handling_ms(self, place: int) -> float | None:
        """Return the mean time that a call took, with its wrap-up."""
        everything = [self.sums[place]] if self.sums[place].talks >= LEAST_TALKS else list(self.sums.values())
        talks = sum(one.talks for one in everything)
        if talks == 0:
            return None
        wrap_up_ms = self.wrap_up_ms / sum(one.talks for one in self.sums.values())
        return sum(one.talk_ms for one in everything) / talks + wrap_up_ms

    def patience_ms(self) -> float | None:
        """Return the total wait for each caller who gave up."""
        abandoned = sum(one.abandoned for one in self.sums.values())
        counts = waits.joined([part for one in self.sums.values() for part in one.waits])
        return waits.total_ms(counts) / abandoned if abandoned else None


class StaffingService:
    """Plans of agents, from past days of the same kind.

    A holiday on the same weekday does not count for a workday, nor the other way round. A day on which the whole
    hotline had no call does not count either.
    """

    def __init__(self, database: Database, reports: ReportService, is_workday: Callable[[date], bool]) -> None:
        self._database = database
        self.zone = reports.zone
        self._is_workday = is_workday

    async def plan(self, query: StaffingQuery) -> StaffingReport:
        """Return how many agents each half hour of a day needs."""
        workday = self._is_workday(query.day)
        before = [query.day - timedelta(weeks=week) for week in range(1, query.weeks + 1)]
        days = sorted(day for day in before if self._is_workday(day) == workday)
        counted = await self._database.look_up(lambda connection: self._count(connection, days, query.queue))
        patience_ms, times = counted.patience_ms(), self._half_hours(query.day)
        return StaffingReport(
            since=query.day,
            until=query.day + timedelta(days=1),
            times=times,
            time_zone=self.zone.key,
            days=counted.days,
            days_without_calls=[day for day in days if day not in counted.days],
            formula=query.formula,
            patience_ms=None if patience_ms is None else round(patience_ms),
            lines=[_line(place, time, counted, query, patience_ms) for place, time in enumerate(times)],
        )

    def _half_hours(self, day: date) -> list[Bucket]:
        return buckets(day, day + timedelta(days=1), "half_hour", self.zone)

    def _count(self, connection: Connection, days: Sequence[date], queue: str | None) -> _Counted:
        found = _Counted()
        only = {} if queue is None else {"queue": queue}
        dimension = Dimension.NONE if queue is None else Dimension.QUEUE
        for day in days:
            times = self._half_hours(day)
            since, until = times[0].since, times[-1].until
            if not store.call_sums(connection, Span.DAY, Dimension.NONE, since, until, {}):
                continue
            found.days.append(day)
            for row in store.call_sums(connection, Span.CELL, dimension, since, until, only):
                found.sums[(row["at"] - since) // HALF_HOUR].add(row)
            for place, ms in _there_ms(connection, times).items():
                found.there_ms[place] += ms
            found.wrap_up_ms += _wrap_up_ms(connection, times, queue)
        return found


def _there_ms(connection: Connection, times: Sequence[Bucket]) -> Mapping[int, int]:
    """Return agents' time without pauses, by half hour."""
    whole = agent_store.state_times(connection, times, None)
    found: Counter[int] = Counter()
    for one in (*whole, *split(agent_store.cut_times(connection, times, None), times)):
        if one.state != PAUSED:
            found[one.bucket] += one.ms
    return found


def _wrap_up_ms(connection: Connection, times: Sequence[Bucket], queue: str | None) -> int:
    """Return the time of a day's wrap-ups."""
    statement = select(func.sum(agent_store.length(connection))).where(
        _TIME.state == WRAP_UP, _TIME.until > times[0].since, _TIME.until <= times[-1].until
    )
    if queue is not None:
        statement = statement.where(_TIME.queue == queue)
    return round(connection.execute(statement).scalar() or 0)


def _line(place: int, time: Bucket, counted: _Counted, query: StaffingQuery, patience_ms: float | None) -> StaffingLine:
    past = max(1, len(counted.days))
    calls = counted.sums[place].offered / past
    handling_ms = counted.handling_ms(place)
    there = counted.there_ms[place] / past / HALF_HOUR_MS
    impatient = query.formula == "erlang_a" and patience_ms is not None
    flow = Flow(
        calls_per_s=calls / (HALF_HOUR_MS / 1000) if handling_ms else 0,
        handling_s=(handling_ms or 0) / 1000,
        patience_s=patience_ms / 1000 if impatient and patience_ms is not None else None,
    )
    needed = agents_needed(flow, query.level / 100, query.within_s)
    reached = expected(flow, needed, query.within_s) if calls else None
    with_these = expected(flow, math.floor(there), query.within_s) if calls and counted.days else None
    return StaffingLine(
        **vars(time),
        key="",
        name="",
        calls=round(calls, 1),
        handling_ms=None if handling_ms is None else round(handling_ms),
        erlangs=round(flow.erlangs, 2),
        needed=needed,
        rostered=math.ceil(needed / (1 - query.shrinkage / 100)),
        level=_percent(reached),
        mean_wait_ms=None if reached is None else round(reached.mean_wait_s * 1000),
        occupancy=None if reached is None else round(100 * reached.occupancy, 1),
        there=round(there, 1),
        level_there=_percent(with_these),
    )


def _percent(one: Expectation | None) -> float | None:
    return None if one is None else round(100 * one.level, 1)
