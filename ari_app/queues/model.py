"""Types of the queues: agents' states, offers, places, snapshots."""

from enum import StrEnum

import msgspec


class AgentState(StrEnum):
    """State of an agent, as the match sees it."""

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


DESK_CLOSED = "desk_closed"
"""Reason of an agent who is not ready because the desk is gone."""

_OFFLINE, _NOT_READY, _READY = AgentState.OFFLINE, AgentState.NOT_READY, AgentState.READY

TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    _OFFLINE: frozenset({_NOT_READY, AgentState.RESERVED, AgentState.TALKING}),
    _NOT_READY: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
    _READY: frozenset({_OFFLINE, _NOT_READY, AgentState.RESERVED, AgentState.TALKING}),
    AgentState.RESERVED: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.RINGING, AgentState.TALKING}),
    AgentState.RINGING: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
    AgentState.TALKING: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.WRAP_UP}),
    AgentState.WRAP_UP: frozenset({_OFFLINE, _NOT_READY, _READY, AgentState.TALKING}),
}
"""Allowed changes of state. The functions in Redis have the same table and refuse all others.

Talking follows not-ready, ready and wrap-up when the agent dials out, and offline when a call is restored after Redis
lost its data. A supervisor who pulls a caller is offline before and after.
"""


class DeclineReason(StrEnum):
    """Reason for the failure of an offer."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    """The agent's phone cannot be reached: the agent is made not ready at once."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """Another agent who was rung at once has the caller: no miss."""
    INTERRUPTED = "interrupted"
    """Rung while no process listened, or not at all because Asterisk was away: no miss."""
    CALLER_GONE = "caller_gone"
    """No fault of the agent: the place among the idle stays."""


class LeaveReason(StrEnum):
    """Reason for leaving the queue without an agent."""

    CALLER_HUNG_UP = "caller_hung_up"
    """The only one that counts as abandoned."""
    TIMED_OUT = "timed_out"
    """A limit of the queue ended the wait; the flow goes on elsewhere."""
    CHOSE_OTHERWISE = "chose_otherwise"
    """The caller pressed a key for something else, such as a call back."""
    SYSTEM = "system"
    """The service ended it."""


LEAVE_EVENTS = {
    LeaveReason.CALLER_HUNG_UP: "ABANDON",
    LeaveReason.TIMED_OUT: "EXITWITHTIMEOUT",
    LeaveReason.CHOSE_OTHERWISE: "EXITWITHKEY",
}
"""Events that are kept of a caller who leaves; none where only the queues are put right."""


class QueueFact(msgspec.Struct, frozen=True):
    """Event of a queue, as the functions in Redis keep it."""

    event: str
    at_ms: int
    id: str | None = None
    """Names the event where it may be kept twice."""
    call_id: str | None = None
    queue: str | None = None
    agent_id: str | None = None
    position: int | None = None
    wait_ms: int | None = None
    ring_ms: int | None = None
    reason: str | None = None
    priority: int | None = None
    asks: str | None = None


class AgentFact(msgspec.Struct, frozen=True):
    """Change of an agent's state, with the time in the state before."""

    agent_id: str
    at_ms: int
    next_state: AgentState
    next_reason: str | None = None
    state: AgentState | None = None
    """None: the agent was not signed in."""
    since_ms: int | None = None
    reason: str | None = None
    call_id: str | None = None
    queue: str | None = None


class Rung(msgspec.Struct, frozen=True):
    """Agent reserved by an offer."""

    agent_id: str
    reservation_id: str


