"""Figures of flows: calls that entered, followed and left them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crm.reports import flow_counts
from crm.reports.buckets import SHORT
from crm.reports.call_lines import percent
from crm.reports.daily import reading
from crm.reports.model import Bucket, FlowQuery

Place = tuple[int, str]
"""Bucket and flow."""


def flow_lines(
    connection: Connection, times: Sequence[Bucket], query: FlowQuery, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return the figures of each bucket and flow."""
    is_short = query.by in SHORT
    found = flow_counts.counted(connection, times) if is_short else reading.of_flows(connection, times, zone)
    entered: Counter[Place] = Counter()
    left: dict[Place, Counter[str]] = defaultdict(Counter)
    for step, calls in found.items():
        place = (step.bucket, step.flow)
        entered[place] += calls
        if not step.followed:
            left[place][step.step] += calls
    return [_line(place, calls, left[place]) for place, calls in sorted(entered.items())]


def _line(place: Place, entered: int, left: Counter[str]) -> dict[str, Any]:
    lost = left.total()
    steps = sorted(left.items(), key=lambda one: (-one[1], one[0]))
    return {
        "bucket": place[0],
        "key": place[1],
        "entered": entered,
        "followed": entered - lost,
        "followed_share": percent(entered - lost, entered),
        "left": lost,
        "steps": [{"step": step, "left": calls} for step, calls in steps],
    }
