"""The queues of one node. Every step is one atomic function on Redis; nothing about a queue is kept in this process."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec
from redis.asyncio import Redis

from ari_app.queues.channels import AgentMessage, QueueMessage, Subscription
from ari_app.queues.errors import AgentNotSignedIn, NothingToWrapUp, QueuesUnavailable, QueueUnknown
from ari_app.queues.model import (
    AgentSnapshot,
    AgentState,
    DeclineReason,
    Departure,
    Entered,
    LeaveReason,
    Offer,
    Place,
    QueueChanged,
    Snapshot,
    WaitingCall,
)
from ari_app.queues.settings import HIGHEST_PRIORITY, QueueSettings
from ari_app.queues.store import QueueCommand, QueueStore, ScriptReply, plain_id
from foundation.signals import Signal

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Told = TypeVar("Told")

BACKSTOP_S = 5.0
"""The longest time without a sweep: what a lost message would have told is found then."""
LOOK_AGAIN_S = 0.05
SWEEP_AGAIN_S = 1.0
START_S = 10.0
OFFERS_REMEMBERED = 4096
RESTORED_AT_ONCE = 200


class _Left(msgspec.Struct):
    queue: str
    position: int
    waited_ms: int
    agent_id: str | None = None


_ENTER = QueueCommand[Entered]("enter", Entered)
_LEAVE = QueueCommand[_Left | None]("leave", _Left | None)
_PLACE = QueueCommand[Place | None]("place", Place | None)
_STAFFED = QueueCommand[bool]("staffed", bool)
_RINGING = QueueCommand[bool]("ringing", bool)
_CONNECTED = QueueCommand[bool]("connected", bool)
_DECLINED = QueueCommand[bool]("declined", bool)
_FINISHED = QueueCommand[bool]("finished", bool)
_OCCUPIED = QueueCommand[bool]("occupied", bool)
_READY = QueueCommand[AgentSnapshot | None]("ready", AgentSnapshot | None)
_NOT_READY = QueueCommand[AgentSnapshot | None]("not_ready", AgentSnapshot | None)
_WRAP_UP_DONE = QueueCommand[AgentSnapshot | None]("wrap_up_done", AgentSnapshot | None)
_SIGN_IN = QueueCommand[AgentSnapshot]("sign_in", AgentSnapshot)
_SIGN_OUT = QueueCommand[AgentSnapshot]("sign_out", AgentSnapshot)
_AGENT = QueueCommand[AgentSnapshot]("agent", AgentSnapshot)
_SNAPSHOT = QueueCommand[Snapshot]("snapshot", Snapshot)
_SWEEP = QueueCommand[int]("sweep", int)
_RESTORE = QueueCommand[int]("restore", int)


class QueueService:
    """What calls, desks and wallboards do with the queues.

    Every method raises QueuesUnavailable when Redis does not answer in time. Whether the step was carried out is then
    unknown; repeating it does no harm (what was done already answers False or None).

    `deadline_s` bounds every step on Redis. `now_ms` replaces Redis's clock, in tests.
    """

    def __init__(
        self,
        redis: Redis,
        queues: Mapping[str, QueueSettings],
        node: str,
        *,
        deadline_s: float = 1.0,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.queues = dict(queues)
        self.node = node
        self._redis = redis
        self._store = QueueStore(redis, queues, node, deadline_s=deadline_s, now_ms=now_ms)
        self.step_unanswered = Signal[[]]()
        """Redis did not respond to a step: it is unknown whether the step was carried out."""
        self._on_offer: Callable[[Offer], None] | None = None
        self._told: OrderedDict[str, None] = OrderedDict()
        self._agent_listeners: list[Callable[[AgentSnapshot], None]] = []
        self._queue_listeners: list[Callable[[QueueChanged], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._wake_at = 0.0
        self._earlier = asyncio.Event()

    # Life

    async def start(self, on_offer: Callable[[Offer], None]) -> None:
        """Listen for this node's offers. Those already open are given at once.

        `on_offer` gets every offer for a call that this node owns, once in the life of this process. It must only hand
        over; it is called from whatever step made the offer.

        Raises:
            QueuesUnavailable: Redis was not there within ten seconds.
        """
        self._on_offer = on_offer
        listening = asyncio.Event()

        def subscribed() -> None:
            listening.set()
            self._sweep_within(0)

        subscription = Subscription(
            self._redis,
            self.node,
            on_offer=self._tell,
            on_agent=self._heard_of_agent,
            on_queue=self._heard_of_queue,
            on_subscribed=subscribed,
        )
        self._tasks = [
            asyncio.create_task(subscription.run(), name=f"queues-subscription-{self.node}"),
            asyncio.create_task(self._keep_deadlines(), name=f"queues-deadlines-{self.node}"),
        ]
        try:
            async with asyncio.timeout(START_S):
                await listening.wait()
                await self._first_sweep()
        except TimeoutError as error:
            await self.aclose()
            raise QueuesUnavailable("Redis cannot be reached") from error
        except BaseException:
            await self.aclose()
            raise

    async def _first_sweep(self) -> None:
        while True:
            try:
                await self.sweep()
            except QueuesUnavailable:
                # Redis accepts connections before it has read its data.
                await asyncio.sleep(LOOK_AGAIN_S)
            else:
                return

    async def aclose(self) -> None:
        """Stop listening. Calls and agents stay as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    # Callers

    async def enter(
        self, call_id: str, queue: str, priority: int = 0, preferred_agent_id: str | None = None
    ) -> Entered:
        """Join the line; entering again keeps the place, entering another queue keeps the original join time.

        Higher `priority` is served first. An agent who is free is reserved in the same step: the preferred one where
        ready (H15), else the one whom the queue's strategy names.

        Raises:
            QueueUnknown: no such queue.
        """
        self._check_queue(queue)
        if not 0 <= priority <= HIGHEST_PRIORITY:
            raise ValueError(f"a priority is from 0 to {HIGHEST_PRIORITY}, not {priority}")
        return await self._run(_ENTER, plain_id(call_id), queue, priority, preferred_agent_id or "")

    async def leave(self, call_id: str, reason: LeaveReason) -> Departure | None:
        """Leave the line without an agent. None where the call is in no line: never entered, left, or connected.

        An agent whose phone rings stays reserved until `declined` says that it is silent, at most 0.8 s.
        """
        left = await self._run(_LEAVE, call_id)
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
        """Where the caller stands; None where the call is in no line."""
        return await self._run(_PLACE, call_id)

    async def staffed(self, queue: str) -> bool:
        """Whether an agent who is signed in serves the queue."""
        return await self._run(_STAFFED, queue)

    # Offers

    async def ringing(self, reservation_id: str) -> bool:
        """The agent's phone is being rung: the time to answer runs from here. False: the offer is over, ring nobody."""
        return await self._run(_RINGING, reservation_id)

    async def connected(self, reservation_id: str) -> bool:
        """The agent answered. False: the reservation is not in force any more, hang the agent's leg up."""
        return await self._run(_CONNECTED, reservation_id)

    async def declined(self, reservation_id: str, reason: DeclineReason) -> bool:
        """The offer came to nothing: the caller is back in place, the agent free or not ready. False: it was over.

        After `caller_gone` the call is offered to nobody; `leave` still tells place and wait, for ten seconds.
        """
        return await self._run(_DECLINED, reservation_id, reason.value)

    async def finished(self, agent_id: str, call_id: str, *, talked: bool = True) -> bool:
        """Begin the agent's wrap-up after a conversation. False: the agent was not in that call.

        Without having `talked` the agent is free at once and keeps the place among the idle.
        """
        return await self._run(_FINISHED, agent_id, call_id, "talked" if talked else "unheard")

    async def occupied(self, agent_id: str, call_id: str, queue: str | None = None) -> bool:
        """The agent talks in a call that no match made, such as one dialled out. False: the agent has another call."""
        return await self._run(_OCCUPIED, plain_id(agent_id), plain_id(call_id), queue or "")

    async def hold_on(self, agent_id: str, call_id: str, queue: str | None) -> bool:
        """Keep an agent for the call she has or is being rung for, where Redis forgot both (F19); whether she has it.

        Whoever is in a call is never offline: one whom Redis takes for that was lost with its data.
        """
        agent = await self.agent(agent_id)
        if agent.state is AgentState.OFFLINE:
            await self.leave(call_id, LeaveReason.SYSTEM)
            return await self.occupied(agent_id, call_id, queue)
        return agent.state is AgentState.TALKING and agent.call_id == call_id

    # Agents

    async def sign_in(self, agent_id: str, queues: Sequence[str]) -> AgentSnapshot:
        """Serve these queues, not ready at first (reason `signed_in`). Signed in already: only the queues are changed.

        Raises:
            QueueUnknown: one of the queues is not there.
        """
        for queue in queues:
            self._check_queue(queue)
        return await self._run(_SIGN_IN, plain_id(agent_id), ",".join(dict.fromkeys(queues)))

    async def sign_out(self, agent_id: str) -> AgentSnapshot:
        """Serve no queue; with a call, as soon as it is over."""
        return await self._run(_SIGN_OUT, agent_id)

    async def ready(self, agent_id: str) -> AgentSnapshot:
        """Take calls; ends wrap-up and takes back a pause asked for. A waiting call is reserved in the same step.

        Raises:
            AgentNotSignedIn: the agent is offline.
        """
        return _signed_in(agent_id, await self._run(_READY, agent_id))

    async def not_ready(self, agent_id: str, reason: str) -> AgentSnapshot:
        """Take no calls; asked for while busy or in wrap-up, it comes into force afterwards.

        Raises:
            AgentNotSignedIn: the agent is offline.
        """
        return _signed_in(agent_id, await self._run(_NOT_READY, agent_id, reason))

    async def wrap_up_done(self, agent_id: str) -> AgentSnapshot:
        """End the wrap-up: ready, or what was asked for meanwhile.

        Raises:
            NothingToWrapUp: the agent is not in wrap-up.
        """
        snapshot = await self._run(_WRAP_UP_DONE, agent_id)
        if snapshot is None:
            raise NothingToWrapUp(f"agent {agent_id} is not in wrap-up")
        return snapshot

    async def agent(self, agent_id: str) -> AgentSnapshot:
        """How the agent is; offline where unknown."""
        return await self._run(_AGENT, agent_id)

    # Views and upkeep

    async def snapshot(self) -> Snapshot:
        """Every queue and every agent who is signed in."""
        found = await self._run(_SNAPSHOT)
        order = {name: index for index, name in enumerate(self.queues)}
        return msgspec.structs.replace(
            found,
            queues=tuple(sorted(found.queues, key=lambda queue: order.get(queue.queue, len(order)))),
            agents=tuple(sorted(found.agents, key=lambda agent: agent.agent_id)),
        )

    def watch_agents(self, listener: Callable[[AgentSnapshot], None]) -> Callable[[], None]:
        """Tell `listener` of every agent that changes, on any node; call what is returned to stop."""
        return _listen(self._agent_listeners, listener)

    def watch_queues(self, listener: Callable[[QueueChanged], None]) -> Callable[[], None]:
        """Tell `listener` of every line that changes, on any node; call what is returned to stop."""
        return _listen(self._queue_listeners, listener)

    async def sweep(self) -> int:
        """End what ran out (reservations, wrap-ups, back-offs) and take up offers whose message was lost.

        The service does so by itself at the next deadline. Returns how many deadlines had passed.
        """
        return await self._run(_SWEEP)

    async def restore(self, waiting: Sequence[WaitingCall]) -> int:
        """Put callers back in line with their original join times, after Redis lost its data; repeatable (F19).

        Returns how many were not known.
        """
        added = 0
        for first in range(0, len(waiting), RESTORED_AT_ONCE):
            part = waiting[first : first + RESTORED_AT_ONCE]
            added += await self._run(_RESTORE, msgspec.json.encode(part).decode())
        return added

    # Inside

    async def _run(self, command: QueueCommand[Result], *arguments: str | int) -> Result:
        try:
            reply = await self._store.run(command, *arguments)
        except BaseException as error:
            # Cut off by the deadline or by a hang-up, the step may still be carried out and make offers: look again.
            self._sweep_within(LOOK_AGAIN_S if command is not _SWEEP else SWEEP_AGAIN_S)
            if isinstance(error, QueuesUnavailable):
                self.step_unanswered.announce()
            raise
        self._heard(reply)
        return reply.result

    def _heard(self, reply: ScriptReply[Result]) -> None:
        self._note_deadline(reply.now_ms, reply.wake_ms)
        for offer in reply.offers:
            self._tell(offer)

    def _tell(self, offer: Offer) -> None:
        if self._on_offer is None or offer.reservation_id in self._told:
            return
        self._told[offer.reservation_id] = None
        if len(self._told) > OFFERS_REMEMBERED:
            self._told.popitem(last=False)
        try:
            self._on_offer(offer)
        except Exception:  # the step that made the offer is done, whoever asked for it must learn so
            log.exception("offer %s could not be handed over", offer.reservation_id)

    def _heard_of_agent(self, message: AgentMessage) -> None:
        self._note_deadline(message.now_ms, message.wake_ms)
        _tell_all(self._agent_listeners, message.agent)

    def _heard_of_queue(self, message: QueueMessage) -> None:
        self._note_deadline(message.now_ms, message.wake_ms)
        _tell_all(self._queue_listeners, message.queue)

    def _note_deadline(self, now_ms: int, wake_ms: int | None) -> None:
        if wake_ms is not None:
            # A millisecond more: Redis cuts its time off to milliseconds.
            self._sweep_within(max(0, wake_ms - now_ms) / 1000 + 0.001)

    def _sweep_within(self, seconds: float) -> None:
        at = asyncio.get_running_loop().time() + seconds
        if at < self._wake_at:
            self._wake_at = at
            self._earlier.set()

    async def _keep_deadlines(self) -> None:
        loop = asyncio.get_running_loop()
        self._wake_at = loop.time() + BACKSTOP_S
        while True:
            self._earlier.clear()
            try:
                async with asyncio.timeout_at(self._wake_at):
                    await self._earlier.wait()
            except TimeoutError:
                self._wake_at = loop.time() + BACKSTOP_S
                with suppress(QueuesUnavailable):
                    await self.sweep()

    def _check_queue(self, queue: str) -> None:
        if queue not in self.queues:
            raise QueueUnknown(f"there is no queue {queue!r}")


def _signed_in(agent_id: str, snapshot: AgentSnapshot | None) -> AgentSnapshot:
    if snapshot is None:
        raise AgentNotSignedIn(f"agent {agent_id} is not signed in")
    return snapshot


def _listen(listeners: list[Callable[[Told], None]], listener: Callable[[Told], None]) -> Callable[[], None]:
    listeners.append(listener)

    def stop() -> None:
        with suppress(ValueError):
            listeners.remove(listener)

    return stop


def _tell_all(listeners: list[Callable[[Told], None]], told: Told) -> None:
    for listener in tuple(listeners):
        try:
            listener(told)
        except Exception:  # one bad listener must not deafen the others
            log.exception("a listener of the queues failed")
