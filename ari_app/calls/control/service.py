"""Use cases of call control: orders reach the call's task."""

from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.command_inbox import CommandInbox
from ari_app.calls.control.errors import (
    CallOutOfReach,
    CallUnknown,
    NoCall,
    NotNow,
    SupervisorBusy,
    TargetBusy,
    TargetInvalid,
)
from ari_app.calls.control.model import AnyCommand, CallCommand, SupervisorAction, SupervisorCommand, Target, TargetKind
from ari_app.calls.control.orders import Order
from ari_app.calls.control.relay import CommandRelay
from ari_app.calls.control.targets import BUSY, TransferTargets
from ari_app.calls.control.view import call_changed
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.desk.call_states import CallAction
from ari_app.desk.model import CallChanged, CallStage
from ari_app.queues.model import AgentSnapshot, AgentState
from ari_app.queues.service import QueueService
from foundation.clock import milliseconds, utc_now
from foundation.problems import FieldProblem

QUEUE_RULE = "must be a queue of queues.yaml"

log = structlog.get_logger()


class OwnedCall(Protocol):
    """Call of this process."""

    state: CallState
    commands: CommandInbox


class OwnedCalls(Protocol):
    """Calls of this process by id."""

    @property
    def calls(self) -> Mapping[str, OwnedCall]: ...

    async def link_ticket(self, call_id: str, ticket_id: str) -> None:
        """Note a ticket filed in a call, if it is here."""


