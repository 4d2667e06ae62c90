"""Types of a simulation: a recorded day, and its figures under rules."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from pydantic import BaseModel


class DayCall(msgspec.Struct):
    """Call of the day, and how it behaves when simulated.

    Times are in milliseconds.
    """

    id: str
    at: int
    queue: str
    patience: int
    """Wait after which the caller gives up."""
    talk: int
    ring: int
    wrap: int
    priority: int = 0
    asks: Sequence[str] = ()
    misses: int = 0
    """Offers that are not taken before one is."""
    limit: bool = False
    """The end of `patience` is the queue's longest wait, not the caller's."""
    moves: Sequence[tuple[int, str]] = ()
    """Other queues by the wait after which the caller goes there."""


class AgentEvent(msgspec.Struct):
    """Change that an agent asked for."""

    at: int
    kind: str
    """sign_in, ready, not_ready or sign_out."""
    agent: str
    queues: Sequence[str] = ()
    skills: Mapping[str, int] = {}
    number: str = ""
    reason: str = ""


class CallEnd(msgspec.Struct, frozen=True):
    """End of a wait in a queue."""

    queue: str
    outcome: str
    """As in call records."""
    wait_ms: int
    agent_id: str = ""


AgentTimes = dict[str, dict[str, int]]
"""Milliseconds of each agent in each state."""


class RecordedDay(msgspec.Struct):
    """Day as it was: calls, agents, and how both fared."""

    day: date
    calls: list[DayCall]
    agents: list[AgentEvent]
    queues_of: dict[str, Sequence[str]]
    """Queues of each agent, as they are now."""
    ends: list[CallEnd]
    times: AgentTimes


class Fared(msgspec.Struct, frozen=True):
    """Outcome of a day for its calls and agents."""

    ends: Sequence[CallEnd]
    times: AgentTimes


class SimulatedQueue(BaseModel):
    """Figures of a queue on one side; `/figure-definitions` has the formulas."""

    queue: str
    offered: int
    answered: int
    abandoned: int
    level_of_offered: float | None
    longest_wait_ms: int | None
    wait_p95_ms: int | None
    occupancy: float | None
    """Of the agents who serve the queue, with all their queues."""


class Simulation(BaseModel):
    """Day as it was, under the present rules, under changed ones."""

    day: date
    calls: int
    agents: int
    recorded: list[SimulatedQueue]
    present: list[SimulatedQueue]
    """The same day replayed under the present rules: how near the simulation comes to what was."""
    changed: list[SimulatedQueue]
    left_out: int
    """Calls of queues that the changed rules do not have."""
