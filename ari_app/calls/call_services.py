"""What every live call works with: the same few services, handed to each call once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.holding import HoldingBridges
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.desk.model import Pop
from ari_app.queues.service import QueueService
from crm.customers.model import Grade
from crm.history.service import HistoryService
from foundation.spool import Spool
from ivr.cursor import Cursor, CursorStore
from ivr.prompts import PromptAudio
from ivr.voice import Voice
from ivr.walker import FlowWalker
from recordings.service import RecordingService


@dataclass(frozen=True)
class AgentPhone:
    """How an agent is reached and what customers are told of her."""

    agent_id: str
    staff_number: str
    name: str
    endpoint: str
    """The SIP user her phone registers as."""


class AgentDirectory(Protocol):
    """Agents by id, from memory: looked up between a match and a ring."""

    def phone(self, agent_id: str) -> AgentPhone | None:
        """The agent's line, or None where she is unknown or no longer active."""


class Desks(Protocol):
    """The screens agents sit at."""

    async def pop(self, agent_id: str, pop: Pop) -> bool:
        """Show a call on her desk; whether a desk took it."""

    async def close_pop(self, agent_id: str, call_id: str) -> None:
        """The call no longer concerns her."""

    async def call_changed(self, agent_id: str, state: CallState) -> None:
        """Her call entered another stage."""


PopMaker = Callable[[CallState, AgentPhone, int], Pop]
"""Makes the pop for the agent who is offered the call; the number is how long the caller waited, in milliseconds."""


class Pops(Protocol):
    """Gathers what a desk shows before the phone rings (H4, H5, H9)."""

    async def prepare(self, state: CallState) -> PopMaker:
        """Look everything up once; the result makes the pop for whichever agent is offered the call."""


class Messages(Protocol):
    """Tickets of messages that callers left."""

    async def file(self, state: CallState) -> None:
        """File the ticket of a call that has ended. Safe to repeat."""


class EntryPoint(Protocol):
    """How a conversation begins."""

    async def cursor(self, state: CallState) -> Cursor:
        """Where the call's conversation begins, and what it knows."""


class CallLifecycle:
    """Whether this process is leaving: whatever is cut off from then on goes on in the next one."""

    def __init__(self) -> None:
        self.leaving = False


@dataclass(frozen=True)
class CallServices:
    """Services shared by all calls of a process."""

    node: str
    ari: AriClient
    ami: AmiClient
    dispatcher: Dispatcher
    store: CallStore
    queues: QueueService
    holding: HoldingBridges
    recordings: RecordingService
    history: HistoryService
    spool: Spool
    agents: AgentDirectory
    desks: Desks
    pops: Pops
    dial_plan: DialPlan
    caller_id: str
    """What people see when we call them."""
    walker: Callable[[Voice, CursorStore], FlowWalker]
    prompts: PromptAudio
    entry_points: EntryPoint
    messages: Messages
    in_fallback: Callable[[], Awaitable[frozenset[str]]]
    """Returns the callers' channels that the dialplan's fallback took."""
    grade_priorities: Mapping[Grade, int] = field(default_factory=dict)
    """Added to the priority of a customer's call, by grade (H20)."""
    life: CallLifecycle = field(default_factory=CallLifecycle)
