"""Lines of a report of agents, or of their teams."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table

from crm.reports import agent_counts, store
from crm.reports.agent_counts import AgentCounts, Place
from crm.reports.buckets import SHORT
from crm.reports.call_lines import percent
from crm.reports.daily import reading
from crm.reports.model import AgentQuery, Bucket
from crm.reports.running import Running, add_running

_WORK, _FOR_WORK = "work", "for work"


def agent_lines(
    connection: Connection,
    times: Sequence[Bucket],
    segments: Table,
    query: AgentQuery,
    zone: ZoneInfo,
    running: Running | None = None,
) -> list[dict[str, Any]]:
    """Return the figures of each bucket, and agent or team."""
    if query.by in SHORT:
        found = agent_counts.counted(connection, times, segments, query.agent_id)
    else:
        found = reading.of_agents(connection, times, segments, query.agent_id, zone)
    if running is not None:
        add_running(connection, found, times, running, query.agent_id)
    _note_occupied(found, store.not_agents(connection))
    if query.team is not None or query.group == "team":
        found = _of_teams(found, store.teams(connection), query)
    return [_line(place, found[place]) for place in sorted(found)]


def _note_occupied(found: dict[Place, AgentCounts], others: set[str]) -> None:
    """Note work, and the time for it, of those who serve queues.

    A supervisor who takes a call is signed in for the length of that call alone: that says nothing of how busy the
    queues are.
    """
    for (_, agent_id), counts in found.items():
        if agent_id not in others:
            figures = counts.figures
            figures[_WORK] = figures["in_call_ms"] + figures["wrap_up_ms"]
            figures[_FOR_WORK] = figures["signed_in_ms"] - figures["paused_ms"]


def _of_teams(found: dict[Place, AgentCounts], teams: dict[str, str], query: AgentQuery) -> dict[Place, AgentCounts]:
    """Keep one team's agents; add them up where teams are asked for."""
    kept: dict[Place, AgentCounts] = defaultdict(AgentCounts)
    for (bucket, agent_id), counts in found.items():
        team = teams.get(agent_id, "")
        if query.team is None or team == query.team:
            kept[bucket, team if query.group == "team" else agent_id].add(counts.figures, counts.pauses)
    return kept


def _line(place: Place, counts: AgentCounts) -> dict[str, Any]:
    figures = counts.figures
    work_ms, for_work_ms = figures.pop(_WORK, 0), figures.pop(_FOR_WORK, 0)
    return {
        "bucket": place[0],
        "key": place[1],
        **figures,
        "occupancy": percent(work_ms, for_work_ms),
        "adherence": percent(figures["kept_ms"], figures["shift_ms"]),
        "pauses": [{"reason": reason, "ms": ms} for reason, ms in counts.pauses.most_common()],
    }
