"""Presence: tells desks and wallboards about agents and queues."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog

from ari_app.calls.agent_directory import Agents
from ari_app.desk.hub import Hub
from ari_app.queues.errors import AgentNotSignedIn, QueuesUnavailable
from ari_app.queues.model import AgentSnapshot, AgentState, DeclineReason, QueueChanged
from ari_app.queues.service import QueueService
from ari_app.runtime.desk_handler import WATCHERS, own_state, presence_of, queue_state
from ari_app.runtime.lost_presence import HAD_A_CALL, torn_state, wish_after
from foundation.problems import Conflict
from foundation.routes import Role

BOARD_PAUSE_S = 0.2
"""After a message: a wallboard shows a burst of arrivals as one change."""
PHONES_EVERY_S = 2.0

log = structlog.get_logger()


class PresenceService:
    """Tells desks and wallboards about agents, and restores agents that Redis lost."""

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
        """The last state of each agent; a cache, from which presence is rebuilt where Redis lost it."""
        self._torn: dict[str, AgentSnapshot] = {}
        """States that Redis lost, by agent, from a change that cannot be."""
        self._shown: dict[str, set[str]] = {}
        """Calls with a pop that an agent's desk may show, for clearing it; a cache."""
        self._cleared: set[str] = set()
        """Agents with a desk that this process cleared once."""
        self._messages: asyncio.Queue[AgentSnapshot] = asyncio.Queue()

    async def run(self) -> None:
        """Tell desks and wallboards about changes, until cancelled."""
        stop_agents = self._queues.watch_agents(self._messages.put_nowait)
        stop_queues = self._queues.watch_queues(self._queue_changed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_agents(), name="presence-agents")
                group.create_task(self._tell_queues(), name="presence-queues")
                group.create_task(self._watch_phones(), name="presence-phones")
        finally:
            stop_agents()
            stop_queues()

    def agents(self) -> dict[str, AgentSnapshot]:
        """Return the last known state of each agent."""
        return dict(self._last)

    async def rebuild(self, lost: Mapping[str, AgentSnapshot]) -> None:
        """Sign in the agents of open desks after Redis lost its data.

        An agent who was ready is ready again (F19); what an agent asked for, such as a pause after the call, is asked
        for again.

        Args:
            lost: agents as they were before their calls were repaired.

        Raises:
            QueuesUnavailable: Redis does not respond.
        """
        torn, self._torn = self._torn, {}
        for agent_id in {socket.staff_id for socket in self._hub.sockets() if socket.role is Role.AGENT}:
            before = torn.get(agent_id) or lost.get(agent_id)
            try:
                await self._rebuild(agent_id, before, torn=agent_id in torn)
            except Conflict as error:
                # The agent's own newer command counts; the other agents still have to be rebuilt.
                log.warning("agent_not_rebuilt", agent_id=agent_id, error=str(error))

    async def _rebuild(self, agent_id: str, before: AgentSnapshot | None, *, torn: bool) -> None:
        now = (await self._queues.agent(agent_id)).state
        await self._queues.sign_in(agent_id, *self._agents.terms(agent_id))
        if before is None or (now not in {AgentState.OFFLINE, AgentState.TALKING} and not torn):
            return
        if before.state in HAD_A_CALL and before.call_id is not None and now is not AgentState.TALKING:
            # The wrap-up was not done, or the call ended while Redis was away: it begins again.
            await self._queues.occupied(agent_id, before.call_id, before.queue)
            await self._ask_again(agent_id, before)
            await self._queues.finished(agent_id, before.call_id)
        elif before.state is not AgentState.OFFLINE:
            await self._ask_again(agent_id, before)

    async def _ask_again(self, agent_id: str, before: AgentSnapshot) -> None:
        """Ask for the state that the agent had or wished for."""
        # In a call it follows the call.
        state, reason = wish_after(before)
        if state is AgentState.OFFLINE:
            await self._queues.sign_out(agent_id)
        elif state is AgentState.NOT_READY:
            await self._queues.not_ready(agent_id, reason)
        else:
            await self._queues.ready(agent_id)

    def _queue_changed(self, _change: QueueChanged) -> None:
        self._changed.set()

    async def _tell_agents(self) -> None:
        while True:
            agent = await self._messages.get()
            if (torn := torn_state(self._last.get(agent.agent_id), agent)) is not None:
                self._torn.setdefault(agent.agent_id, torn)
            elif agent.state is AgentState.READY:
                self._torn.pop(agent.agent_id, None)
            self._last[agent.agent_id] = agent
            self._changed.set()
            await self._hub.send(agent.agent_id, own_state(agent), relay=False)
            await self._clear_desk(agent)
            if self._hub.listening(WATCHERS):
                await self._hub.broadcast(WATCHERS, presence_of(agent, self._agents))

    async def _clear_desk(self, agent: AgentSnapshot) -> None:
        """Close the pop when the wrap-up of its call is over.

        A call dialled during a wrap-up has a pop too, and afterwards the former call is wrapped up again.
        """
        if agent.call_id is None:
            for call_id in self._shown.pop(agent.agent_id, set()):
                await self._hub.close_pop(agent.agent_id, call_id)
            if agent.agent_id not in self._cleared:
                self._cleared.add(agent.agent_id)
                await self._close_former(agent.agent_id)
            return
        if agent.state is AgentState.RESERVED:
            # The pop of an offer takes the place of those before it.
            self._shown.pop(agent.agent_id, None)
        self._shown.setdefault(agent.agent_id, set()).add(agent.call_id)

    async def _close_former(self, agent_id: str) -> None:
        """Close a former process's pop of a call that is over."""
        # The desk is read first: an agent is reserved for a call before its pop is shown.
        call_id = await self._hub.shown_call(agent_id)
        if call_id is None:
            return
        with suppress(QueuesUnavailable):
            if (await self._queues.agent(agent_id)).call_id != call_id:
                await self._hub.close_pop(agent_id, call_id)

    async def _tell_queues(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._hub.listening(WATCHERS):
                await self._tell_boards()
            await asyncio.sleep(BOARD_PAUSE_S)

    async def _tell_boards(self) -> None:
        try:
            found = await self._queues.snapshot()
        except QueuesUnavailable:
            log.warning("wallboard_not_updated")
            return
        for queue in found.queues:
            await self._hub.broadcast(WATCHERS, queue_state(queue, found.at_ms))

    async def _read_agents(self) -> set[str]:
        """Read all agents; return those with an unreachable phone."""
        while True:
            try:
                found = await self._queues.snapshot()
            except QueuesUnavailable:
                await asyncio.sleep(PHONES_EVERY_S)
            else:
                break
        for agent in found.agents:
            self._last.setdefault(agent.agent_id, agent)
        return {agent.agent_id for agent in found.agents if agent.reason == DeclineReason.UNAVAILABLE}

    async def _watch_phones(self) -> None:
        """Make agents ready again once their unreachable phone is back (F11, F15)."""
        # Of those made not ready before this process, it is unknown whether their phone was seen to be gone.
        gone = await self._read_agents()
        while True:
            await asyncio.sleep(PHONES_EVERY_S)
            silent = {agent.agent_id for agent in self._last.values() if agent.reason == DeclineReason.UNAVAILABLE}
            gone &= silent
            for agent_id in silent:
                line = self._agents.phone(agent_id)
                if line is None or not self._hub.connected(agent_id):
                    continue
                if not await self._phone_online(line.endpoint):
                    gone.add(agent_id)
                elif agent_id in gone:
                    gone.discard(agent_id)
                    with suppress(QueuesUnavailable, AgentNotSignedIn):
                        await self._queues.ready(agent_id)
