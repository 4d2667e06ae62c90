"""Lines of a report of calls, from their sums."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.reports import latest, store, waits
from crm.reports.buckets import SHORT
from crm.reports.model import Bucket, CallGroup, CallQuery
from crm.reports.rollup_model import Dimension, Span
from crm.reports.summing import ADDED, Sums, summed
from crm.reports.waits import Limits

_COLUMNS: dict[CallGroup, str] = {"queue": "queue", "access_number": "access_number", "agent": "agent_id"}
_DIMENSIONS = {
    "queue": Dimension.QUEUE,
    "access_number": Dimension.ACCESS_NUMBER,
    "agent_id": Dimension.AGENT,
}


def call_lines(
    connection: Connection, times: Sequence[Bucket], query: CallQuery, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return the figures of each bucket and group that has calls."""
    only = {name: value for name in _DIMENSIONS if (value := getattr(query, name)) is not None}
    column = _COLUMNS.get(query.group)
    told_apart = {*only, *([column] if column is not None else [])}
    span = Span.CELL if query.by in SHORT else Span.DAY
    dimension = Dimension.ALL if len(told_apart) > 1 else Dimension.NONE
    if len(told_apart) == 1:
        dimension = _DIMENSIONS[min(told_apart)]
    begins = [one.since for one in times]
    found: dict[tuple[int, str], Sums] = {}
    for row in latest.call_sums(connection, span, dimension, (begins[0], times[-1].until), only, zone):
        key = row[column] if column is not None else ""
        found.setdefault((bisect_right(begins, row["at"]) - 1, key), Sums()).add(row)
    limits = Limits(query.within_s, query.short_s)
    return [figures_of(bucket, key, sums, limits) for (bucket, key), sums in sorted(found.items(), key=_place)]


def recent_lines(connection: Connection, since: datetime, query: CallQuery) -> list[dict[str, Any]]:
    """Return the figures of queues since a moment, from the records themselves."""
    found: dict[str, Sums] = {}
    for parts, sums in summed(store.call_facts(connection, since)).items():
        found.setdefault(parts.queue, Sums()).add(sums.stored())
    limits = Limits(query.within_s, query.short_s)
    return [figures_of(0, queue, sums, limits) for queue, sums in sorted(found.items())]


def _place(one: tuple[tuple[int, str], Sums]) -> tuple[int, str]:
    return one[0]


def figures_of(bucket: int, key: str, sums: Sums, limits: Limits) -> dict[str, Any]:
    """Return the figures of a line."""
    counted = asdict(waits.figures(waits.joined(sums.waits), limits, sums.longest_wait_ms))
    within, offered = counted["answered_within"], sums.offered
    return {
        "bucket": bucket,
        "key": key,
        **{name: getattr(sums, name) for name in ADDED},
        **counted,
        "longest_wait_ms": sums.longest_wait_ms if offered else None,
        "other": offered - sums.answered - sums.abandoned,
        "level_of_offered": percent(within, offered),
        "level_without_short": percent(within, offered - counted["short_abandoned"]),
        "level_with_abandoned": percent(within + counted["abandoned_within"], offered),
    }


def percent(part: int, base: int) -> float | None:
    """Return a share in percent; None without a base."""
    return round(100 * int(part) / int(base), 1) if base else None
