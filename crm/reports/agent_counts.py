"""Counts of agents' times, calls, misses and kept shifts, from stored facts."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table

from crm.reports import agent_store, shift_store
from crm.reports.agent_store import CutTime, StateTime
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
"""Bucket and agent, or team."""


@dataclass
class AgentCounts:
    """Counts of an agent or a team in one bucket."""

    figures: Counter[str] = field(default_factory=Counter)
    pauses: Counter[str] = field(default_factory=Counter)
    """Milliseconds by reason."""

    def add(self, figures: Mapping[str, int], pauses: Mapping[str, int]) -> None:
        """Add further counts."""
        self.figures.update(figures)
        self.pauses.update(pauses)


def counted(
    connection: Connection, times: Sequence[Bucket], segments: Table, agent_id: str | None
) -> dict[Place, AgentCounts]:
    """Return the counts of each bucket and agent; buckets leave no gap."""
    found: dict[Place, AgentCounts] = defaultdict(AgentCounts)
    whole = agent_store.state_times(connection, times, agent_id)
    for one in (*whole, *split(agent_store.cut_times(connection, times, agent_id), times)):
        add_state(found[one.bucket, one.agent_id], one)
    for talk in agent_store.talks(connection, times, segments, agent_id):
        figures = found[talk.bucket, talk.agent_id].figures
        figures["answered" if talk.direction == INBOUND else "dialled"] += talk.calls
        figures["talk_ms"] += talk.talk_ms
        figures["held_ms"] += talk.held_ms
    for event in agent_store.events(connection, times, agent_id):
        found[event.bucket, event.agent_id].figures[event.figure] += event.times
    for place, figures in _shifts(connection, times, agent_id).items():
        found[place].figures.update(figures)
    return found


def add_state(counts: AgentCounts, one: StateTime) -> None:
    """Add the time of a state, or of a part of it."""
    figures = counts.figures
    figures["signed_in_ms"] += one.ms
    if one.state in FIGURE_OF_STATE:
        figures[FIGURE_OF_STATE[one.state]] += one.ms
    if one.state == PAUSED:
        counts.pauses[one.reason or ""] += one.ms
        figures["planned_pause_ms"] += one.ms if one.planned else 0


def _shifts(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> dict[Place, Counter[str]]:
    """Return planned time, and the part of it that was kept."""
    found: dict[Place, Counter[str]] = defaultdict(Counter)
    for figure, spans in (
        ("shift_ms", shift_store.shifts(connection, times, agent_id)),
        ("kept_ms", shift_store.kept(connection, times, agent_id)),
    ):
        for one in split(spans, times):
            found[one.bucket, one.agent_id][figure] += one.ms
    return found


def split(cut: Iterable[CutTime], times: Sequence[Bucket]) -> Iterator[StateTime]:
    """Yield the part of each time in each bucket."""
    begins = [one.since for one in times]
    for one in cut:
        first = max(0, bisect_right(begins, one.since) - 1)
        for number in range(first, len(times)):
            since, until = max(one.since, times[number].since), min(one.until, times[number].until)
            if since >= one.until:
                break
            ms = milliseconds(until) - milliseconds(since)
            if ms > 0:
                yield StateTime(number, one.agent_id, one.state, one.reason, one.planned, ms)
