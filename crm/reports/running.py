"""States of agents that are not over, counted up to now."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from crm.reports import agent_store, shift_store
from crm.reports.agent_counts import AgentCounts, Place, add_state, split
from crm.reports.agent_store import CutTime, StateTime
from crm.reports.model import Bucket


class Running(NamedTuple):
    """Present state of every agent who is signed in."""

    at: datetime
    states: Sequence[CutTime] = ()
    """States that are not over, until `at`."""


RunningStates = Callable[[], Awaitable[Running]]


def add_running(
    connection: Connection,
    found: dict[Place, AgentCounts],
    times: Sequence[Bucket],
    running: Running,
    agent_id: str | None,
) -> None:
    """Add the running states to the stored ones.

    A shift counts up to now.
    """
    states = _not_stored(connection, [one for one in running.states if agent_id in {None, one.agent_id}])
    for state in split(states, times):
        add_state(_of(found, state), state)
    shifts = list(shift_store.shifts(connection, times, agent_id))
    for ahead in split([one._replace(since=max(one.since, running.at)) for one in shifts], times):
        _of(found, ahead).figures["shift_ms"] -= ahead.ms
    for kept in split(_kept(shifts, states), times):
        _of(found, kept).figures["kept_ms"] += kept.ms
    for place in [place for place, counts in found.items() if not any(counts.figures.values())]:
        del found[place]


def _of(found: dict[Place, AgentCounts], state: StateTime) -> AgentCounts:
    return found.setdefault((state.bucket, state.agent_id), AgentCounts())


def _not_stored(connection: Connection, states: Sequence[CutTime]) -> list[CutTime]:
    """Return the states from the end of what is stored on.

    One may have ended, and been stored, since it was read.
    """
    stored = agent_store.stored_until(connection, [one.agent_id for one in states])
    parts = (one._replace(since=max(one.since, stored.get(one.agent_id, one.since))) for one in states)
    return [one for one in parts if one.since < one.until]


def _kept(shifts: Sequence[CutTime], states: Sequence[CutTime]) -> list[CutTime]:
    """Return the parts of shifts in which agents are there."""
    there = [one for one in states if one.state != shift_store.PAUSED or one.planned]
    both = ((shift, state) for shift in shifts for state in there if shift.agent_id == state.agent_id)
    parts = (
        shift._replace(since=max(shift.since, one.since), until=min(shift.until, one.until)) for shift, one in both
    )
    return [one for one in parts if one.since < one.until]
