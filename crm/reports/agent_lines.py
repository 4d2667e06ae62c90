"""Lines of a report of agents, from their times, calls and misses."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from crm.reports import agent_store
from crm.reports.agent_store import CutTime, StateTime
from crm.reports.call_lines import percent
from crm.reports.model import Bucket
from crm.reports.summing import INBOUND
from foundation.clock import milliseconds

PAUSED = "not_ready"
FIGURE_OF_STATE = {
    "ready": "ready_ms",
    PAUSED: "paused_ms",
    "reserved": "alerting_ms",
    "ringing": "alerting_ms",
    "talking": "in_call_ms",
    "wrap_up": "wrap_up_ms",
}
Place = tuple[int, str]
"""Bucket and agent."""


def agent_lines(
    connection: Connection, times: Sequence[Bucket], segments: Table, agent_id: str | None
) -> list[dict[str, Any]]:
    """Return the figures of each bucket and agent."""
    found: dict[Place, Counter[str]] = defaultdict(Counter)
    pauses: dict[Place, Counter[str]] = defaultdict(Counter)
    whole = agent_store.state_times(connection, times, agent_id)
    for one in (*whole, *split(agent_store.cut_times(connection, times, agent_id), times)):
        place = (one.bucket, one.agent_id)
        found[place]["signed_in_ms"] += one.ms
        if one.state in FIGURE_OF_STATE:
            found[place][FIGURE_OF_STATE[one.state]] += one.ms
        if one.state == PAUSED:
            pauses[place][one.reason or ""] += one.ms
    for talk in agent_store.talks(connection, times, segments, agent_id):
        figures = found[talk.bucket, talk.agent_id]
        figures["answered" if talk.direction == INBOUND else "dialled"] += talk.calls
        figures["talk_ms"] += talk.talk_ms
        figures["held_ms"] += talk.held_ms
    for missed in agent_store.missed(connection, times, agent_id):
        found[missed.bucket, missed.agent_id]["missed"] += missed.offers
    return [_line(place, figures, pauses[place]) for place, figures in sorted(found.items(), key=lambda one: one[0])]


def split(cut: Iterable[CutTime], times: Sequence[Bucket]) -> Iterator[StateTime]:
    """Yield the part of each time in each bucket."""
    begins = [one.since for one in times]
    for one in cut:
        first = max(0, bisect_right(begins, one.since) - 1)
        for number in range(first, len(times)):
            since, until = max(one.since, times[number].since), min(one.until, times[number].until)
            if since >= one.until:
                break
            yield StateTime(number, one.agent_id, one.state, one.reason, milliseconds(until) - milliseconds(since))


def _line(place: Place, figures: Counter[str], pauses: Counter[str]) -> dict[str, Any]:
    busy_ms = figures["in_call_ms"] + figures["wrap_up_ms"]
    return {
        "bucket": place[0],
        "key": place[1],
        **figures,
        "occupancy": percent(busy_ms, figures["signed_in_ms"] - figures["paused_ms"]),
        "pauses": [{"reason": reason, "ms": ms} for reason, ms in pauses.most_common()],
    }
