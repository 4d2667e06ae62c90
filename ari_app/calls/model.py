"""What a live call is, as data that another process could pick up."""

from enum import StrEnum

import msgspec

from ivr.cursor import Cursor


class Direction(StrEnum):
    """Who dialled."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStage(StrEnum):
    """Where a call is; coarse, for desks, wallboards and adoption."""

    ARRIVED = "arrived"
    DIALLING = "dialling"
    FLOW = "flow"
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class Talk(msgspec.Struct):
    """The agent's side of a call: reserved, ringing or bridged."""

    reservation_id: str
    agent_id: str
    staff_number: str
    channel_id: str
    bridge_id: str
    segment_id: str | None = None


class CallState(msgspec.Struct):
    """A live call, stored in Redis at every change. Times in milliseconds since the epoch."""

    id: str
    node: str
    direction: Direction
    channel_id: str
    number: str | None
    """The other party, E.164; None where it is withheld or makes no sense."""
    access_number: str
    stage: CallStage
    started_at_ms: int
    cursor: Cursor | None = None
    customer_id: str | None = None
    ticket_id: str | None = None
    kind: str | None = None
    """The kind of matter the caller chose (H1–H3)."""
    queue: str | None = None
    attempt_id: str | None = None
    """The campaign attempt an outbound call carries out."""
    answered_at_ms: int | None = None
    queued_at_ms: int | None = None
    connected_at_ms: int | None = None
    talk: Talk | None = None


class HangUpBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


class CallOutcome(StrEnum):
    """How a call ended, for its record."""

    ANSWERED = "answered"
    """It was bridged with an agent, or an outbound call was answered."""
    SELF_SERVED = "self_served"
    """The flow did what the caller wanted."""
    ABANDONED = "abandoned"
    """The caller hung up while waiting for an agent."""
    LEFT_FLOW = "left_flow"
    """The caller hung up in the menu."""
    UNREACHED = "unreached"
    """An outbound call nobody answered."""
    FAILED = "failed"
    """We could not serve it."""
