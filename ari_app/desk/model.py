"""Messages between desk and server over the WebSocket.

Every message is one JSON object with `type`. Server to desk: `id` is the message's number on its node. Times are epoch
milliseconds, money is integer cents.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.queues.model import AgentState
from crm.customers.model import Grade
from crm.staff.model import PhoneKind
from crm.tickets.model import TicketKind, TicketStatus
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


class SpokenWording(msgspec.Struct, frozen=True):
    """Words of the agent in both languages."""

    zh: str
    en: str


class CallerNumber(msgspec.Struct, frozen=True):
    """Caller's number as shown, with its origin."""

    display: str
    """E.164; or what came, cut and stripped of control characters, where it is no number."""
    region: str | None = None
    carrier: str | None = None


class CustomerCard(msgspec.Struct, frozen=True):
    """Customer that the caller may be."""

    id: str
    account_number: str
    name: str
    address: str
    area: str
    grade: Grade
    arrears_cents: int
    contract_active: bool
    missing: list[str] = []
    """Base data that are not known yet: to be asked now (H15)."""
    why: SpokenWording | None = None
    """Why this one is proposed first among several; None where nothing speaks for it."""


class PopTicket(msgspec.Struct, frozen=True):
    """Ticket in a pop."""

    id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    subject: str
    registered_at_ms: int
    urge_count: int = 0
    joined: bool = False
    """Ticket of another customer that the caller reports too (H4)."""


class PopCall(msgspec.Struct, frozen=True):
    """Earlier call in a pop."""

    id: str
    direction: str
    started_at_ms: int
    outcome: str
    queue: str | None = None
    talk_ms: int = 0
    ticket_id: str | None = None


class HistoryView(msgspec.Struct, frozen=True):
    """History of the customer's last days, newest first."""

    days: int
    tickets: list[PopTicket]
    calls: list[PopCall]


class PopSimilar(msgspec.Struct, frozen=True):
    """Open ticket that may be about the same matter, with the reason."""

    ticket: PopTicket
    score: float
    """0 to 1."""
    why: list[SpokenWording]


class Pop(msgspec.Struct, frozen=True):
    """Screen pop: the facts of a call before the phone rings (H4, H5, H9)."""

    id: str
    call_id: str
    offered_at_ms: int
    queue: str
    waited_ms: int
    greeting: SpokenWording
    """Names the organisation and the agent's staff number."""
    number: CallerNumber | None = None
    """None where the caller withheld it."""
    customers: list[CustomerCard] = []
    customer_id: str | None = None
    """Who it is, where that is certain; otherwise the agent chooses among `customers`."""
    history: HistoryView | None = None
    open_tickets: list[PopTicket] = []
    similar: list[PopSimilar] = []
    keys: list[str] = []
    """Keys pressed in the menus, in order."""
    kind: str | None = None
    """Kind of matter chosen in the menus."""
    arrears: SpokenWording | None = None
    """Reminder of arrears; None where nothing is owed."""


class Draft(msgspec.Struct, frozen=True):
    """Draft of a call's form: a lost browser loses nothing (F14)."""

    call_id: str
    fields: dict[str, Any]


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


class CallParty(msgspec.Struct, frozen=True):
    """Third party of a call: another agent or an outside number."""

    kind: str
    """`agent` or `number`."""
    id: str
    """The agent's id, or the number."""
    name: str = ""
    answered: bool = False


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
    """`agent`: it is this agent's call; `third`: this agent is consulted."""
    muted: bool = False
    held_by_phone: bool = False
    """The agent's own phone holds the call."""
    recording: bool = True
    """False: its agent paused the recording."""
    held_ms: int = 0
    """How long the customer was held before, without the present hold."""
    held_since_ms: int | None = None
    party: CallParty | None = None


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
    longest_wait_ms: int = 0
    agents: dict[AgentState, int] = {}
    """How many of its agents are in which state."""


class DeskSnapshot(msgspec.Struct, frozen=True):
    """State of agents and queues when a desk opens."""

    agent: OwnState | None = None
    """The agent's own state, on an agent's desk."""
    queues: list[QueueState] = []
    """All queues, on the desk of a supervisor."""
    agents: list[Presence] = []
    """All agents, on the desk of a supervisor."""
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


class Command(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Desk to server."""


class Hello(Command, frozen=True, tag="hello"):
    """The first message of a client without a cookie: the one-time ticket."""

    ticket: str


class ReadyCommand(Command, frozen=True, tag="ready"):
    """Take calls."""


class PauseCommand(Command, frozen=True, tag="not_ready"):
    """Take no calls, at once or after the present one."""

    reason: str


class WrapUpDone(Command, frozen=True, tag="wrap_up_done"):
    """The work after the call is done."""


class ExtendWrapUp(Command, frozen=True, tag="extend_wrap_up"):
    """Add time to the wrap-up."""

    seconds: Annotated[int, msgspec.Meta(ge=10, le=600)] = 60


class PopSeen(Command, frozen=True, tag="pop_seen"):
    """The pop is on the screen."""

    id: str


class StoreDraft(Command, frozen=True, tag="draft"):
    """Store the text typed so far."""

    call_id: str
    fields: dict[str, Any]


class CallTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Target of a transfer or a consultation."""

    kind: Literal["agent", "queue", "department", "number"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """The agent's or department's id, the queue's name, or the number as people write it."""


class ControlCall(Command, frozen=True, tag="call_command"):
    """Command about the agent's own call.

    The answer is a `call` or a `refused` message.
    """

    action: CallAction
    key: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Idempotency key: the same command with the same key is carried out once."""
    digits: Annotated[str, msgspec.Meta(max_length=32)] = ""
    target: CallTarget | None = None
    to_head: bool = False
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Ping(Command, frozen=True, tag="ping"):
    """Is the server there?"""


AgentCommand = ReadyCommand | PauseCommand | WrapUpDone | ExtendWrapUp | PopSeen | ControlCall
"""Commands that an agent's desk hands to the service."""
AnyCommand = AgentCommand | Hello | StoreDraft | Ping
ServerMessage = (
    Welcome
    | PopShown
    | PopClosed
    | CallChanged
    | PhoneChanged
    | OwnState
    | Presence
    | QueueState
    | Notice
    | Replaced
    | CommandRefused
    | Pong
)
"""Every message from server to desk."""
