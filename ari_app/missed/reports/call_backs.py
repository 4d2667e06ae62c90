"""Figures of calls back that callers asked for."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from ari_app.missed.planned.model import CallBackEnd, QueueCallBack
from ari_app.missed.reports.model import CallBackGroup
from ari_app.missed.reports.percentiles import percentiles
from crm.history.model import CallRecord
from crm.reports.call_lines import percent
from crm.reports.model import Bucket
from foundation.clock import milliseconds

_ASKED = SQLModel.metadata.tables[QueueCallBack.__tablename__].c
_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
FIGURE_OF_END: dict[CallBackEnd | None, str] = {
    None: "open",
    CallBackEnd.REACHED: "reached",
    CallBackEnd.MERGED: "came_back",
    CallBackEnd.TAKEN: "taken",
    CallBackEnd.WINDOW_OVER: "given_up",
    CallBackEnd.GIVEN_UP: "given_up",
    CallBackEnd.UNREACHABLE: "given_up",
}
CALLED = frozenset({CallBackEnd.REACHED, CallBackEnd.TAKEN, CallBackEnd.GIVEN_UP})
"""Ends before which the caller's telephone rang."""


def call_back_lines(connection: Connection, times: Sequence[Bucket], group: CallBackGroup) -> list[dict[str, Any]]:
    """Return the figures of each bucket, and queue."""
    talked_at = func.coalesce(_CALL.connected_at, _CALL.answered_at, _CALL.started_at, type_=_CALL.started_at.type)
    statement = (
        select(_ASKED.queue, _ASKED.joined_at, _ASKED.opens_at, _ASKED.end, talked_at.label("talked_at"))
        .join_from(_ASKED.id.table, _CALL.id.table, _CALL.id == _ASKED.call_id, isouter=True)
        .where(_ASKED.joined_at >= times[0].since, _ASKED.joined_at < times[-1].until)
    )
    begins = [one.since for one in times]
    counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    spent: dict[tuple[int, str], list[int]] = defaultdict(list)
    for queue, joined_at, opens_at, end, talked in connection.execute(statement):
        place = (bisect_right(begins, joined_at) - 1, queue if group == "queue" else "")
        counts[place].update(("asked", FIGURE_OF_END[end], *(("kept",) if end in CALLED else ())))
        if end is CallBackEnd.REACHED and talked is not None:
            begun = max(joined_at, opens_at or joined_at)
            spent[place].append(max(0, milliseconds(talked) - milliseconds(begun)))
    return [_line(place, counts[place], spent[place]) for place in sorted(counts)]


def _line(place: tuple[int, str], counts: Counter[str], spent: list[int]) -> dict[str, Any]:
    p50, p95 = percentiles(spent)
    return {
        "bucket": place[0],
        "key": place[1],
        **{name: counts[name] for name in ("asked", "kept", "reached", "came_back", "taken", "given_up", "open")},
        "kept_share": percent(counts["kept"], counts["asked"] - counts["came_back"] - counts["open"]),
        "reached_share": percent(counts["reached"], counts["kept"]),
        "time_p50_ms": p50,
        "time_p95_ms": p95,
    }
