"""Messages from server to desk over the WebSocket.

Every message is one JSON object with `type`; `id` is the message's number on its node. Times are epoch
milliseconds, money is integer cents.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ari_app.desk.board import BoardCall, OpenAlert, QueueFigures
from ari_app.desk.call_states import CallAction, CallParty, CallSupervisor, ControlStage, Direction, OutgoingResult
from ari_app.desk.pop import Pop, SpokenWording
from ari_app.queues.model import AgentState
from crm.staff.model import PhoneKind
from foundation.routes import Role


class CallStage(StrEnum):
    """Stage of a call, for desks, wallboards and adoption."""

    ARRIVED = "arrived"
    DIALLING = "dialling"
    FLOW = "flow"
    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class NoticeLevel(StrEnum):
    """Weight of a notice."""

    INFO = "info"
    WARNING = "warning"
    ALARM = "alarm"


class Draft(msgspec.Struct, frozen=True):
    """Draft of a call's ticket.

    It belongs to the call: every desk that shows the call has it (F14, H2).
    """

    call_id: str
    fields: dict[str, Any]
    by: str = ""
    """Id of the agent who wrote last."""
    by_name: str = ""
    at_ms: int = 0
    """When it was stored, by the service's clock."""
    revision: int = 0
    """Number of the draft's last change: of two values of one field, the one with the higher number stays."""


class Message(msgspec.Struct, kw_only=True, tag_field="type"):
    """Server to desk; the hub numbers it."""

    id: int = 0


class PopShown(Message, tag="pop"):
    """A call is offered; the phone rings next.

    The same pop may be sent again, with the same id.
    """

    pop: Pop


class PopClosed(Message, tag="pop_closed"):
    """The call no longer concerns this desk."""

    call_id: str
    missed_of: int | None = None
    """The agent did not answer the ring: so many in a row pause the agent; 0: a colleague's call."""
    answered_by: str | None = None
    """Name of the agent who answered first, where several were rung."""


class DraftChanged(Message, tag="draft"):
    """Fields of the draft that the service keeps by now.

    The desk that wrote them gets it too. Without fields, the draft was deleted. It also follows the pop of a call that
    has a draft already, with all its fields then.
    """

    draft: Draft


class CallAgent(msgspec.Struct, frozen=True):
    """Agent who owns the call."""

    id: str
    name: str
    staff_number: str


class CallChanged(Message, tag="call"):
    """The agent's own call entered another stage, or another state of it."""

    call_id: str
    stage: CallStage
    at_ms: int
    ticket_id: str | None = None
    queue: str | None = None
    state: ControlStage | None = None
    """State of the conversation; None before it begins."""
    over: bool = False
    """The agent is in the call no more: it was handed over."""
    since_ms: int | None = None
    until_ms: int | None = None
    """When the state ends by itself, such as the wait for a reconnection."""
    may: list[CallAction] = []
    """Commands that are possible now."""
    role: str = "agent"
    """`agent`: it is this agent's call; `third`: this agent is consulted; `called`: another agent calls this one."""
    muted: bool = False
    held_by_phone: bool = False
    """The agent's own phone holds the call."""
    recording: bool = True
    """False: its agent paused the recording."""
    held_ms: int = 0
    """How long the customer was held before, without the present hold."""
    held_since_ms: int | None = None
    agent: CallAgent | None = None
    """Agent who owns the call, and consults or transfers it, or parked it; None after that agent left."""
    party: CallParty | None = None
    takes: str = ""
    """The call becomes this agent's with the answer: `transfer` or `pick_up`; with the role `third`."""
    note: str = ""
    """Note of the colleague who transferred the call to this agent, or consults; empty without one."""
    returned_from: CallParty | None = None
    """Target of a transfer that failed: the customer is back with this agent."""
    supervisor: CallSupervisor | None = None
    """Supervisor who is in the call; None also for one who listens in silence."""
    direction: Direction = Direction.INBOUND
    number: str | None = None
    """The number that the agent called."""
    name: str = ""
    """Name of the colleague or department that was called, or that calls."""
    customer_id: str | None = None
    missed_call_id: str | None = None
    """Missed call that is called back."""
    result: OutgoingResult | None = None
    """How a call of the agent's ended; with `over`."""
    waited_ms: int | None = None
    """How long the caller waited until the answer; None before it, and for calls out."""
    taken_over_by: str = ""
    """Name of the supervisor who took the call from this agent; with `over`."""


