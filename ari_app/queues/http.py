"""Queues and agents' states over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from ari_app.queues.dispositions import Disposition
from ari_app.queues.hours import QueueHours
from ari_app.queues.model import AgentSnapshot, AgentState, QueueSnapshot
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, WrapUpMode
from foundation.routes import NoQuery, Request, Role, Routes

WATCHING = frozenset({Role.AGENT, Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR})
SUPERVISING = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
AGENTS = frozenset({Role.AGENT})

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[\w .-]+$")]


class QueueView(BaseModel):
    """One queue as it is now."""

    name: str
    title_zh: str
    title_en: str
    waiting: int
    """Callers in the queue, also while an agent is rung for them."""
    ringing: int
    longest_wait_ms: int
    open: bool
    """By its hours; a queue without hours is always open."""
    agents: dict[AgentState, int]
    """How many of its agents are in which state."""
    wrap_up: WrapUpMode
    dispositions: list[Disposition]
    """Results of its calls to choose from in the wrap-up."""
    disposition_required: bool
    """The wrap-up cannot be ended without a result."""


class AgentView(BaseModel):
    """One agent's state in the queues."""

    agent_id: str
    state: AgentState
    since_ms: int
    """Epoch milliseconds."""
    reason: str | None
    queues: list[str]
    call_id: str | None
    queue: str | None
    next_state: AgentState | None
    next_reason: str | None
    until_ms: int | None
    """When a wrap-up ends by itself, in epoch milliseconds."""


class PauseInput(BaseModel, extra="forbid"):
    """Reason of a pause."""

    reason: Reason = Field(examples=["break"])


CheckFinished = Callable[[str], Awaitable[None]]
"""Refuses to end an agent's wrap-up that lacks something."""


async def always_finished(_agent_id: str) -> None:
    """Let every wrap-up end."""


def routes(
    service: QueueService, check_finished: CheckFinished = always_finished, hours: QueueHours | None = None
) -> Routes:
    """Return the routes of the queues. Agents have the ids of staff."""
    hours = hours or QueueHours()
    table = Routes(tag="queues")

    @table.add("GET", "/queues", roles=WATCHING, summary="List the queues", response=list[QueueView])
    async def list_queues(_request: Request[None, NoQuery]) -> list[QueueView]:
        found = await service.snapshot()
        each = [(queue, service.queues[queue.queue]) for queue in found.queues]
        return [_queue_view(queue, settings, is_open=hours.is_open(settings)) for queue, settings in each]

    @table.add("GET", "/agents", roles=SUPERVISING, summary="List the signed-in agents", response=list[AgentView])
    async def list_agents(_request: Request[None, NoQuery]) -> list[AgentView]:
        return [agent_view(agent) for agent in (await service.snapshot()).agents]

    @table.add("GET", "/agents/me", roles=AGENTS, summary="Return the agent's own state", response=AgentView)
    async def own_state(request: Request[None, NoQuery]) -> AgentView:
        return agent_view(await service.agent(request.actor.staff_id))

    @table.add(
        "POST",
        "/agents/me/ready",
        roles=AGENTS,
        summary="Become ready; end the wrap-up or cancel a pause asked for",
        response=AgentView,
        problems=(409,),
    )
    async def ready(request: Request[None, NoQuery]) -> AgentView:
        await check_finished(request.actor.staff_id)
        return agent_view(await service.ready(request.actor.staff_id))

    @table.add(
        "POST",
        "/agents/me/not-ready",
        roles=AGENTS,
        summary="Become not ready, at once or after the present call",
        body=PauseInput,
        response=AgentView,
        problems=(409,),
    )
    async def not_ready(request: Request[PauseInput, NoQuery]) -> AgentView:
        return agent_view(await service.not_ready(request.actor.staff_id, request.body.reason))

    @table.add(
        "POST",
        "/agents/me/wrap-up-done",
        roles=AGENTS,
        summary="End the wrap-up early",
        response=AgentView,
        problems=(409,),
    )
    async def wrap_up_done(request: Request[None, NoQuery]) -> AgentView:
        await check_finished(request.actor.staff_id)
        return agent_view(await service.wrap_up_done(request.actor.staff_id))

    return table


def agent_view(agent: AgentSnapshot) -> AgentView:
    """Return an agent's state as HTTP and the WebSocket send it."""
    return AgentView(
        agent_id=agent.agent_id,
        state=agent.state,
        since_ms=agent.since_ms,
        reason=agent.reason,
        queues=list(agent.queues),
        call_id=agent.call_id,
        queue=agent.queue,
        next_state=agent.next_state,
        next_reason=agent.next_reason,
        until_ms=agent.until_ms if agent.state is AgentState.WRAP_UP else None,
    )


def _queue_view(queue: QueueSnapshot, settings: QueueSettings, *, is_open: bool) -> QueueView:
    return QueueView(
        name=queue.queue,
        title_zh=settings.title_zh,
        title_en=settings.title_en,
        waiting=queue.waiting,
        ringing=queue.offered,
        longest_wait_ms=queue.longest_wait_ms,
        open=is_open,
        agents=queue.agents,
        wrap_up=settings.wrap_up,
        dispositions=list(settings.dispositions),
        disposition_required=settings.disposition_required,
    )
