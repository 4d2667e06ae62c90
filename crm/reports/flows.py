"""Figures of flows: calls that entered, followed and left them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, select
from sqlmodel import SQLModel

from crm.history.model import CallRecord
from crm.reports.call_lines import percent
from crm.reports.model import Bucket
from crm.reports.store import bucket_table
from crm.reports.summing import ANSWERED, INBOUND

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c


def flow_lines(connection: Connection, times: Sequence[Bucket]) -> list[dict[str, Any]]:
    """Return the figures of each bucket and flow."""
    bucket = bucket_table(times)
    columns = (bucket.c.bucket, _CALL.flow, _CALL.flow_step, _CALL.flow_done, _CALL.outcome)
    statement = (
        select(*columns, func.count().label("calls"))
        .join_from(bucket, _CALL.id.table, and_(_CALL.started_at >= bucket.c.since, _CALL.started_at < bucket.c.until))
        .where(_CALL.direction == INBOUND, _CALL.flow.is_not(None))
        .group_by(*columns)
    )
    entered: dict[tuple[int, str], int] = defaultdict(int)
    left: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in connection.execute(statement):
        place = (row.bucket, row.flow)
        entered[place] += row.calls
        if not row.flow_done and row.outcome != ANSWERED:
            left[place][row.flow_step or ""] += row.calls
    return [_line(place, calls, left[place]) for place, calls in sorted(entered.items())]


def _line(place: tuple[int, str], entered: int, left: dict[str, int]) -> dict[str, Any]:
    lost = sum(left.values())
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
