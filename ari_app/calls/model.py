"""State of a live call, as data that another process can adopt."""

from enum import StrEnum

import msgspec

from ari_app.calls.control.model import Control, StoryEntry, Target, TargetKind
from ari_app.desk.call_states import Direction, OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.desk.pop import SpokenWording
from ari_app.queues.model import PreferredAgent
from ivr.cursor import Cursor
from ivr.walker import ToQueue
from recordings.model import RecordingKind


class LegStage(StrEnum):
    """Stage of an offer, stored before it is acted on."""

    OFFERED = "offered"
    """The agent is reserved; no desk and no phone knows yet."""
    RINGING = "ringing"
    """The agent's desk shows the call and the phone is asked to ring."""
    CONNECTED = "connected"
    """The agent answered, and the queue knows."""
    OVER = "over"
    """Hung up and removed from Asterisk; the agent's id stays for the record."""


class RecordingStage(msgspec.Struct):
    """Recording of both sides.

    Its id is chosen before it begins, so that any process can find and end it.
    """

    segment_id: str
    since_ms: int | None = None
    """When Asterisk was asked to start it; None before."""
    failed: bool = False
    """Recording failed; the entry has the reason."""
    channel_id: str | None = None
    """The recorded channel; None: the other party's."""
    kind: RecordingKind = RecordingKind.CONVERSATION
    agent_id: str | None = None
    other_agent_id: str | None = None
    other_number: str | None = None
    supervisor_id: str | None = None
    mix_monitor_id: str | None = None
    """Asterisk's id of the recorder: another one of the same channel may be running."""
    over: bool = False
    """Stopped: the next segment has not begun."""


class Talk(msgspec.Struct):
    """The agent's side of a call, with ids chosen in advance."""

    reservation_id: str
    agent_id: str
    staff_number: str
    channel_id: str
    bridge_id: str
    ring_ms: int
    waited_ms: int
    """How long the caller waited: until the offer, and from the answer on until the answer."""
    recording: RecordingStage = msgspec.field(name="taping")
    """Recording of the conversation; stored under its former name, so that calls outlive an update."""
    ended_recordings: list[RecordingStage] = []
    """Former segments that are not stopped and sealed yet."""
    stage: LegStage = LegStage.OFFERED
    position: int = 1
    """The caller's place in the queue when the offer was made."""
    offered_at_ms: int | None = None
    """When the offer was made; None where none was, and once it was answered."""
    rung: bool = False
    """Asterisk took the request to ring the agent: the leg exists, or existed."""
    released: bool = False
    """The agent is being given back to the queue and must not be reported as talking again."""
    connected_at_ms: int | None = None
    """When this agent and the other party were bridged."""
    agent_name: str = ""

    def connect(self, at_ms: int) -> None:
        """Note when agent and other party were bridged; the wait ends."""
        self.connected_at_ms = at_ms
        if self.offered_at_ms is not None:
            self.waited_ms += max(0, at_ms - self.offered_at_ms)
            self.offered_at_ms = None


class Outgoing(msgspec.Struct):
    """Call that an agent makes, and how far it got."""

    agent_id: str
    caller_name: str
    target: Target
    home_queue: str | None = None
    """Queue of the agent, for the wrap-up and for the other party where the agent is lost; None between agents."""
    missed_call_id: str | None = None
    """Missed call that is called back."""
    shown_number: str = ""
    """Number that the other party sees."""
    call_back_id: str | None = None
    """Call back that a caller of a queue asked for."""
    asked_at_ms: int | None = None
    """When its caller joined the queue."""
    window: SpokenWording | None = None
    """Time that the caller chose for it; None: as soon as possible."""
    waits: bool = False
    """The call back is in line; `agent_id` is of an agent once one is rung."""
    dialled: bool = False
    """Asterisk took the request to ring the other party."""
    result: OutgoingResult | None = None
    """Known before the end: the agent's phone, or the agent, ended the call."""