class CallControl:
    """Orders of agents about their calls, on any node."""

    def __init__(self, redis: Redis, node: str, store: CallStore, queues: QueueService) -> None:
        self._node = node
        self._store = store
        self._queues = queues
        self._relay = CommandRelay(redis, node, self._obey_here, self._link_here)
        self._calls: OwnedCalls | None = None
        self._targets: TransferTargets | None = None

    def connect(self, calls: OwnedCalls, targets: TransferTargets) -> None:
        """Give it the calls of this process, which are made later."""
        self._calls, self._targets = calls, targets

    async def run(self) -> NoReturn:
        """Take the commands of other nodes. Only cancellation ends it."""
        await self._relay.run()

    async def obey(self, order: Order) -> CallChanged:
        """Carry out an agent's order about the agent's own call.

        Raises:
            Problem: it is refused, with the reason.
        """
        order.check()
        agent = await self._queues.agent(order.agent_id)
        rings = agent.state is AgentState.RINGING and order.action is CallAction.RECONNECT
        if agent.call_id is None or not (rings or agent.state is AgentState.TALKING):
            raise NoCall("the agent is in no call")
        return await self.command(agent.call_id, order)

    async def command(self, call_id: str, order: Order) -> CallChanged:
        """Carry out an agent's order about one call.

        Raises:
            Problem: it is refused, with the reason.
        """
        target = await self._target(order)
        command = CallCommand(
            action=order.action,
            call_id=call_id,
            agent_id=order.agent_id,
            key=order.key,
            digits=order.digits,
            target=target,
            to_head=order.to_head,
            note=order.note,
        )
        await self._give(command)
        try:
            return call_changed(await self.state(call_id), order.agent_id)
        except CallUnknown:
            return CallChanged(call_id=call_id, stage=CallStage.ENDED, at_ms=milliseconds(utc_now()), over=True)

    async def supervise(self, call_id: str, staff_id: str, action: SupervisorAction, *, silent: bool, key: str) -> None:
        """Carry out a supervisor's order about a call.

        Raises:
            SupervisorBusy: the supervisor is in another call.
            Problem: it is refused, with the reason.
        """
        assert self._targets is not None, "connected"
        phone = self._targets.own_phone(staff_id)
        if action is not SupervisorAction.LEAVE:
            await self._check_free(staff_id, call_id)
        await self._give(SupervisorCommand(action=action, call_id=call_id, supervisor=phone, silent=silent, key=key))

    async def pull(self, call_id: str, staff_id: str) -> None:
        """Ring a supervisor's phone for a caller who waits.

        Raises:
            SupervisorBusy: the supervisor is in another call.
            NotNow: an agent was faster, the caller left, or the supervisor has a call.
        """
        assert self._targets is not None, "connected"
        self._targets.own_phone(staff_id)
        await self._check_free(staff_id, call_id)
        if not await self._queues.pull(call_id, staff_id):
            raise NotNow("the caller waits no more, or the supervisor is in a call")

    async def _check_free(self, staff_id: str, call_id: str) -> None:
        """Refuse a supervisor who is in another call.

        One phone has one ear.

        Raises:
            SupervisorBusy: with that call.
            CallOutOfReach: Redis does not answer.
        """
        try:
            own = await self._queues.agent(staff_id)
            calls = await self._store.all()
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("Redis does not answer") from None
        if own.state in BUSY and own.call_id not in {None, call_id}:
            raise SupervisorBusy(f"the supervisor is in call {own.call_id}")
        for other in (one for one in calls if one.id != call_id and one.stage is not CallStage.ENDED):
            supervisor = other.control.supervisor if other.control is not None else None
            if supervisor is not None and supervisor.target.id == staff_id:
                raise SupervisorBusy(f"the supervisor is with call {other.id}: leave it first")

    async def move(self, call_id: str, staff_id: str, queue: str, *, key: str) -> None:
        """Move a waiting caller to another queue; the joining time stays.

        Raises:
            TargetInvalid: no such queue.
            NotNow: the caller waits no more, or is in that queue.
        """
        if queue not in self._queues.queues:
            raise TargetInvalid(f"there is no queue {queue!r}", [FieldProblem(field="queue", rule=QUEUE_RULE)])
        supervisor = Target(TargetKind.AGENT, staff_id)
        await self._give(
            SupervisorCommand(
                action=SupervisorAction.MOVE, call_id=call_id, supervisor=supervisor, queue=queue, key=key
            )
        )

    async def _give(self, command: AnyCommand) -> None:
        """Hand a command to the node that has the call.

        Raises:
            Problem: it is refused, with the reason.
        """
        if command.call_id in self._here:
            await self._obey_here(command)
            return
        state = await self.state(command.call_id)
        if state.node == self._node:
            raise NoCall("the call has just begun or ended")
        await self._relay.ask(state.node, command)

    async def pick_up(self, call_id: str, order: Order) -> CallChanged:
        """Have an agent take a parked or waiting call.

        Raises:
            Problem: it is neither, or the agent has another call.
        """
        agent = await self._queues.agent(order.agent_id)
        if agent.state in BUSY:
            raise TargetBusy("the agent is in another call")
        state = await self.state(call_id)
        if state.target is None or state.bridged:
            return await self.command(call_id, order)
        if not await self._queues.take(order.agent_id, call_id):
            raise NotNow("the call waits in no queue of this agent, or was answered meanwhile")
        return call_changed(state, order.agent_id)

    def is_queue(self, name: str) -> bool:
        """Tell whether there is such a queue."""
        return name in self._queues.queues

    async def _target(self, order: Order) -> Target | None:
        assert self._targets is not None, "connected"
        if order.action is CallAction.PICK_UP:
            return self._targets.own_phone(order.agent_id)
        return await self._targets.resolve(order.agent_id, order.target) if order.target is not None else None

    async def link_ticket(self, call_id: str, ticket_id: str) -> None:
        """Note a ticket filed in a live call. Safe to repeat.

        Where the node or Redis does not answer, the desks do not show it; recordings and record have it all the same.
        """
        if call_id in self._here:
            await self._link_here(call_id, ticket_id)
            return
        with suppress(CallUnknown, CallOutOfReach):
            await self._relay.tell_ticket((await self.state(call_id)).node, call_id, ticket_id)

    async def _link_here(self, call_id: str, ticket_id: str) -> None:
        if self._calls is not None:
            await self._calls.link_ticket(call_id, ticket_id)

    async def shown(self, agent: AgentSnapshot) -> CallChanged | None:
        """Return an agent's present call; None where there is none. Never raises."""
        if agent.state is not AgentState.TALKING or agent.call_id is None:
            return None
        try:
            return call_changed(await self.state(agent.call_id), agent.agent_id)
        except (CallUnknown, CallOutOfReach):
            return None

    async def own(self, agent_id: str) -> CallChanged:
        """Return an agent's present call.

        Raises:
            NoCall: there is none.
        """
        shown = await self.shown(await self._queues.agent(agent_id))
        if shown is None:
            raise NoCall("the agent is in no call")
        return shown

    async def report(self, agent_id: str) -> None:
        """Report an agent's call of this process to queues that lost it (F19).

        A desk that opens meanwhile would sign the agent in as one without a call.

        Raises:
            QueuesUnavailable: Redis does not answer.
        """
        for call in [*self._here.values()]:
            if agent_id not in call.state.agents:
                continue
            await self._queues.hold_on(agent_id, call.state.id, call.state.home_queue)
            if agent_id not in call.state.agents:
                # The call ended meanwhile; if that was before `hold_on`, nothing else releases the agent.
                await self._queues.finished(agent_id, call.state.id)

    @property
    def _here(self) -> Mapping[str, OwnedCall]:
        return self._calls.calls if self._calls is not None else {}

    async def _obey_here(self, command: AnyCommand) -> None:
        call = self._here.get(command.call_id)
        if call is None:
            raise NoCall("the call is over, or passes to another process")
        await call.commands.give(command)

    async def state(self, call_id: str) -> CallState:
        """Return a live call of any node.

        Raises:
            CallUnknown: it is over.
            CallOutOfReach: Redis does not answer.
        """
        if (call := self._here.get(call_id)) is not None:
            return call.state
        try:
            found = await self._store.get(call_id)
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("Redis does not answer") from None
        if found is None:
            raise CallUnknown(f"there is no live call {call_id}")
        return found
