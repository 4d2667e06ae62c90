"""The floor: agents at their desks, as the queues see them, and what desks and wallboards are told of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from ari_app.calls.agent_directory import Agents
from ari_app.desk.hub import Hub
from ari_app.desk.model import AgentCommand, OwnState, PauseCommand, Presence, QueueState, ReadyCommand, WrapUpDone
from ari_app.queues.errors import AgentNotSignedIn, QueuesUnavailable
from ari_app.queues.model import AgentSnapshot, AgentState, DeclineReason, QueueChanged, QueueSnapshot
from ari_app.queues.service import QueueService
from foundation.problems import Conflict
from foundation.routes import Principal, Role

WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
BOARD_PAUSE_S = 0.2
"""A wallboard shows a burst of arrivals as one change."""
PHONES_EVERY_S = 2.0
DESK_CLOSED = "desk_closed"
TAKES_CALLS = frozenset({AgentState.READY, AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING})
"""Who was in one of these takes calls again; who talks is told so first."""

log = structlog.get_logger()


class PresenceService:
    """Signs agents in and out with their desks, carries out what they ask, and tells everybody who must know."""

    def __init__(
        self, hub: Hub, queues: QueueService, agents: Agents, phone_online: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._hub = hub
        self._queues = queues
        self._agents = agents
        self._phone_online = phone_online
        """Whether the SIP user of a phone is registered."""
        self._changed = asyncio.Event()
        self._last: dict[str, AgentSnapshot] = {}
        """How each agent was last; a cache, from which presence is rebuilt where Redis lost it."""
        self._shown: dict[str, str] = {}
        """The call each agent's desk shows, for clearing it; a cache."""
        self._messages: asyncio.Queue[AgentSnapshot] = asyncio.Queue()
        hub.on_presence = self._presence
        hub.on_command = self._command
        hub.snapshot = self._snapshot

    async def run(self) -> None:
        """Tell desks and wallboards of changes, until cancelled."""
        stop_agents = self._queues.watch_agents(self._messages.put_nowait)
        stop_queues = self._queues.watch_queues(self._queue_changed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_agents(), name="floor-agents")
                group.create_task(self._tell_queues(), name="floor-queues")
                group.create_task(self._watch_phones(), name="floor-phones")
        finally:
            stop_agents()
            stop_queues()

    async def rebuild(self) -> None:
        """Sign everybody in again who sits at a desk here, after Redis lost its data; who was ready is ready (F19).

        Raises:
            QueuesUnavailable: Redis does not answer.
        """
        for agent_id in {socket.staff_id for socket in self._hub.sockets() if socket.role is Role.AGENT}:
            try:
                await self._rebuild(agent_id)
            except Conflict as error:
                # She did something else meanwhile, which counts; the others are waiting.
                log.warning("agent_not_rebuilt", agent_id=agent_id, error=str(error))

    async def _rebuild(self, agent_id: str) -> None:
        before = self._last.get(agent_id)
        known = (await self._queues.agent(agent_id)).state is not AgentState.OFFLINE
        await self._queues.sign_in(agent_id, self._agents.queues(agent_id))
        if known or before is None:
            return
        if before.state in TAKES_CALLS and before.next_state is None:
            await self._queues.ready(agent_id)
        elif before.state is AgentState.WRAP_UP and before.call_id is not None:
            # Her call's work is not done; its time begins again.
            await self._queues.occupied(agent_id, before.call_id, before.queue)
            if before.next_state is AgentState.NOT_READY:
                await self._queues.not_ready(agent_id, before.next_reason or DESK_CLOSED)
            else:
                await self._queues.ready(agent_id)
            await self._queues.finished(agent_id, before.call_id)
        elif before.reason is not None:
            await self._queues.not_ready(agent_id, before.reason)

    async def _presence(self, agent_id: str, connected: bool) -> None:
        if connected:
            await self._queues.sign_in(agent_id, self._agents.queues(agent_id))
        else:
            # She keeps the call she has; nobody else is put through to an empty desk (F14).
            await self._queues.not_ready(agent_id, DESK_CLOSED)

    async def _command(self, agent_id: str, command: AgentCommand) -> None:
        match command:
            case ReadyCommand():
                await self._queues.ready(agent_id)
            case PauseCommand(reason=reason):
                await self._queues.not_ready(agent_id, reason)
            case WrapUpDone():
                await self._queues.wrap_up_done(agent_id)

    async def _snapshot(self, who: Principal) -> dict[str, Any]:
        found = await self._queues.snapshot()
        if who.role is Role.AGENT:
            return {"agent": _own(await self._queues.agent(who.staff_id))}
        agents = [self._seen(agent) for agent in found.agents] if who.role in WATCHERS else []
        return {"queues": [_board(queue) for queue in found.queues], "agents": agents}

    def _queue_changed(self, _change: QueueChanged) -> None:
        self._changed.set()

    async def _tell_agents(self) -> None:
        while True:
            agent = await self._messages.get()
            self._last[agent.agent_id] = agent
            self._changed.set()
            await self._hub.send(agent.agent_id, _own(agent), relay=False)
            await self._clear_desk(agent)
            if self._hub.listening(WATCHERS):
                await self._hub.broadcast(WATCHERS, self._seen(agent))

    async def _clear_desk(self, agent: AgentSnapshot) -> None:
        """The pop stays through the wrap-up and goes when the work on the call is over."""
        if agent.call_id is not None:
            self._shown[agent.agent_id] = agent.call_id
        elif (call_id := self._shown.pop(agent.agent_id, None)) is not None:
            await self._hub.close_pop(agent.agent_id, call_id)

    async def _tell_queues(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(BOARD_PAUSE_S)
            self._changed.clear()
            if not self._hub.listening(WATCHERS):
                continue
            try:
                found = await self._queues.snapshot()
            except QueuesUnavailable:
                log.warning("board_not_told")
                continue
            for queue in found.queues:
                await self._hub.broadcast(WATCHERS, _board(queue))

    async def _watch_phones(self) -> None:
        """An agent who could not be rung because her phone was gone takes calls again once it is back (F11, F15)."""
        gone: set[str] = set()
        while True:
            await asyncio.sleep(PHONES_EVERY_S)
            silent = {agent.agent_id for agent in self._last.values() if agent.reason == DeclineReason.UNAVAILABLE}
            gone &= silent
            for agent_id in silent:
                line = self._agents.line(agent_id)
                if line is None or not self._hub.connected(agent_id):
                    continue
                if not await self._phone_online(line.endpoint):
                    gone.add(agent_id)
                elif agent_id in gone:
                    gone.discard(agent_id)
                    with suppress(QueuesUnavailable, AgentNotSignedIn):
                        await self._queues.ready(agent_id)

    def _seen(self, agent: AgentSnapshot) -> Presence:
        line = self._agents.line(agent.agent_id)
        return Presence(
            agent_id=agent.agent_id,
            state=agent.state,
            since_ms=agent.since_ms,
            name=line.name if line is not None else None,
            staff_number=line.staff_number if line is not None else None,
            reason=agent.reason,
            call_id=agent.call_id,
            queue=agent.queue,
            queues=list(agent.queues),
        )


def _own(agent: AgentSnapshot) -> OwnState:
    return OwnState(
        agent_id=agent.agent_id,
        state=agent.state,
        since_ms=agent.since_ms,
        reason=agent.reason,
        call_id=agent.call_id,
        queue=agent.queue,
        queues=list(agent.queues),
        next_state=agent.next_state,
        next_reason=agent.next_reason,
        until_ms=agent.until_ms,
    )


def _board(queue: QueueSnapshot) -> QueueState:
    return QueueState(
        queue=queue.queue,
        waiting=queue.waiting,
        ringing=queue.offered,
        longest_wait_ms=queue.longest_wait_ms,
        agents={state.value: count for state, count in queue.agents.items()},
    )