class CallState(msgspec.Struct):
    """A live call, stored in Redis at every change.

    Times are in milliseconds since the epoch.
    """

    id: str
    node: str
    direction: Direction
    channel_id: str
    number: str | None
    """The other party: E.164, or digits as they came without such a form; None where it is withheld."""
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
    """The queue step's outcome, while the caller waits, is offered to an agent, or talks."""
    preferred: list[PreferredAgent] = []
    """Agents to be rung first, in this order (H15)."""
    attempt_id: str | None = None
    """The campaign attempt an outbound call carries out."""
    outgoing: Outgoing | None = None
    """A call that an agent makes."""
    answered_at_ms: int | None = None
    queued_at_ms: int | None = None
    connected_at_ms: int | None = None
    """When caller and agent were bridged."""
    leaving_key: str | None = None
    """The key by which the caller leaves a queue, until the flow goes on."""
    leaving: str | None = None
    """The way by which the caller, by a key, is leaving the queue: a `WaitEnd`, until the flow goes on."""
    left_by_key: ToQueue | None = None
    """The wait that the caller left by a key, and may go back to."""
    left_queue_at_ms: int | None = None
    """When the caller left the last queue without an agent: the wait ended then."""
    here_since_ms: int | None = None
    """Since when the caller waits in this queue, where another queue came before."""
    expected_wait_ms: int | None = None
    """Wait in all that was expected when it was first known."""
    overflowed: list[str] = []
    """Overflow rules that were applied, each once."""
    closed_queue: bool = False
    """The queue that the caller asked for last was closed."""
    abandon_position: int | None = None
    """The caller's place, where the caller hung up while an agent was rung."""
    talk: Talk | None = None
    rung: list[Talk] = []
    """Further agents who are rung at once with that of `talk`; the first to answer has the caller."""
    recording: RecordingStage | None = msgspec.field(default=None, name="taping")
    """The recording of a whole call that the machine leads."""
    playback_id: str | None = None
    """The prompt of the present step."""
    spoken_id: str | None = None
    """The caller's spoken answer being recorded."""
    spoken_message: bool = False
    """The last spoken answer is a message, which becomes a ticket."""
    held_by_phone: bool = False
    """The caller's phone put the call on hold and may send no RTP."""
    was_silent: bool = False
    """The caller was asked for a message and said nothing."""
    message_ids: list[str] = []
    """Recordings of messages that the caller left; a ticket is filed with them when the call has ended."""
    control: Control | None = None
    """Stage of the conversation, once a command or a loss has changed it."""
    story: list[StoryEntry] = []
    """Holds, transfers and losses of the call's conversations."""
    flow: str | None = None
    """The flow that an agent sent the caller to, until it begins."""
    returned_at_ms: int | None = None
    """When an agent or a loss sent the caller back to a queue: the limits of the wait count from then on."""
    last_agent_id: str | None = None
    """The last agent who talked with the caller, where the caller waits again."""
    talked_ms: int = 0
    """Length of the conversations with agents who handed the call over."""
    held_ms: int = 0
    held_since_ms: int | None = None
    """Since when the other party hears music in a conversation."""

    @property
    def bridged(self) -> bool:
        """Tell whether an agent and the other party are connected."""
        return self.talk is not None and self.talk.connected_at_ms is not None

    @property
    def rung_for(self) -> list[Talk]:
        """Return the agents' sides: several only while phones ring at once."""
        return [self.talk, *self.rung] if self.talk is not None else []

    def ring_without(self, talk: Talk) -> None:
        """Take an agent out who is not rung any more."""
        left = [one for one in self.rung_for if one is not talk]
        self.talk, self.rung = (left[0], left[1:]) if left else (None, [])
        if self.talk is None:
            self.stage = CallStage.QUEUED

    @property
    def agents(self) -> frozenset[str]:
        """Return the agents who are in the call, or rung for it."""
        found = {talk.agent_id for talk in self.rung_for if not talk.released}
        party = self.control.party if self.control is not None else None
        if party is not None and party.target.kind is TargetKind.AGENT:
            found.add(party.target.id)
        if (called := self.called_agent) is not None:
            found.add(called)
        return frozenset(found)

    @property
    def called_agent(self) -> str | None:
        """Return the agent whom another agent calls."""
        is_internal = self.outgoing is not None and self.outgoing.target.kind is TargetKind.AGENT
        return self.outgoing.target.id if self.outgoing is not None and is_internal else None

    @property
    def waits_since_ms(self) -> int | None:
        """Return when the wait in the present queue began.

        A caller who comes from a conversation joins anew.
        """
        return self.returned_at_ms or self.queued_at_ms

    @property
    def home_queue(self) -> str | None:
        """Return the queue for the other party where no agent is left."""
        return self.queue or (self.outgoing.home_queue if self.outgoing is not None else None)


class FlowEnd(StrEnum):
    """Word of a flow's `hangup`: the reason for the end."""

    SELF_SERVED = "self_served"
    MESSAGE_LEFT = "message_left"
    CALL_BACK = "call_back"
    """The caller is to be called back."""
    BACK_IN_LINE = "back_in_line"
    """Not the end: the caller goes back to the place that was left by a key."""
    UNSERVED = "unserved"
    """The caller was not served: the call has failed."""
    COMPLETED = "completed"
    """The survey came to its end."""
    NO_RESPONSE = "no_response"
    POSTPONED = "postponed"
    """The customer chose another time for the survey."""


class HangUpBy(StrEnum):
    """Party that ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"
