"""Stages of a conversation, their transitions, and the commands each allows."""

from enum import StrEnum

import msgspec

from ari_app.desk.call_states import CallAction, ControlStage, SupervisionMode
from crm.history.model import StoryStep

_TALKING, _HELD, _AWAY, _RETURNING = ControlStage.TALKING, ControlStage.HELD, ControlStage.AWAY, ControlStage.RETURNING
_TRANSFERRING, _LEFT = ControlStage.TRANSFERRING, ControlStage.LEFT
_RINGING, _CONSULTING, _SWAPPED = ControlStage.CONSULT_RINGING, ControlStage.CONSULTING, ControlStage.SWAPPED
_THREE_PARTY, _PARKED = ControlStage.THREE_PARTY, ControlStage.PARKED

_FOUND_AGAIN = (_TALKING, _HELD, _CONSULTING, _SWAPPED, _THREE_PARTY, _LEFT)

TRANSITIONS: dict[ControlStage, frozenset[ControlStage]] = {
    _TALKING: frozenset({_HELD, _AWAY, _RETURNING, _TRANSFERRING, _RINGING, _PARKED}),
    _HELD: frozenset({_TALKING, _AWAY, _TRANSFERRING, _RINGING, _PARKED}),
    _AWAY: frozenset({_RETURNING, *_FOUND_AGAIN}),
    _RETURNING: frozenset({_AWAY, *_FOUND_AGAIN}),
    _TRANSFERRING: frozenset({_TALKING, _LEFT, _RETURNING, _PARKED}),
    _RINGING: frozenset({_CONSULTING, _HELD, _TALKING, _AWAY, _TRANSFERRING}),
    _CONSULTING: frozenset({_SWAPPED, _THREE_PARTY, _HELD, _TALKING, _LEFT, _AWAY}),
    _SWAPPED: frozenset({_CONSULTING, _THREE_PARTY, _TALKING, _LEFT, _AWAY}),
    _THREE_PARTY: frozenset({_TALKING, _LEFT, _AWAY}),
    _LEFT: frozenset({_RETURNING}),
    _PARKED: frozenset({_TRANSFERRING}),
}
"""Allowed changes of stage. From every stage the call may also end, or go to a queue."""


_ANY = frozenset({CallAction.HANG_UP})
_WITH_AGENT = _ANY | {CallAction.MUTE, CallAction.UNMUTE, CallAction.RECONNECT}
_RECORDED = frozenset({CallAction.PAUSE_RECORDING, CallAction.RESUME_RECORDING, CallAction.DIGITS})
_ALONE = frozenset({CallAction.TRANSFER, CallAction.CONSULT, CallAction.PARK})
_BOTH = frozenset({CallAction.SWAP, CallAction.CANCEL, CallAction.COMPLETE, CallAction.THREE_PARTY})

ALLOWED: dict[ControlStage, frozenset[CallAction]] = {
    _TALKING: _WITH_AGENT | _RECORDED | _ALONE | {CallAction.HOLD},
    _HELD: _WITH_AGENT | _ALONE | {CallAction.RESUME},
    _AWAY: _ANY | {CallAction.RECONNECT},
    _RETURNING: _ANY,
    _TRANSFERRING: frozenset(),
    _RINGING: _WITH_AGENT | {CallAction.CANCEL, CallAction.COMPLETE},
    _CONSULTING: _WITH_AGENT | _RECORDED | _BOTH,
    _SWAPPED: _WITH_AGENT | _RECORDED | _BOTH,
    _THREE_PARTY: _WITH_AGENT | _RECORDED | {CallAction.CANCEL, CallAction.LEAVE},
    _LEFT: frozenset(),
    _PARKED: frozenset({CallAction.PICK_UP}),
}
"""Commands that each stage allows; `may` leaves out those without effect."""


class TargetKind(StrEnum):
    """Kind of a transfer's target."""

    AGENT = "agent"
    QUEUE = "queue"
    NUMBER = "number"
    FLOW = "flow"
    """A flow of `numbers.yaml`: the customer hears it as if its number had been dialled."""


ORDERLY = frozenset({0, 16, 31})
"""Q.850 causes of a hang-up by the phone's user. 0 is an end that happened while the service was away."""

LISTEN = "listen-"
"""Beginning of the names of bridges in which supervisors listen."""


class Target(msgspec.Struct, frozen=True):
    """Checked target of a transfer or a consultation."""

    kind: TargetKind
    id: str
    """An agent's id, a queue's or flow's name, or a number in E.164."""
    name: str = ""
    department_id: str | None = None
    """The department that the number is on duty for."""
    staff_number: str = ""
    endpoint: str = ""
    """Dial string of the agent's phone or the outside number."""
    place: str = ""
    """The number's place among the outside calls that are counted."""


class CallCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Command for the task that owns a call."""

    action: CallAction
    call_id: str
    agent_id: str
    key: str = ""
    """Idempotency key: a command repeated with the same key is carried out once."""
    digits: str = ""
    target: Target | None = None
    to_head: bool = False
    """A transfer to a queue: before its other callers."""
    note: str = ""
    """Words of the sender for the receiver."""


class SupervisorAction(StrEnum):
    """Command of a supervisor about a call."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"
    """The agent leaves, and the supervisor talks with the customer."""
    LEAVE = "leave"
    MOVE = "move"
    """A caller who waits goes to another queue."""


MODES: dict[SupervisorAction, SupervisionMode] = {
    SupervisorAction.LISTEN: SupervisionMode.LISTEN,
    SupervisorAction.WHISPER: SupervisionMode.WHISPER,
    SupervisorAction.BARGE: SupervisionMode.BARGE,
    SupervisorAction.TAKE_OVER: SupervisionMode.LISTEN,
}
"""What the supervisor hears at first."""


class SupervisorCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Command of a supervisor for the task that owns a call."""

    action: SupervisorAction
    call_id: str
    supervisor: Target
    """The supervisor's phone."""
    silent: bool = False
    """The agent does not see who listens."""
    queue: str = ""
    """Queue to which a caller is moved."""
    key: str = ""


AnyCommand = CallCommand | SupervisorCommand


class Supervisor(msgspec.Struct):
    """Supervisor of a conversation, with a leg and an ear.

    The ear is a snoop channel on the agent's leg, in one bridge with the supervisor's leg. Who barges has none.
    """

    channel_id: str
    target: Target
    mode: SupervisionMode
    since_ms: int
    silent: bool = False
    taking_over: bool = False
    """The call becomes the supervisor's with the answer."""
    up: bool = False
    ear_id: str | None = None
    """Snoop channel of the present mode, stored before it is made."""

    @property
    def bridge_id(self) -> str:
        """Return the bridge of leg and ear."""
        return f"{LISTEN}{self.channel_id}"

    @property
    def barging(self) -> bool:
        """Tell whether the supervisor sits with all others."""
        return self.up and self.mode is SupervisionMode.BARGE


class Party(msgspec.Struct):
    """Third party of a conversation: another agent or an outside number."""

    channel_id: str
    target: Target
    up: bool = False
    """It answered."""
    away_since_ms: int | None = None
    """When the leg of an agent vanished; again when a ring had no answer."""
    away_until_ms: int | None = None
    """How long that agent may still reconnect."""
    rings_again: bool = False
    """The phone of an agent who vanished rings."""
    muted: bool = False
    """The others do not hear the agent."""

    @property
    def away(self) -> bool:
        """Tell whether the agent's leg vanished after the answer."""
        return self.away_until_ms is not None


class Handover(msgspec.Struct, frozen=True):
    """Transfer to a target that may still leave the customer unserved."""

    served_at_ms: int
    """A target that talks until then has served the customer."""
    sender: Target | None
    """The agent to whom the customer returns; None: the agent hung up, and the queue has the customer."""


class Control(msgspec.Struct):
    """Stage of a conversation, with everything needed to go on."""

    since_ms: int
    stage: ControlStage = ControlStage.TALKING
    until_ms: int | None = None
    """When the stage ends by itself."""
    away_until_ms: int | None = None
    """How long the agent may still reconnect, where a phone rings again for that."""
    back_to: ControlStage | None = None
    """Stage that an agent who was lost finds again; None: the conversation."""
    parked_until_ms: int | None = None
    """How long a parked call waits for an agent."""
    muted: bool = False
    held_by_phone: bool = False
    """The agent's own phone holds the call: Asterisk plays its music to the others."""
    recording_paused: bool = False
    hears_ringing: bool = False
    """Asterisk plays the ringing tone to the agent."""
    party: Party | None = None
    supervisor: Supervisor | None = None
    returned_from: Party | None = None
    """Target of the transfer that just failed: its customer is back with the sender."""
    handover: Handover | None = None
    """The last transfer, if its target had not talked with the customer before."""
    keys: list[str] = []
    """Idempotency keys of the last commands."""


class StoryEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a call's story."""

    at_ms: int
    step: StoryStep
    agent_id: str | None = None
    """The agent who acted, or who had the leg."""
    target: str | None = None
    """The other agent's id, or the queue."""
    number: str | None = None
    """The outside number."""
    note: str | None = None


_NEEDS_PARTY = frozenset({CallAction.SWAP, CallAction.COMPLETE, CallAction.THREE_PARTY, CallAction.LEAVE})
_BETWEEN_AGENTS = _WITH_AGENT | _RECORDED | {CallAction.HOLD, CallAction.RESUME, CallAction.RECONNECT}


def allowed(control: Control, *, internal: bool) -> frozenset[CallAction]:
    """Return the commands of a stage.

    Colleagues are not passed on, and no customer is left to one who vanished.
    """
    if internal:
        return ALLOWED[control.stage] & _BETWEEN_AGENTS
    is_away = control.party is not None and control.party.away
    return ALLOWED[control.stage] - _NEEDS_PARTY if is_away else ALLOWED[control.stage]


def may(control: Control, *, internal: bool = False) -> list[CallAction]:
    """Return the commands that are possible now, in the order of `CallAction`."""
    without_effect = {
        CallAction.UNMUTE if not control.muted else CallAction.MUTE,
        CallAction.RESUME_RECORDING if not control.recording_paused else CallAction.PAUSE_RECORDING,
    }
    return [action for action in CallAction if action in allowed(control, internal=internal) - without_effect]


_THIRD_TALKS = frozenset({_CONSULTING, _SWAPPED, _THREE_PARTY})


def third_allowed(control: Control) -> frozenset[CallAction]:
    """Return the commands of an agent who is the third party."""
    party, usual = control.party, frozenset({CallAction.RECONNECT, CallAction.HANG_UP})
    if party is None or not party.up or party.away or control.stage not in _THIRD_TALKS:
        return usual
    heard = frozenset({CallAction.MUTE, CallAction.UNMUTE})
    return usual | heard | ({CallAction.DIGITS} if control.stage is _THREE_PARTY else frozenset())


def third_may(control: Control) -> list[CallAction]:
    """Return the third party's commands that are possible now."""
    muted = control.party is not None and control.party.muted
    without_effect = {CallAction.MUTE if muted else CallAction.UNMUTE}
    return [action for action in CallAction if action in third_allowed(control) - without_effect]
