"""What a live call is, as data that another process could pick up."""

from enum import StrEnum

import msgspec

from ivr.cursor import Cursor
from ivr.walker import ToQueue


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


class LegStage(StrEnum):
    """How far an offer has been carried out; each is stored before it is acted out."""

    OFFERED = "offered"
    """Reserved; nothing was shown or rung."""
    RINGING = "ringing"
    """Her desk pops and her phone is told to ring."""
    CONNECTED = "connected"
    """She answered and the queue knows."""
    OVER = "over"
    """Hung up and cleaned away; what stays is who talked."""


class RecordingStage(msgspec.Struct):
    """A recording of both sides: its id is chosen before it begins, so that any process can find and end it."""

    segment_id: str
    since_ms: int | None = None
    """When it was told to start; None where it was not."""
    failed: bool = False
    """Nothing can be recorded; its entry says why."""


class Talk(msgspec.Struct):
    """The agent's side of a call, as data. Every id is chosen before Asterisk hears of it."""

    reservation_id: str
    agent_id: str
    staff_number: str
    channel_id: str
    bridge_id: str
    ring_ms: int
    waited_ms: int
    recording: RecordingStage = msgspec.field(name="taping")
    """Recording of the conversation; stored under its former name, so that calls outlive an update."""
    stage: LegStage = LegStage.OFFERED
    position: int = 1
    """The caller's place in the queue when the offer was made."""
    rung: bool = False
    """Asterisk took the request to ring her: from then on her leg is there, or was."""
    released: bool = False
    """She is being given back to the queue, which is not to be told again that she is in this call."""


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
    target: ToQueue | None = None
    """What the flow handed the caller over for: he waits, is being rung for, or talks."""
    preferred_agent_id: str | None = None
    """The agent who handled the caller's open ticket, to be rung first where ready (H15)."""
    attempt_id: str | None = None
    """The campaign attempt an outbound call carries out."""
    answered_at_ms: int | None = None
    queued_at_ms: int | None = None
    connected_at_ms: int | None = None
    """When caller and agent were bridged."""
    abandon_position: int | None = None
    """The caller's place, where the caller hung up while an agent was rung."""
    talk: Talk | None = None
    recording: RecordingStage | None = msgspec.field(default=None, name="taping")
    """The recording of a whole call that the machine leads."""
    playback_id: str | None = None
    """The prompt of the present step."""
    spoken_id: str | None = None
    """The caller's spoken answer being recorded."""
    message_ids: list[str] = []
    """Recordings of messages that the caller left; a ticket is filed with them when the call has ended."""


class HangUpBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


class CallOutcome(StrEnum):
    """How a call ended, for its record."""

    ANSWERED = "answered"
    """Caller and agent were bridged, however shortly; or an outbound call was answered."""
    SELF_SERVED = "self_served"
    """The flow did what the caller wanted."""
    ABANDONED = "abandoned"
    """The caller joined a queue and hung up before being bridged with an agent, also in the moment of the answer."""
    LEFT_FLOW = "left_flow"
    """The caller hung up in the menu, without having joined a queue."""
    UNREACHED = "unreached"
    """An outbound call nobody answered."""
    FAILED = "failed"
    """We could not serve it."""
    FALLBACK = "fallback"
    """The service was away for so long that the dialplan took the call over."""
    LOST = "lost"
    """Asterisk died under it: whoever it was is to be called back."""
