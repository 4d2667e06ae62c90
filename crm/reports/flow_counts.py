"""Counts of calls by flow and last step, from call records."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select
from sqlmodel import SQLModel

from crm.history.model import CallRecord
from crm.reports.model import Bucket
from crm.reports.store import bucket_table
from crm.reports.summing import ANSWERED, INBOUND

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c


class Step(NamedTuple):
    """Last step of calls in a flow, in one bucket."""

    bucket: int
    flow: str
    step: str
    followed: bool
    """The flow came to its own end, or the caller talked with an agent."""


def counted(connection: Connection, times: Sequence[Bucket]) -> Counter[Step]:
    """Return the calls of each bucket, flow and last step."""
    bucket = bucket_table(times)
    columns = (bucket.c.bucket, _CALL.flow, _CALL.flow_step, _CALL.flow_done, _CALL.outcome)
    statement = (
        select(*columns, func.count().label("calls"))
        .join_from(bucket, _CALL.id.table, and_(_CALL.started_at >= bucket.c.since, _CALL.started_at < bucket.c.until))
        .where(_CALL.direction == INBOUND, _CALL.flow.is_not(None))
        .group_by(*columns)
    )
    found: Counter[Step] = Counter()
    for row in connection.execute(statement):
        followed = bool(row.flow_done) or row.outcome == ANSWERED
        found[Step(row.bucket, row.flow, row.flow_step or "", followed)] += row.calls
    return found
