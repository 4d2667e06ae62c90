"""Lines of a report of calls, from their sums."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.reports import latest, store, waits
from crm.reports.buckets import SHORT
from crm.reports.model import Bucket, CallGroup, CallQuery
from crm.reports.rollup_model import Dimension, Span
from crm.reports.store import Wanted
from crm.reports.summing import ADDED, Sums, summed
from crm.reports.waits import Limits, WaitFigures

_COLUMNS: dict[CallGroup, str] = {
    "queue": "queue",
    "access_number": "access_number",
    "agent": "agent_id",
    # A team is the sum of its agents.
    "team": "agent_id",
}
Place = tuple[int, str]
"""Number of a bucket, and key of a group."""
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
    told_apart = {*only, *([column] if column is not None else []), *(["agent_id"] if query.team is not None else [])}
    teams = store.teams(connection) if query.team is not None or query.group == "team" else {}
    span = Span.CELL if query.by in SHORT else Span.DAY
    dimension = Dimension.ALL if len(told_apart) > 1 else Dimension.NONE
    if len(told_apart) == 1:
        dimension = _DIMENSIONS[min(told_apart)]
    wanted = Wanted(span, dimension, only, by=sorted(told_apart - only.keys()))
    found: dict[Place, Sums] = {}
    for (bucket, parts), sums in latest.call_sums(connection, wanted, times, zone).items():
        if query.team is not None and teams.get(parts.agent_id, "") != query.team:
            continue
        key = getattr(parts, column) if column is not None else ""
        if query.group == "team":
            key = teams.get(key, "")
        found.setdefault((bucket, key), Sums()).join(sums)
    return lines_of(found, Limits(query.within_s, query.short_s))


def recent_lines(connection: Connection, since: datetime, query: CallQuery) -> list[dict[str, Any]]:
    """Return the figures of queues since a moment, from the records themselves."""
    found: dict[Place, Sums] = {}
    for parts, sums in summed(store.call_facts(connection, since)).items():
        found.setdefault((0, parts.queue), Sums()).join(sums)
    return lines_of(found, Limits(query.within_s, query.short_s))


def lines_of(found: Mapping[Place, Sums], limits: Limits) -> list[dict[str, Any]]:
    """Return the figures of each bucket and key."""
    places = sorted(found)
    sums = [found[place] for place in places]
    counted = waits.figures([waits.joined(one.waits) for one in sums], limits, [one.longest_wait_ms for one in sums])
    return [_line(*row) for row in zip(places, sums, counted, strict=True)]


def _line(place: Place, sums: Sums, counted: WaitFigures) -> dict[str, Any]:
    within, offered = counted.answered_within, sums.offered
    return {
        "bucket": place[0],
        "key": place[1],
        **{name: getattr(sums, name) for name in ADDED},
        **counted._asdict(),
        "longest_wait_ms": sums.longest_wait_ms if offered else None,
        "other": offered - sums.answered - sums.abandoned,
        "level_of_offered": percent(within, offered),
        "level_without_short": percent(within, offered - counted.short_abandoned),
        "level_with_abandoned": percent(within + counted.abandoned_within, offered),
    }


def percent(part: int, base: int) -> float | None:
    """Return a share in percent; None without a base."""
    return round(100 * int(part) / int(base), 1) if base else None
