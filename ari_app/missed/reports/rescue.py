"""Figures of missed people: reached later, settled, or still open."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ScalarSelect, and_, func, or_, select
from sqlmodel import SQLModel

from ari_app.missed.model import MissedClaim, MissedReason, MissedResult
from ari_app.missed.people import owners_of
from ari_app.missed.reports.model import RescueGroup
from ari_app.missed.reports.percentiles import percentiles
from ari_app.missed.store import ANSWERED, MISSED, message_calls
from crm.history.model import CallRecord
from crm.reports.call_lines import percent
from crm.reports.model import Bucket
from foundation.clock import milliseconds

DAY_MS = 86_400_000
_CALL = SQLModel.metadata.tables[CallRecord.__tablename__]
_CLAIM = SQLModel.metadata.tables[MissedClaim.__tablename__].c
_LATER = _CALL.alias("later")
BEFORE = timedelta(days=30)
"""A missed call from before that belongs to no person any more."""


@dataclass
class _Person:
    """Missed calls of a person until the next talk."""

    first_at: datetime
    queue: str
    reason: str
    calls: int = 0
    talked_at: datetime | None = None
    settled: bool = False


def rescue_lines(connection: Connection, times: Sequence[Bucket], group: RescueGroup) -> list[dict[str, Any]]:
    """Return the figures of each bucket, and queue or reason."""
    begins, until = [one.since for one in times], times[-1].until
    counts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    spent: dict[tuple[int, str], list[int]] = defaultdict(list)
    for person in _people(connection, begins[0] - BEFORE, until):
        if person.first_at < begins[0]:
            continue
        key = {"none": "", "queue": person.queue, "reason": person.reason}[group]
        place = (bisect_right(begins, person.first_at) - 1, key)
        counts[place].update({"people": 1, "calls": person.calls, _end(person): 1})
        if person.talked_at is not None:
            spent[place].append(milliseconds(person.talked_at) - milliseconds(person.first_at))
    return [_line(place, counts[place], spent[place]) for place in sorted(counts)]


def _end(person: _Person) -> str:
    return "reached" if person.talked_at is not None else "settled" if person.settled else "open"


def _people(connection: Connection, since: datetime, until: datetime) -> Iterator[_Person]:
    """Yield missed people; several calls before a talk are of one."""
    messages = message_calls(since)
    columns = (_CALL.c.id, _CALL.c.number, _CALL.c.customer_id, _CALL.c.started_at, _CALL.c.queue, _CALL.c.outcome)
    statement = (
        select(*columns, _next_talk(_LATER.c.number == _CALL.c.number).label("of_number"),
               _next_talk(_LATER.c.customer_id == _CALL.c.customer_id).label("of_customer"))
        .where(_CALL.c.direction == "inbound", _CALL.c.number.is_not(None))
        .where(_CALL.c.started_at >= since, _CALL.c.started_at < until)
        .where(or_(_CALL.c.outcome.in_(MISSED), _CALL.c.id.in_(messages)))
        .order_by(_CALL.c.started_at)
    )  # fmt: skip
    calls = connection.execute(statement).all()
    owners = owners_of((row.number, row.customer_id) for row in calls)
    settled = _settled(connection, since)
    present: dict[str, _Person] = {}
    for row in calls:
        who = owners.get(row.number) or row.number
        person = present.get(who)
        if person is None or (person.talked_at is not None and person.talked_at <= row.started_at):
            if person is not None:
                yield person
            person = present[who] = _Person(row.started_at, "", "")
        person.calls += 1
        # The last call says where the person waits now.
        person.queue, person.reason = row.queue or "", _reason(row.outcome)
        person.settled = row.id in settled
        talks = [at for at in (row.of_number, row.of_customer) if at is not None]
        person.talked_at = min(talks, default=None)
    yield from present.values()


def _reason(outcome: str) -> str:
    return outcome if outcome in MISSED else MissedReason.MESSAGE


def _next_talk(same: Any) -> ScalarSelect[Any]:
    """Return when the same person next talked with an agent."""
    return (
        select(func.min(_LATER.c.started_at))
        .where(same, _LATER.c.started_at > _CALL.c.started_at, _LATER.c.outcome == ANSWERED)
        .correlate(_CALL)
        .scalar_subquery()
    )


def _settled(connection: Connection, since: datetime) -> set[str]:
    """Return missed calls with a result that ends them."""
    is_settled = and_(_CLAIM.done_at.is_not(None), _CLAIM.result != MissedResult.NOT_REACHED)
    return {*connection.execute(select(_CLAIM.call_id).where(is_settled, _CLAIM.done_at >= since)).scalars()}


def _line(place: tuple[int, str], counts: Counter[str], spent: list[int]) -> dict[str, Any]:
    p50, p95 = percentiles(spent)
    return {
        "bucket": place[0],
        "key": place[1],
        **{name: counts[name] for name in ("people", "calls", "reached", "settled", "open")},
        "reached_share": percent(counts["reached"], counts["people"]),
        "in_day": sum(ms <= DAY_MS for ms in spent),
        "time_p50_ms": p50,
        "time_p95_ms": p95,
    }
