"""Reactions to agents' desks: sign-in, ready, pause, first state."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ari_app.calls.agent_directory import Agents
from ari_app.calls.control.orders import order_of
from ari_app.calls.control.service import CallControl
from ari_app.desk.board import BoardCall, OpenAlert
from ari_app.desk.command_model import AgentCommand, ControlCall, ExtendWrapUp, PauseCommand, ReadyCommand, WrapUpDone
from ari_app.desk.model import BoardFigures, DeskSnapshot, OwnState, Presence, QueueState
from ari_app.queues.http import CheckFinished, always_finished
from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, QueueSnapshot
from ari_app.queues.service import QueueService
from foundation.routes import Principal, Role


@dataclass(frozen=True)
class BoardParts:
    """Calls, figures and alerts of a board that opens."""

    calls: Callable[[Role], Awaitable[list[BoardCall]]]
    """All live calls as a role sees them."""
    figures: Callable[[], Awaitable[BoardFigures | None]]
    alerts: Callable[[], Awaitable[list[OpenAlert]]]


WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Roles with desks that show queues and other agents."""


class AgentDesks:
    """Handler of the hub: carries commands and presence to the queues."""

    def __init__(
        self,
        queues: QueueService,
        agents: Agents,
        control: CallControl,
        check_finished: CheckFinished = always_finished,
        board: BoardParts | None = None,
    ) -> None:
        self._queues = queues
        self._check_finished = check_finished
        self._control = control
        self._agents = agents
        self._board = board

    async def presence(self, agent_id: str, connected: bool) -> None:
        """Sign in an agent with an open desk; pause one without."""
        if connected:
            await self._control.report(agent_id)
            await self._queues.sign_in(agent_id, *self._agents.terms(agent_id))
        else:
            # The agent keeps the present call; no other caller is offered to a closed desk (F14).
            await self._queues.not_ready(agent_id, DESK_CLOSED)

    async def signed_out(self, agent_id: str) -> None:
        """Take an agent out of the queues, after a present call."""
        await self._queues.sign_out(agent_id)

    async def command(self, agent_id: str, command: AgentCommand) -> None:
        """Carry out an agent's command.

        Raises:
            Problem: the agent's state does not allow it, or the queues are out of reach.
        """
        match command:
            case ReadyCommand():
                await self._check_finished(agent_id)
                await self._queues.ready(agent_id)
            case PauseCommand(reason=reason):
                await self._queues.not_ready(agent_id, reason)
            case WrapUpDone():
                await self._check_finished(agent_id)
                await self._queues.wrap_up_done(agent_id)
            case ExtendWrapUp(seconds=seconds):
                await self._queues.extend_wrap_up(agent_id, seconds)
            case ControlCall():
                await self._control.obey(order_of(agent_id, command))

    async def snapshot(self, who: Principal) -> DeskSnapshot:
        """Return the first state of a desk.

        It is the agent's own, that of all queues and agents for supervisors, and empty for others.
        """
        if who.role is Role.AGENT:
            agent = await self._queues.agent(who.staff_id)
            return DeskSnapshot(agent=own_state(agent), call=await self._control.shown(agent))
        if who.role not in WATCHERS:
            return DeskSnapshot()
        found = await self._queues.snapshot()
        agents = [presence_of(agent, self._agents) for agent in found.agents]
        queues, board = [queue_state(queue, found.at_ms) for queue in found.queues], self._board
        if board is None:
            return DeskSnapshot(queues=queues, agents=agents)
        calls = await board.calls(who.role)
        figures, alerts = await board.figures(), await board.alerts()
        return DeskSnapshot(queues=queues, agents=agents, calls=calls, figures=figures, alerts=alerts)


def presence_of(agent: AgentSnapshot, agents: Agents) -> Presence:
    """Return an agent's state as supervisors see it."""
    line = agents.phone(agent.agent_id)
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


def own_state(agent: AgentSnapshot) -> OwnState:
    """Return an agent's state as the agent's own desk shows it."""
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


def queue_state(queue: QueueSnapshot, at_ms: int) -> QueueState:
    """Return a queue as wallboards show it.

    Their clocks run on from the moment of the snapshot.
    """
    return QueueState(
        queue=queue.queue,
        waiting=queue.waiting,
        ringing=queue.offered,
        oldest_ms=at_ms - queue.longest_wait_ms if queue.waiting else None,
        agents=queue.agents,
    )