class PhoneChanged(Message, tag="phone"):
    """The agent's phone can be rung, or is gone.

    A desk hears of its phone within seconds after it opened, too.
    """

    online: bool
    kind: PhoneKind | None
    """Phone that is rung; None: the one on the table, not chosen yet."""
    at_ms: int


class OwnState(Message, tag="agent"):
    """The agent's own state."""

    agent_id: str
    state: AgentState
    since_ms: int
    reason: str | None = None
    call_id: str | None = None
    queue: str | None = None
    queues: list[str] = []
    next_state: AgentState | None = None
    next_reason: str | None = None
    until_ms: int | None = None


class Presence(Message, tag="presence"):
    """Another agent's state, for supervisors."""

    agent_id: str
    state: AgentState
    since_ms: int
    name: str | None = None
    staff_number: str | None = None
    reason: str | None = None
    call_id: str | None = None
    queue: str | None = None
    queues: list[str] = []


class QueueState(Message, tag="queue"):
    """A queue as it is now."""

    queue: str
    waiting: int
    ringing: int = 0
    oldest_ms: int | None = None
    """When the caller joined who waits longest; None: no caller waits."""
    agents: dict[AgentState, int] = {}
    """How many of its agents are in which state."""


class LiveCalls(Message, tag="live_calls"):
    """Calls that changed or ended, for supervisors."""

    calls: list[BoardCall] = []
    over: list[str] = []


class BoardFigures(Message, tag="figures"):
    """Figures of all queues, for supervisors; sent when one changes."""

    minutes: int
    """Length of the last minutes."""
    level: str
    """Name of the service level's figure, which `/figure-definitions` explains."""
    within_s: int
    queues: list[QueueFigures] = []


class OpenAlerts(Message, tag="alerts"):
    """All thresholds that are broken now, for supervisors."""

    alerts: list[OpenAlert] = []


class DeskSnapshot(msgspec.Struct, frozen=True):
    """State of agents and queues when a desk opens."""

    agent: OwnState | None = None
    """The agent's own state, on an agent's desk."""
    queues: list[QueueState] = []
    """All queues, on the desk of a supervisor."""
    agents: list[Presence] = []
    """All agents, on the desk of a supervisor."""
    calls: list[BoardCall] = []
    """All live calls, on the desk of a supervisor."""
    figures: BoardFigures | None = None
    """On the desk of a supervisor."""
    alerts: list[OpenAlert] = []
    """Thresholds that are broken now, on the desk of a supervisor."""
    call: CallChanged | None = None
    """The agent's present call, on an agent's desk."""


class Welcome(Message, tag="welcome"):
    """The first message: everything the desk shows now."""

    now_ms: int
    staff_id: str
    staff_number: str
    name: str
    role: Role
    snapshot: DeskSnapshot
    """Queues and agents, as far as the role sees them."""
    pop: Pop | None
    """The call this desk shows, if any."""
    draft: Draft | None
    """Draft of the call's form."""


class TicketNews(Message, tag="ticket"):
    """A ticket that the person sees was changed: ask for it again."""

    ticket_id: str | None
    """None: any ticket may have changed, since news were lost."""
    number: str = ""
    version: int = 0
    action: str = ""
    """The action, in the words of `TicketAction`."""
    status: str = ""
    """The state after it, in the words of `TicketStatus`."""
    department_id: str | None = None
    person_id: str | None = None
    gone: bool = False
    """The ticket left the person's department, which sees it no more."""


class Notice(Message, tag="notice"):
    """Something a person should read."""

    level: NoticeLevel
    text: SpokenWording


class Replaced(Message, tag="replaced"):
    """The agent opened another desk: this socket closes and must not reconnect."""


class CommandRefused(Message, tag="refused"):
    """A command was not carried out."""

    command: str
    problem: str
    """The slug of the problem, as over HTTP."""
    detail: str


class Pong(Message, tag="pong"):
    """The answer to `ping`."""

    now_ms: int


ServerMessage = (
    Welcome
    | PopShown
    | PopClosed
    | CallChanged
    | DraftChanged
    | PhoneChanged
    | OwnState
    | Presence
    | QueueState
    | TicketNews
    | LiveCalls
    | BoardFigures
    | OpenAlerts
    | Notice
    | Replaced
    | CommandRefused
    | Pong
)
"""Every message from server to desk."""
