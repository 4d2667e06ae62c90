"""Use cases of the queues. Each is one atomic function on Redis."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from ari_app.queues.errors import AgentNotSignedIn, NothingToWrapUp, QueueUnknown, WrapUpFixed
from ari_app.queues.loads import QueueLoads
from ari_app.queues.model import (
    LEAVE_EVENTS,
    AgentSnapshot,
    AgentState,
    DeclineReason,
    Departure,
    Entered,
    LeaveReason,
    Place,
    PreferredAgent,
    Snapshot,
    WaitingCall,
)
from ari_app.queues.node import QueueNode
from ari_app.queues.settings import HEAD_OF_QUEUE, QueueSettings, WrapUpMode, usual_settings
from ari_app.queues.store import QueueCommand, plain_id, plain_word

RESTORED_AT_ONCE = 200


class _Restored(msgspec.Struct):
    call_id: str
    queue: str
    priority: int
    joined_at_ms: int
    node: str
    preferred: str
    asks: Sequence[str]


class _Left(msgspec.Struct):
    queue: str
    position: int
    waited_ms: int
    agent_id: str | None = None


_ENTER = QueueCommand[Entered]("enter", Entered)
_LEAVE = QueueCommand[_Left | None]("leave", _Left | None)
_PLACE = QueueCommand[Place | None]("place", Place | None)
_STAFFED = QueueCommand[bool]("staffed", bool)
_PULL = QueueCommand[bool]("pull", bool)
_RINGING = QueueCommand[bool]("ringing", bool)
_CONNECTED = QueueCommand[bool]("connected", bool)
_DECLINED = QueueCommand[bool]("declined", bool)
_FINISHED = QueueCommand[bool]("finished", bool)
_OCCUPIED = QueueCommand[bool]("occupied", bool)
_TAKE = QueueCommand[bool]("take", bool)
_READY = QueueCommand[AgentSnapshot | None]("ready", AgentSnapshot | None)
_NOT_READY = QueueCommand[AgentSnapshot | None]("not_ready", AgentSnapshot | None)
_WRAP_UP_DONE = QueueCommand[AgentSnapshot | None]("wrap_up_done", AgentSnapshot | None)
_EXTEND_WRAP_UP = QueueCommand[AgentSnapshot | None]("extend_wrap_up", AgentSnapshot | None)
_RESULT_STORED = QueueCommand[bool]("result_stored", bool)
_SIGN_IN = QueueCommand[AgentSnapshot]("sign_in", AgentSnapshot)
_SIGN_OUT = QueueCommand[AgentSnapshot]("sign_out", AgentSnapshot)
_AGENT = QueueCommand[AgentSnapshot]("agent", AgentSnapshot)
_SNAPSHOT = QueueCommand[Snapshot]("snapshot", Snapshot)
_RESTORE = QueueCommand[int]("restore", int)


class QueueService(QueueNode):
    """Use cases of calls, desks and wallboards.

    Every method raises QueuesUnavailable when Redis does not answer in time. The step may have been carried out;
    repeating it does no harm: a step that was done already returns False or None.
    """

    # Callers

    async def enter(
        self,
        call_id: str,
        queue: str,
        priority: int = 0,
        preferred: Sequence[PreferredAgent] = (),
        asks: Sequence[str] = (),
    ) -> Entered:
        """Join a queue, or change to another with the same joining time.

        Higher `priority` is served first. An agent who is free is reserved in the same step: the preferred one where
        ready (H15), else the one whom the queue's strategy names among those with the skills that the caller needs
        now. `asks` are the words by which the queue's rules tell what that is.

        Raises:
            QueueUnknown: no such queue.
        """
        self._check_queue(queue)
        if not 0 <= priority <= HEAD_OF_QUEUE:
            raise ValueError(f"a priority is from 0 to {HEAD_OF_QUEUE}, not {priority}")
        first = self._preferred(queue, preferred)
        return await self._run(_ENTER, *enter_arguments(call_id, queue, priority, first, asks))

    async def leave(self, call_id: str, reason: LeaveReason, key: str | None = None) -> Departure | None:
        """Leave the queue without an agent. None: in no queue.

        `key` is the one that the caller pressed to leave.
        An agent who is rung stays reserved until `declined` reports that the phone is silent, at most 0.8 s.
        """
        left = await self._run(_LEAVE, call_id, LEAVE_EVENTS.get(reason, ""), key or "")
        if left is None:
            return None
        return Departure(
            queue=left.queue,
            position=left.position,
            waited_ms=left.waited_ms,
            reason=reason,
            abandoned=reason is LeaveReason.CALLER_HUNG_UP,
            agent_id=left.agent_id,
        )

    async def position(self, call_id: str) -> Place | None:
        """Return the caller's place; None for a call in no queue."""
        return await self._run(_PLACE, call_id)

    async def staffed(self, queue: str) -> bool:
        """Tell whether a signed-in agent serves the queue."""
        return await self._run(_STAFFED, queue)

    @cached_property
    def loads(self) -> QueueLoads:
        """Agents of each queue, counted once a second at most."""
        return QueueLoads(self.snapshot)

    # Offers

    async def pull(self, call_id: str, staff_id: str) -> bool:
        """Offer a waiting caller to a supervisor. False: an agent was faster.

        Also false where the caller left, or the supervisor has a call.
        """
        return await self._run(_PULL, call_id, plain_id(staff_id))

    async def ringing(self, reservation_id: str) -> bool:
        """Start the time to answer. False: the offer is over."""
        return await self._run(_RINGING, reservation_id)

    async def connected(self, reservation_id: str) -> bool:
        """Connect caller and agent. False: the reservation is over.

        Others who are rung for the caller are free when `declined` reports that their phones are silent.
        """
        return await self._run(_CONNECTED, reservation_id)

    async def declined(self, reservation_id: str, reason: DeclineReason) -> bool:
        """End an offer that failed. False: it was over already.

        The caller is back in the same place, unless others are rung on; the agent is free or not ready. After
        `caller_gone` the call is not offered again; `leave` still returns place and wait, for ten seconds.
        """
        return await self._run(_DECLINED, reservation_id, reason.value)

    async def finished(self, agent_id: str, call_id: str, *, talked: bool = True, missed: bool = False) -> bool:
        """Begin the agent's wrap-up. False: the agent was not in that call.

        Without having `talked` the agent is free at once and keeps the place among the idle; `missed` says that the
        agent's phone rang for a colleague's call, and was not answered.
        """
        return await self._run(_FINISHED, agent_id, call_id, "missed" if missed else "talked" if talked else "unheard")

    async def occupied(self, agent_id: str, call_id: str, queue: str | None = None) -> bool:
        """Mark an agent as talking without a match. False: in another call.

        Such a call was dialled out, or restored after Redis lost its data. An agent who was offline is offline again
        afterwards, unless a desk signs in meanwhile.
        """
        return await self._run(_OCCUPIED, plain_id(agent_id), plain_id(call_id), queue or "")

    async def take(self, agent_id: str, call_id: str) -> bool:
        """Reserve a waiting call for an agent who chose it.

        An agent who is rung for it stays free. False: the agent is not free, does not serve the queue, or the call is
        no longer in line.
        """
        return await self._run(_TAKE, plain_id(agent_id), plain_id(call_id))

    async def hold_on(self, agent_id: str, call_id: str, queue: str | None) -> bool:
        """Restore an agent's call after Redis lost its data (F19).

        Tell whether the agent has the call. An agent in a call is never offline: if Redis says so, it lost its data.
        """
        agent = await self.agent(agent_id)
        if agent.state is AgentState.OFFLINE:
            await self.leave(call_id, LeaveReason.SYSTEM)
            return await self.occupied(agent_id, call_id, queue)
        return agent.state is AgentState.TALKING and agent.call_id == call_id

    # Agents

    async def sign_in(
        self, agent_id: str, queues: Sequence[str], skills: Mapping[str, int] | None = None, number: str = ""
    ) -> AgentSnapshot:
        """Sign an agent in, not ready at first, or change the agent.

        Raises:
            QueueUnknown: one of the queues is not there.
        """
        for queue in queues:
            self._check_queue(queue)
        return await self._run(_SIGN_IN, *sign_in_arguments(agent_id, queues, skills or {}, number))

    async def sign_out(self, agent_id: str) -> AgentSnapshot:
        """Sign an agent out, after a present call."""
        return await self._run(_SIGN_OUT, agent_id)

    async def ready(self, agent_id: str) -> AgentSnapshot:
        """Make an agent ready; end the wrap-up or cancel a requested pause.

        A waiting call is reserved in the same step.

        Raises:
            AgentNotSignedIn: the agent is offline.
        """
        return _signed_in(agent_id, await self._run(_READY, agent_id))

    async def not_ready(self, agent_id: str, reason: str) -> AgentSnapshot:
        """Make an agent not ready, after a present call and its wrap-up.

        Raises:
            AgentNotSignedIn: the agent is offline.
        """
        return _signed_in(agent_id, await self._run(_NOT_READY, agent_id, reason))

    async def wrap_up_done(self, agent_id: str) -> AgentSnapshot:
        """End the wrap-up: ready, or the state requested meanwhile.

        Raises:
            NothingToWrapUp: the agent is not in wrap-up.
        """
        snapshot = await self._run(_WRAP_UP_DONE, agent_id)
        if snapshot is None:
            raise NothingToWrapUp(f"agent {agent_id} is not in wrap-up")
        return snapshot

    async def extend_wrap_up(self, agent_id: str, seconds: int) -> AgentSnapshot:
        """Extend the wrap-up, to the queue's cap in all at most.

        Raises:
            NothingToWrapUp: the agent is not in wrap-up.
            WrapUpFixed: the queue gives no more time.
        """
        agent = await self.agent(agent_id)
        if agent.state is AgentState.WRAP_UP and self.settings_of(agent.queue or "").wrap_up is not WrapUpMode.TIMED:
            raise WrapUpFixed(f"queue {agent.queue} gives no more time for the wrap-up")
        snapshot = await self._run(_EXTEND_WRAP_UP, agent_id, seconds * 1000)
        if snapshot is None:
            raise NothingToWrapUp(f"agent {agent_id} is not in wrap-up")
        return snapshot

    async def result_stored(self, agent_id: str, call_id: str) -> bool:
        """Note that the agent's result is stored. False: of another call."""
        return await self._run(_RESULT_STORED, agent_id, call_id)

    async def agent(self, agent_id: str) -> AgentSnapshot:
        """Return an agent's state; offline where unknown."""
        return await self._run(_AGENT, agent_id)

    # Views and upkeep

    async def snapshot(self) -> Snapshot:
        """Return all queues and signed-in agents."""
        found = await self._run(_SNAPSHOT)
        order = {name: index for index, name in enumerate(self.queues)}
        return msgspec.structs.replace(
            found,
            queues=tuple(sorted(found.queues, key=lambda queue: order.get(queue.queue, len(order)))),
            agents=tuple(sorted(found.agents, key=lambda agent: agent.agent_id)),
        )

    async def restore(self, waiting: Sequence[WaitingCall]) -> int:
        """Restore callers' places after Redis lost its data (F19). Idempotent.

        Return how many were unknown.
        """
        added = 0
        for first in range(0, len(waiting), RESTORED_AT_ONCE):
            part = [
                _Restored(one.call_id, one.queue, one.priority, one.joined_at_ms, one.node, preferred, one.asks)
                for one in waiting[first : first + RESTORED_AT_ONCE]
                for preferred in [self._preferred(one.queue, one.preferred)]
            ]
            added += await self._run(_RESTORE, msgspec.json.encode(part).decode())
        return added

    def settings_of(self, queue: str) -> QueueSettings:
        """Return a queue's settings, the usual ones for an unknown queue."""
        return self.queues.get(queue) or usual_settings(queue)

    def _preferred(self, queue: str, preferred: Sequence[PreferredAgent]) -> str:
        """Return preferred agents with the time that the queue waits for each."""
        settings = self.settings_of(queue)
        waits: dict[str, int] = {}
        for one in preferred:
            waits.setdefault(plain_id(one.agent_id), int(settings.preferred_wait_s.get(one.by, 0) * 1000))
        return ",".join(f"{agent_id}={wait_ms}" for agent_id, wait_ms in waits.items())

    def _check_queue(self, queue: str) -> None:
        if queue not in self.queues:
            raise QueueUnknown(f"there is no queue {queue!r}")


def enter_arguments(
    call_id: str, queue: str, priority: int, first: str, asks: Sequence[str]
) -> tuple[str, str, int, str, str]:
    """Return the arguments of the step that joins a queue."""
    return plain_id(call_id), queue, priority, first, ",".join(map(plain_word, asks))


def sign_in_arguments(
    agent_id: str, queues: Sequence[str], skills: Mapping[str, int], number: str
) -> tuple[str, str, str, str]:
    """Return the arguments of the step that signs an agent in."""
    levels = ",".join(f"{plain_word(name)}={level}" for name, level in sorted(skills.items()))
    return plain_id(agent_id), ",".join(dict.fromkeys(queues)), levels, number


def _signed_in(agent_id: str, snapshot: AgentSnapshot | None) -> AgentSnapshot:
    if snapshot is None:
        raise AgentNotSignedIn(f"agent {agent_id} is not signed in")
    return snapshot
