"""The words of the queues: states and how they follow each other, offers, and what desks and wallboards are shown."""

from enum import StrEnum

import msgspec


class AgentState(StrEnum):
    """What an agent is doing, as seen by the matching."""

    OFFLINE = "offline"
    NOT_READY = "not_ready"
    """Signed in and not to be rung; always with a reason."""
    READY = "ready"
    RESERVED = "reserved"
    """A call was chosen for the agent; the phone does not ring yet."""
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    """Finishing the last call's work; not rung until it is done or its time is over."""


_OFFLINE, _NOT_READY, _READY = AgentState.OFFLINE, AgentState.NOT_READY, AgentState.READY

TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    _OFFLINE: frozenset({_NOT_READY, AgentState.TALKING}),
    _NOT_READY: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
    _READY: frozenset({_OFFLINE, _NOT_READY, AgentState.RESERVED, AgentState.TALKING}),
    AgentState.RESERVED: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.RINGING, AgentState.TALKING}),
    AgentState.RINGING: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
    AgentState.TALKING: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.WRAP_UP}),
    AgentState.WRAP_UP: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
}
"""What may follow what. The steps in Redis carry this very table and refuse anything else.

Talking follows not-ready, ready and wrap-up where the agent dials out, and offline where a call that goes on is taken
up again after Redis lost its data.
"""


class DeclineReason(StrEnum):
    """Why an offer came to nothing."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    """The agent's phone cannot be reached: the agent is made not ready at once."""
    INTERRUPTED = "interrupted"
    """Rung while nobody watched, or not at all because Asterisk was away: nobody is blamed."""
    CALLER_GONE = "caller_gone"
    """Not the agent's doing: the agent keeps the place among the idle."""


class LeaveReason(StrEnum):
    """Why a caller left the line without an agent."""

    CALLER_HUNG_UP = "caller_hung_up"
    """The only one that counts as abandoned."""
    TIMED_OUT = "timed_out"
    """The flow had a limit and goes on elsewhere."""
    CHOSE_OTHERWISE = "chose_otherwise"
    """The caller pressed a key for something else, such as a call back."""
    SYSTEM = "system"
    """We ended it."""


class Offer(msgspec.Struct, frozen=True):
    """One call reserved for one agent, to be rung by the call's node. Times in milliseconds."""

    reservation_id: str
    """Good for this one offer: once it is over, answering under it is refused."""
    call_id: str
    agent_id: str
    queue: str
    node: str
    joined_at_ms: int
    waited_ms: int
    position: int
    """The caller's place in the queue when the offer was made, from 1."""
    ring_ms: int
    """How long to let the phone ring; the reservation outlives it by a few seconds only."""


class WaitingCall(msgspec.Struct, frozen=True):
    """A caller in line, as needed to put the line together again."""

    call_id: str
    queue: str
    priority: int
    joined_at_ms: int
    node: str
    preferred_agent_id: str | None = None
    """The agent to be rung first, where ready (H15)."""


class Place(msgspec.Struct, frozen=True):
    """Where a caller stands. `position` counts from 1 and includes those whose agent's phone is ringing."""

    position: int
    in_line: int
    waited_ms: int
    offered: bool = False
    """An agent is being rung for this caller."""


class Entered(msgspec.Struct, frozen=True):
    """A caller joined the line (or was in it already)."""

    position: int
    in_line: int
    waited_ms: int = 0
    offered: bool = False
    """An agent was free at once; the offer itself has been given to `on_offer`."""


class Departure(msgspec.Struct, frozen=True):
    """A caller left the line without having reached an agent."""

    queue: str
    position: int
    waited_ms: int
    reason: LeaveReason
    abandoned: bool
    agent_id: str | None = None
    """Whose phone was ringing at that moment."""


class AgentSnapshot(msgspec.Struct, frozen=True):
    """An agent as seen from outside. Times in milliseconds since the epoch, by Redis's clock."""

    agent_id: str
    state: AgentState = AgentState.OFFLINE
    since_ms: int = 0
    queues: tuple[str, ...] = ()
    reason: str | None = None
    """Why not ready."""
    call_id: str | None = None
    queue: str | None = None
    """The queue of that call."""
    next_state: AgentState | None = None
    """Asked for while busy; comes into force when the agent is free."""
    next_reason: str | None = None
    until_ms: int | None = None
    """When the wrap-up or the reservation ends by itself."""


class QueueSnapshot(msgspec.Struct, frozen=True):
    """One queue at a moment."""

    queue: str
    waiting: int
    """Callers in line, those whose agent is being rung included."""
    offered: int
    longest_wait_ms: int
    agents: dict[AgentState, int]
    """How many of the agents of this queue are in which state; offline ones are not listed."""


class Snapshot(msgspec.Struct, frozen=True):
    """Every queue and every agent that is signed in, read in one step."""

    at_ms: int
    queues: tuple[QueueSnapshot, ...] = ()
    agents: tuple[AgentSnapshot, ...] = ()


class QueueChanged(msgspec.Struct, frozen=True):
    """Somebody joined or left a line, so the places in it may be others."""

    queue: str
    in_line: int
