"""Use cases of calls that agents make."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.calls.call_services import AgentDirectory, AgentPhone
from ari_app.calls.control.errors import TargetBusy
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.control.outside import OutsideCalls
from ari_app.calls.control.targets import BUSY, TransferTargets
from ari_app.calls.control.view import call_changed
from ari_app.calls.model import CallState, Outgoing
from ari_app.calls.outgoing import outgoing_call
from ari_app.calls.tolls import Purpose
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallChanged
from ari_app.missed.service import MissedCallers
from ari_app.outgoing import store
from ari_app.outgoing.errors import InACall, LinkUnknown, NoPhone, ShownNumberClosed
from ari_app.outgoing.model import CallOut, OutgoingRules
from ari_app.outgoing.store import Linked
from ari_app.queues.errors import AgentNotSignedIn
from ari_app.queues.model import AgentSnapshot, AgentState
from ari_app.queues.service import QueueService
from crm.customers.model import Identification
from foundation.database import Database
from foundation.problems import FieldProblem, Invalid
from foundation.routes import Principal

RING_INTERNAL_S = 30.0
LookUp = Callable[[AsyncSession, str], Awaitable[Linked | None]]


@dataclass(frozen=True)
class Line:
    """Node and numbers from which calls are made."""

    node: str
    shown_numbers: tuple[str, ...]
    """Numbers that agents may show, the usual one first."""


Identify = Callable[[str], Awaitable[Identification]]
"""Returns the customers of a number."""


class CallingOut:
    """Calls of agents: checked, reserved, placed."""

    def __init__(
        self,
        line: Line,
        database: Database,
        agents: AgentDirectory,
        queues: QueueService,
        missed: MissedCallers,
        identify: Identify,
    ) -> None:
        self._line = line
        self._database = database
        self._agents = agents
        self._queues = queues
        self._missed = missed
        self._identify = identify
        self._targets: TransferTargets | None = None
        self._outside: OutsideCalls | None = None
        self._place: Callable[[CallState], None] | None = None

    def connect(self, targets: TransferTargets, outside: OutsideCalls, place: Callable[[CallState], None]) -> None:
        """Give it the calls of this process, which are made later."""
        self._targets, self._outside, self._place = targets, outside, place

    async def call(self, given: CallOut, who: Principal) -> CallChanged:
        """Make a call: the agent's phone rings first.

        Raises:
            InACall, NoPhone, AgentNotSignedIn: the agent cannot call now.
            ShownNumberClosed: the number that is to be shown is not open.
            LinkUnknown: what the call is about is not there.
            ClaimedByAnother: another person calls this caller back.
            NumberRefused, TargetInvalid, TargetBusy, TooManyOutsideCalls: the party cannot be called.
        """
        phone, agent = await self._free(who)
        shown = self._shown(given)
        linked = await self._linked(given)
        target = await self._target(given, linked, who)
        if given.missed_call_id is not None:
            await self._missed.claim(given.missed_call_id, who)
        is_internal = target.kind is TargetKind.AGENT
        home_queue = agent.queues[0] if agent.queues and not is_internal else None
        outgoing = Outgoing(
            agent_id=who.staff_id,
            caller_name=who.name,
            target=target,
            home_queue=home_queue,
            missed_call_id=given.missed_call_id,
            shown_number=shown,
        )
        ring_s = self._queues.settings_of(home_queue or "").ring_s
        state = outgoing_call(self._line.node, phone, outgoing, ring_s=ring_s)
        state.customer_id, state.ticket_id = await self._customer(linked, target), linked.ticket_id
        await self._reserve(state, outgoing)
        assert self._place is not None, "connected"
        self._place(state)
        return call_changed(state, who.staff_id)

    def _shown(self, given: CallOut) -> str:
        """Return the number that the other party sees."""
        shown = given.shown_number or self._line.shown_numbers[0]
        if shown not in self._line.shown_numbers:
            rule = FieldProblem(field="shown_number", rule="must be one of shown_numbers in outside.yaml")
            raise ShownNumberClosed("the number is not shown", [rule])
        return shown

    async def rules(self, who: Principal) -> OutgoingRules:
        """Return the numbers that an agent may call."""
        assert self._outside is not None, "connected"
        tolls = self._outside.rules
        return OutgoingRules(
            open=sorted(tolls.opens(Purpose.AGENT)),
            opened=sorted(tolls.opened),
            shown_numbers=list(self._line.shown_numbers),
            a_day=tolls.agents.a_day,
            left_today=await self._outside.left_today(who.staff_id),
        )

    async def _free(self, who: Principal) -> tuple[AgentPhone, AgentSnapshot]:
        """Return the phone and state of an agent who may call."""
        agent = await self._queues.agent(who.staff_id)
        if agent.state is AgentState.OFFLINE:
            raise AgentNotSignedIn(f"agent {who.staff_id} is not signed in")
        if agent.state in BUSY:
            raise InACall("end the present call first")
        phone = self._agents.phone(who.staff_id)
        if phone is None:
            raise NoPhone("this account has no phone")
        return phone, agent

    async def _reserve(self, state: CallState, outgoing: Outgoing) -> None:
        """Take the agent, and a called colleague, out of the queues' match."""
        agent_id, called = outgoing.agent_id, state.called_agent
        if not await self._queues.occupied(agent_id, state.id, outgoing.home_queue):
            raise InACall("end the present call first")
        if called is not None and not await self._queues.occupied(called, state.id):
            await self._queues.finished(agent_id, state.id, talked=False)
            raise TargetBusy(f"agent {outgoing.target.staff_number} is in another call")

    async def _target(self, given: CallOut, linked: Linked, who: Principal) -> Target:
        if given.target is not None:
            wanted = CallTarget(given.target.kind, given.target.id)
        elif linked.number is not None:
            wanted = CallTarget("number", linked.number)
        else:
            rule = FieldProblem(field="target", rule="must be given: no number is known here")
            raise Invalid("there is no number to call", [rule])
        assert self._targets is not None, "connected"
        return await self._targets.resolve(who.staff_id, wanted)

    async def _customer(self, linked: Linked, target: Target) -> str | None:
        """Return the customer, by the number where nothing else says."""
        if linked.customer_id is not None or target.kind is not TargetKind.NUMBER:
            return linked.customer_id
        found = (await self._identify(target.id)).customers
        return found[0].id if len(found) == 1 else None

    async def _linked(self, given: CallOut) -> Linked:
        """Return the number, customer and ticket that the call is about."""
        sources: dict[str, tuple[str | None, LookUp]] = {
            "missed_call_id": (given.missed_call_id, store.of_call),
            "call_id": (given.call_id, store.of_call),
            "ticket_id": (given.ticket_id, store.of_ticket),
            "customer_id": (given.customer_id, store.of_customer),
        }
        found: list[Linked] = []
        for field, (wanted, look_up) in sources.items():
            if wanted is None:
                continue
            async with self._database.read() as session:
                one = await look_up(session, wanted)
            if one is None:
                rule = FieldProblem(field=field, rule="must be one that exists")
                raise LinkUnknown(f"there is no {wanted}", [rule])
            found.append(one)
        return Linked(
            number=next((one.number for one in found if one.number is not None), None),
            customer_id=given.customer_id or next((one.customer_id for one in found if one.customer_id), None),
            ticket_id=given.ticket_id or next((one.ticket_id for one in found if one.ticket_id), None),
        )
