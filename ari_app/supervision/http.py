"""Routes of supervisors."""

from collections.abc import Awaitable, Callable

from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.views import LiveCallView
from ari_app.queues.http import AgentView, agent_view
from ari_app.supervision.model import (
    FindUses,
    MoveInput,
    QueuesInput,
    ReasonInput,
    StateInput,
    SupervisorAuditView,
)
from ari_app.supervision.service import Supervision
from foundation.routes import LEADERS, NoQuery, Request, Role, Routes

SUPERVISORS = frozenset({Role.SUPERVISOR})
"""The only role that may hear a conversation while it goes on."""

ON_CALLS: dict[SupervisorAction, str] = {
    SupervisorAction.LISTEN: "Listen to a call: the supervisor's phone rings, no one hears the supervisor",
    SupervisorAction.WHISPER: "Speak to the agent alone",
    SupervisorAction.BARGE: "Speak to all in the call",
    SupervisorAction.TAKE_OVER: "Take the call over: the agent leaves it",
    SupervisorAction.LEAVE: "Leave the call: customer and agent talk on",
}


def routes(supervision: Supervision) -> Routes:
    """Return the routes of supervisors."""
    table = Routes(tag="supervision")

    def on_call(action: SupervisorAction) -> Callable[[Request[None, NoQuery]], Awaitable[LiveCallView]]:
        async def handle(request: Request[None, NoQuery]) -> LiveCallView:
            key = request.idempotency_key or ""
            return await supervision.supervise(request.path["call_id"], action, request.actor, key)

        return handle

    for action, summary in ON_CALLS.items():
        table.add(
            "POST",
            f"/live-calls/{{call_id}}/{action.value.replace('_', '-')}",
            roles=SUPERVISORS,
            summary=summary,
            response=LiveCallView,
            problems=(404, 409, 422, 503),
            once=True,
        )(on_call(action))

    @table.add(
        "POST",
        "/live-calls/{call_id}/pull",
        roles=SUPERVISORS,
        summary="Take a caller who waits: the supervisor's phone rings",
        response=LiveCallView,
        problems=(404, 409, 422, 503),
    )
    async def pull(request: Request[None, NoQuery]) -> LiveCallView:
        return await supervision.pull(request.path["call_id"], request.actor)

    @table.add(
        "POST",
        "/live-calls/{call_id}/move",
        roles=LEADERS,
        summary="Move a caller who waits to another queue, with the same joining time",
        body=MoveInput,
        response=LiveCallView,
        problems=(404, 409, 422, 503),
        once=True,
    )
    async def move(request: Request[MoveInput, NoQuery]) -> LiveCallView:
        key = request.idempotency_key or ""
        return await supervision.move(request.path["call_id"], request.body, request.actor, key)

    @table.add(
        "POST",
        "/agents/{agent_id}/state",
        roles=LEADERS,
        summary="Make an agent ready, or pause the agent after a present call",
        body=StateInput,
        response=AgentView,
        problems=(409, 422, 503),
    )
    async def state(request: Request[StateInput, NoQuery]) -> AgentView:
        return agent_view(await supervision.put_into(request.path["agent_id"], request.body, request.actor))

    @table.add(
        "POST",
        "/agents/{agent_id}/sign-out",
        roles=LEADERS,
        summary="Sign an agent out of the queues, after a present call",
        body=ReasonInput,
        response=AgentView,
        problems=(422, 503),
    )
    async def sign_out(request: Request[ReasonInput, NoQuery]) -> AgentView:
        return agent_view(await supervision.sign_out(request.path["agent_id"], request.body.reason, request.actor))

    @table.add(
        "PUT",
        "/agents/{agent_id}/queues",
        roles=LEADERS,
        summary="Change the queues that an agent serves, and the skills",
        body=QueuesInput,
        response=AgentView,
        problems=(404, 422, 503),
    )
    async def queues(request: Request[QueuesInput, NoQuery]) -> AgentView:
        return agent_view(await supervision.give_queues(request.path["agent_id"], request.body, request.actor))

    @table.add(
        "GET",
        "/supervisor-uses",
        roles=LEADERS,
        summary="List what supervisors asked for, newest first",
        query=FindUses,
        response=list[SupervisorAuditView],
    )
    async def uses(request: Request[None, FindUses]) -> list[SupervisorAuditView]:
        return await supervision.uses(request.query)

    return table
