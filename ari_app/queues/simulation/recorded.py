"""Recorded day: what its calls and agents did, from stored facts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from ari_app.queues.simulation.model import AgentEvent, AgentTimes, CallEnd, DayCall, RecordedDay
from crm.history.facts import AgentTime, QueueEvent, QueueEventKind
from crm.history.model import CallRecord
from crm.reports.buckets import midnight
from crm.reports.summing import ABANDONED, ANSWERED, INBOUND
from crm.staff.model import Staff
from foundation.clock import milliseconds

USUAL_TALK_MS, USUAL_WRAP_MS, USUAL_RING_MS = 180_000, 20_000, 4000
"""For a day without any."""
ENDLESS_MS = 3_600_000
"""Patience where no caller gave up: an hour."""
LONGEST_PATIENCE_MS = 4 * ENDLESS_MS
GAP_MS = 1000
PAUSED, TALKING, WRAP_UP = "not_ready", "talking", "wrap_up"
SIGNED_IN = "signed_in"
CALLING_OUT = "call_out"
"""Pause of an agent in a call of no queue: a simulation has none."""

_CALL = SQLModel.metadata.tables[CallRecord.__tablename__].c
_EVENT = SQLModel.metadata.tables[QueueEvent.__tablename__].c
_TIME = SQLModel.metadata.tables[AgentTime.__tablename__].c
_STAFF = SQLModel.metadata.tables[Staff.__tablename__].c


def recorded_day(connection: Connection, day: date, zone: ZoneInfo) -> RecordedDay:
    """Return a day as it was recorded.

    Queues and skills of agents are those of now. What a caller would have done is drawn from what others did on that
    day: the same each time.
    """
    since, until = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    times = _times(connection, since, until)
    staff = {
        row.id: row for row in connection.execute(select(_STAFF.id, _STAFF.staff_number, _STAFF.queues, _STAFF.skills))
    }
    queues_of: dict[str, Sequence[str]] = {
        agent: tuple(staff[agent].queues) if agent in staff else () for agent in times
    }
    records = _records(connection, since, until)
    events = [event for agent, rows in times.items() for event in agent_events(_sign_in(agent, staff.get(agent)), rows)]
    return RecordedDay(
        day=day,
        calls=_calls(day, records, _facts(connection, since, until), times),
        agents=sorted(events, key=lambda one: one.at),
        queues_of=queues_of,
        ends=[CallEnd(row["queue"], row["outcome"], row["wait_ms"] or 0, row["agent_id"] or "") for row in records],
        times=_spent(times),
    )


Row = Mapping[str, Any]


def _records(connection: Connection, since: datetime, until: datetime) -> list[Row]:
    columns = (_CALL.id, _CALL.queue, _CALL.queued_at, _CALL.outcome, _CALL.wait_ms, _CALL.talk_ms, _CALL.agent_id)
    statement = (
        select(*columns)
        .where(_CALL.started_at >= since, _CALL.started_at < until)
        .where(_CALL.direction == INBOUND, _CALL.queued_at.is_not(None), _CALL.queue.is_not(None))
        .order_by(_CALL.queued_at, _CALL.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _facts(connection: Connection, since: datetime, until: datetime) -> list[Row]:
    kinds = (QueueEventKind.ENTERQUEUE, QueueEventKind.CONNECT, QueueEventKind.RINGNOANSWER)
    statement = (
        select(_EVENT.event, _EVENT.call_id, _EVENT.queue, _EVENT.ring_ms, _EVENT.priority, _EVENT.asks)
        .where(_EVENT.at >= since, _EVENT.at < until, _EVENT.event.in_(kinds), _EVENT.call_id.is_not(None))
        .order_by(_EVENT.at)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _times(connection: Connection, since: datetime, until: datetime) -> dict[str, list[Row]]:
    """Return each agent's times in a day, cut at its ends."""
    statement = (
        select(_TIME.agent_id, _TIME.state, _TIME.reason, _TIME.queue, _TIME.call_id, _TIME.since, _TIME.until)
        .where(_TIME.until > since, _TIME.until < until + timedelta(days=1), _TIME.since < until)
        .order_by(_TIME.agent_id, _TIME.since)
    )
    rows = [
        {**row, "since": milliseconds(max(row["since"], since)), "until": milliseconds(min(row["until"], until))}
        for row in connection.execute(statement).mappings()
    ]
    return {agent: list(own) for agent, own in groupby(rows, key=lambda row: str(row["agent_id"]))}


