"""States of a conversation and its commands, as desks see them."""

from enum import StrEnum

import msgspec


class Direction(StrEnum):
    """Direction of a call."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    """From agent to agent."""


class OutgoingResult(StrEnum):
    """Result of an agent's call, as the service saw it."""

    REACHED = "reached"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    """The other party declined the call."""
    UNREACHABLE = "unreachable"
    """The network found no such phone, or the phone is off."""
    CANCELLED = "cancelled"
    """The agent hung up before the answer."""
    NO_PHONE = "no_phone"
    """The agent's own phone was not answered: no number was dialled."""
    FAILED = "failed"
    """Telephony did not place the call."""


class ControlStage(StrEnum):
    """Stage of a conversation: who hears whom."""

    TALKING = "talking"
    """Customer and agent hear each other."""
    HELD = "held"
    """The customer hears music."""
    AWAY = "away"
    """The agent's leg vanished; the customer hears music until the agent reconnects."""
    RETURNING = "returning"
    """The agent's phone rings again; the customer hears music."""
    TRANSFERRING = "transferring"
    """The agent left; the target's phone rings, the customer hears music."""
    CONSULT_RINGING = "consult_ringing"
    """The agent waits for a third party; the customer hears music."""
    CONSULTING = "consulting"
    """The agent and a third party talk; the customer hears music."""
    SWAPPED = "swapped"
    """Customer and agent talk; the third party hears music."""
    THREE_PARTY = "three_party"
    """All three hear each other."""
    LEFT = "left"
    """The agent left; the customer and an outside party talk on."""
    PARKED = "parked"
    """The agent left; the customer hears music until an agent picks the call up."""


class SupervisionMode(StrEnum):
    """Part that a supervisor takes in a call."""

    LISTEN = "listen"
    """The supervisor hears the agent and all whom the agent hears; no one hears the supervisor."""
    WHISPER = "whisper"
    """The agent alone hears the supervisor too."""
    BARGE = "barge"
    """All hear the supervisor."""


class CallAction(StrEnum):
    """Command of an agent about a call."""

    HOLD = "hold"
    RESUME = "resume"
    MUTE = "mute"
    UNMUTE = "unmute"
    DIGITS = "digits"
    PAUSE_RECORDING = "pause_recording"
    RESUME_RECORDING = "resume_recording"
    RECONNECT = "reconnect"
    TRANSFER = "transfer"
    CONSULT = "consult"
    SWAP = "swap"
    CANCEL = "cancel"
    COMPLETE = "complete"
    THREE_PARTY = "three_party"
    LEAVE = "leave"
    PARK = "park"
    PICK_UP = "pick_up"
    HANG_UP = "hang_up"


class CallParty(msgspec.Struct, frozen=True):
    """Third party of a call: another agent or an outside number."""

    kind: str
    """`agent` or `number`."""
    id: str
    """The agent's id, or the number."""
    name: str = ""
    answered: bool = False
    away_since_ms: int | None = None
    """Since when the agent's leg is missed; again when a ring had no answer."""
    rings_again: bool = False
    """The phone of an agent who is missed rings."""


class CallSupervisor(msgspec.Struct, frozen=True):
    """Supervisor who is with an agent in a call."""

    staff_id: str
    name: str
    staff_number: str
    mode: SupervisionMode
    since_ms: int
