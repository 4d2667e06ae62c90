"""Figures of the results that agents chose for calls."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, literal, select
from sqlmodel import SQLModel

from crm.history.disposition import CallDisposition
from crm.history.model import CallRecord
from crm.reports.call_lines import percent
from crm.reports.model import Bucket, ResultQuery
from crm.reports.store import bucket_table
from crm.reports.summing import ANSWERED, INBOUND
from foundation.reader import in_reader_language

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_RESULT = SQLModel.metadata.tables[CallDisposition.__tablename__].c


def result_lines(connection: Connection, times: Sequence[Bucket], query: ResultQuery) -> list[dict[str, Any]]:
    """Return the calls of each bucket and result, perhaps by queue."""
    bucket = bucket_table(times)
    queue = func.coalesce(_CALL.queue, "") if query.group == "queue" else literal("")
    code = func.coalesce(_RESULT.code, "")
    statement = (
        select(bucket.c.bucket, queue, code, func.max(_RESULT.zh), func.max(_RESULT.en), func.count())
        .join_from(bucket, _CALL.id.table, and_(_CALL.started_at >= bucket.c.since, _CALL.started_at < bucket.c.until))
        .outerjoin(_RESULT.code.table, _RESULT.call_id == _CALL.id)
        .where(_CALL.direction == INBOUND, _CALL.outcome == ANSWERED, _CALL.queued_at.is_not(None))
        .group_by(bucket.c.bucket, queue, code)
    )
    rows = connection.execute(statement).all()
    whole: Counter[tuple[int, str]] = Counter()
    for number, of, *_, calls in rows:
        whole[number, of] += calls
    rows = sorted(rows, key=lambda row: (row[0], row[1], -row[5], row[2]))
    return [
        {
            "bucket": number,
            "key": f"{of}/{chosen}" if query.group == "queue" else chosen,
            "queue": of,
            "result": chosen,
            "words": in_reader_language(zh or chosen, en or ""),
            "calls": calls,
            "share": percent(calls, whole[number, of]),
        }
        for number, of, chosen, zh, en, calls in rows
    ]