def _calls(
    day: date, records: Sequence[Row], facts: Iterable[Row], times: Mapping[str, Sequence[Row]]
) -> list[DayCall]:
    random = Random(day.toordinal())  # noqa: S311 - a simulation, and the same each time
    entered: dict[str, Row] = {}
    rings: dict[str, int] = {}
    misses: Counter[str] = Counter()
    for fact in facts:
        if fact["event"] == QueueEventKind.ENTERQUEUE:
            entered.setdefault(fact["call_id"], fact)
        elif fact["event"] == QueueEventKind.CONNECT:
            rings[fact["call_id"]] = fact["ring_ms"] or 0
        elif fact["call_id"] not in rings:
            # Later ones are of transfers, which no match offered.
            misses[fact["call_id"]] += 1
    wraps = {
        row["call_id"]: row["until"] - row["since"]
        for rows in times.values()
        for row in rows
        if row["state"] == WRAP_UP
    }
    talks: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if record["outcome"] == ANSWERED and record["talk_ms"]:
            talks[record["queue"]].append(record["talk_ms"])
    mean_patience_ms = _mean_patience_ms(records)
    known_rings, known_wraps = list(rings.values()), list(wraps.values())
    return [
        DayCall(
            id=record["id"],
            at=milliseconds(record["queued_at"]),
            queue=entered.get(record["id"], record)["queue"],
            priority=entered.get(record["id"], {}).get("priority") or 0,
            asks=_words(entered.get(record["id"], {}).get("asks")),
            patience=_patience_ms(record, mean_patience_ms, random),
            talk=record["talk_ms"] or _drawn(random, talks[record["queue"]], USUAL_TALK_MS),
            ring=rings[record["id"]] if record["id"] in rings else _drawn(random, known_rings, USUAL_RING_MS),
            wrap=wraps[record["id"]] if record["id"] in wraps else _drawn(random, known_wraps, USUAL_WRAP_MS),
            misses=misses[record["id"]],
        )
        for record in records
    ]


def _drawn(random: Random, pool: Sequence[int], usual: int) -> int:
    return random.choice(pool) if pool else usual


def _mean_patience_ms(records: Sequence[Row]) -> float | None:
    """Return the mean patience, as Erlang A estimates it."""
    abandoned = sum(record["outcome"] == ABANDONED for record in records)
    return sum(record["wait_ms"] or 0 for record in records) / abandoned if abandoned else None


def _patience_ms(record: Row, mean_ms: float | None, random: Random) -> int:
    """Return the patience of a caller.

    One who gave up showed it; one who did not had more than the wait, and patience has no memory.
    """
    wait_ms: int = record["wait_ms"] or 0
    if record["outcome"] == ABANDONED:
        return max(1, wait_ms)
    rest = ENDLESS_MS if mean_ms is None else random.expovariate(1 / max(1.0, mean_ms))
    return min(LONGEST_PATIENCE_MS, round(wait_ms + rest) + 1)


def agent_events(sign_in: AgentEvent, rows: Sequence[Row]) -> list[AgentEvent]:
    """Return what an agent asked for, from times in states."""
    found: list[AgentEvent] = []
    agent = sign_in.agent
    paused, until = True, None
    for row in rows:
        since = row["since"]
        if until is None or since - until > GAP_MS:
            if until is not None:
                found.append(AgentEvent(at=until, kind="sign_out", agent=agent))
            found.append(msgspec.structs.replace(sign_in, at=since))
            paused = True
        outside = row["state"] == TALKING and row["queue"] is None
        pauses = row["state"] == PAUSED or outside
        reason = CALLING_OUT if outside else row["reason"] or SIGNED_IN
        if pauses and not (paused and reason == SIGNED_IN):
            found.append(AgentEvent(at=since, kind="not_ready", agent=agent, reason=reason))
        elif not pauses and paused:
            found.append(AgentEvent(at=since, kind="ready", agent=agent))
        paused, until = pauses, row["until"]
    if until is not None:
        found.append(AgentEvent(at=until, kind="sign_out", agent=agent))
    return found


def _spent(times: Mapping[str, Sequence[Row]]) -> AgentTimes:
    found: AgentTimes = {}
    for agent, rows in times.items():
        spent: Counter[str] = Counter()
        for row in rows:
            spent[row["state"]] += row["until"] - row["since"]
        found[agent] = dict(spent)
    return found


def _sign_in(agent: str, staff: Any) -> AgentEvent:
    event = AgentEvent(at=0, kind="sign_in", agent=agent)
    if staff is None:
        return event
    return msgspec.structs.replace(event, queues=staff.queues, skills=staff.skills, number=staff.staff_number)


def _words(joined: str | None) -> list[str]:
    return joined.split(",") if joined else []
