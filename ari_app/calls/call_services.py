"""Services that every live call of a process works with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.holding import HoldingBridges
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.desk.model import CallChanged
from ari_app.desk.pop import Pop
from ari_app.queues.expected_wait import WaitRange
from ari_app.queues.hours import QueueHours
from ari_app.queues.overflow import QueueLoad
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
    """Phone of an agent, with what customers may know of the agent."""

    agent_id: str
    staff_number: str
    name: str
    endpoint: str
    """The SIP user as which the phone registers."""


TRANSFER_BY_US: Mapping[str, str] = {"PJSIP_TRANSFER_HANDLING()": "ari-only"}
"""Variables of an agent's leg: a REFER of the phone is reported to us, and Asterisk transfers nothing."""


class AgentDirectory(Protocol):
    """Agents by id, from memory: looked up between match and ringing."""

    def phone(self, agent_id: str) -> AgentPhone | None:
        """Return the agent's phone; None for an unknown or inactive agent."""

    def phones(self) -> Sequence[AgentPhone]:
        """Return the phones of all active agents."""


class Desks(Protocol):
    """Desks of agents."""

    async def pop(self, agent_id: str, pop: Pop) -> bool:
        """Show a call on an agent's desk; False without a desk."""

    async def close_pop(
        self, agent_id: str, call_id: str, *, missed_of: int | None = None, answered_by: str | None = None
    ) -> None:
        """Remove a call from the agent's desk.

        After a missed ring `missed_of` is the number of them that pauses the agent; 0 for a colleague's call.
        `answered_by` names the agent who was faster.
        """

    async def call_changed(self, agent_id: str, changed: CallChanged) -> None:
        """Show the new state of the agent's call."""


PopMaker = Callable[[CallState, AgentPhone, int], Pop]
"""Makes the screen pop for one agent; the number is the caller's wait in milliseconds."""


class Pops(Protocol):
    """Gathers the facts of screen pops (H4, H5, H9)."""

    async def prepare(self, state: CallState) -> PopMaker:
        """Look up the caller's facts; return a maker of screen pops."""


class Waits(Protocol):
    """Expected waits of callers in line."""

    async def range_at(self, queue: str, place: int, load: QueueLoad) -> WaitRange | None:
        """Return the range that a caller hears; None: not known."""

    async def mean_ms(self, queue: str, place: int, load: QueueLoad) -> int | None:
        """Return the mean wait at a place; None: not known."""


class CallBacks(Protocol):
    """Calls back that callers asked for."""

    async def wanted(self, call_back_id: str, call_id: str) -> bool:
        """Tell whether this call is still to carry a call back out."""

    async def outstanding(self, number: str | None) -> bool:
        """Tell whether a number has a call back that has not ended."""

    async def merge(self, number: str, queue: str, call_id: str) -> int | None:
        """Give the number's call back up: its caller is here again.

        Return when the caller joined this queue first, in milliseconds.
        """


class Messages(Protocol):
    """Tickets of messages that callers left."""

    async def file(self, state: CallState) -> None:
        """File the ticket of a call that has ended. Safe to repeat."""


class EntryPoint(Protocol):
    """Beginning of conversations."""

    async def cursor(self, state: CallState) -> Cursor:
        """Return the first cursor of a call: its step and variables."""

    def of_flow(self, state: CallState, flow: str) -> Cursor:
        """Return the first cursor of a flow that an agent chose."""


class CallLifecycle:
    """State of the process: when it stops, calls pass to the next."""

    def __init__(self) -> None:
        self.leaving = False


def _unshared(_state: CallState, _department_id: str) -> None:
    """Share no call."""


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
    """The number that people see when we call them."""
    walker: Callable[[Voice, CursorStore], FlowWalker]
    prompts: PromptAudio
    entry_points: EntryPoint
    messages: Messages
    call_backs: CallBacks
    in_fallback: Callable[[], Awaitable[frozenset[str]]]
    """Returns the callers' channels that the dialplan's fallback took."""
    grade_priorities: Mapping[Grade, int] = field(default_factory=dict)
    """Added to the priority of a customer's call, by grade (H20)."""
    waits: Waits | None = None
    hours: QueueHours = field(default_factory=QueueHours)
    """Opening hours of the queues."""
    urge_priority: int = 0
    """Added for each time that the customer urged an open ticket, `MOST_URGES` times at most."""
    reconnect_s: float = 30.0
    """How long a customer waits for an agent's phone that vanished, before another agent is looked for."""
    pause_tone: Path | None = None
    """The sound in the pauses of flows; None for silence."""
    share: Callable[[CallState, str], None] = _unshared
    """Begins to send a call's link to a department that is called (H2)."""
    life: CallLifecycle = field(default_factory=CallLifecycle)