class Offer(msgspec.Struct, frozen=True):
    """One call reserved for one agent, or several; the call's node rings.

    Times are in milliseconds.
    """

    reservation_id: str
    """Valid for this one offer: once it is over, an answer is refused."""
    call_id: str
    agent_id: str
    queue: str
    node: str
    joined_at_ms: int
    waited_ms: int
    position: int
    """The caller's place in the queue when the offer was made, from 1."""
    ring_ms: int
    """Ringing time; the reservation lasts a few seconds longer."""
    pulled: bool = False
    """No match: a supervisor takes this caller."""
    others: tuple[Rung, ...] = ()
    """Agents who are rung at the same time; the first to answer has the caller."""

    @property
    def id(self) -> str:
        """Return what all reservations of the offer have in common."""
        return offer_id(self.reservation_id)

    @property
    def rung(self) -> tuple[Rung, ...]:
        """Return all agents of the offer."""
        return (Rung(self.agent_id, self.reservation_id), *self.others)


def offer_id(reservation_id: str) -> str:
    """Return the offer that a reservation belongs to."""
    ids, _, stamp = reservation_id.rpartition("~")
    return f"{ids.partition('~')[0]}~{stamp}"


class PreferredBy(StrEnum):
    """Reason for preferring an agent, the strongest first."""

    TICKET = "ticket"
    """The agent handles the customer's open ticket (H15)."""
    OWN_AGENT = "own_agent"
    """The customer has an agent of the own (H20)."""
    LAST_CALL = "last_call"
    """The caller talked with the agent of late."""


class PreferredAgent(msgspec.Struct, frozen=True):
    """Agent to be rung first for a call."""

    agent_id: str
    by: PreferredBy


class WaitingCall(msgspec.Struct, frozen=True):
    """A caller in a queue, as `restore` needs it."""

    call_id: str
    queue: str
    priority: int
    joined_at_ms: int
    node: str
    preferred: tuple[PreferredAgent, ...] = ()
    """Agents to be rung first, in this order."""
    asks: tuple[str, ...] = ()
    """What the caller asks for, as the rules of the queue name it."""


class Place(msgspec.Struct, frozen=True):
    """Place of a caller in the queue.

    `position` counts from 1, with the callers for whom an agent is rung.
    """

    position: int
    in_line: int
    waited_ms: int
    offered: bool = False
    """An agent is being rung for this caller."""


class Entered(msgspec.Struct, frozen=True):
    """A caller joined the queue, or was in it already."""

    position: int
    in_line: int
    waited_ms: int = 0
    offered: bool = False
    """An agent was free at once; `on_offer` got the offer."""


class Departure(msgspec.Struct, frozen=True):
    """A caller left the queue without an agent."""

    queue: str
    position: int
    waited_ms: int
    reason: LeaveReason
    abandoned: bool
    agent_id: str | None = None
    """The agent who was being rung at that moment."""


class AgentSnapshot(msgspec.Struct, frozen=True):
    """An agent's state.

    Times are in milliseconds since the epoch, by Redis's clock.
    """

    agent_id: str
    state: AgentState = AgentState.OFFLINE
    since_ms: int = 0
    queues: tuple[str, ...] = ()
    reason: str | None = None
    """The reason for not being ready."""
    call_id: str | None = None
    queue: str | None = None
    """The queue of that call."""
    next_state: AgentState | None = None
    """Requested while busy; in force when the agent is free."""
    next_reason: str | None = None
    until_ms: int | None = None
    """The end of the wrap-up or the reservation; for a closed desk, the sign-out."""


class QueueSnapshot(msgspec.Struct, frozen=True):
    """One queue at a moment."""

    queue: str
    waiting: int
    """Callers in the queue, also while an agent is rung for them."""
    offered: int
    longest_wait_ms: int
    agents: dict[AgentState, int]
    """Number of the queue's agents in each state but offline; those with a call count in the queue of the call."""


class Snapshot(msgspec.Struct, frozen=True):
    """All queues and signed-in agents, read in one step."""

    at_ms: int
    queues: tuple[QueueSnapshot, ...] = ()
    agents: tuple[AgentSnapshot, ...] = ()


class QueueChanged(msgspec.Struct, frozen=True):
    """A caller joined or left a queue, so places may have changed."""

    queue: str
    in_line: int
