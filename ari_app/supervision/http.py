"""Routes of supervisors."""

from collections.abc import Awaitable, Callable

from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.views import LiveCallView
from ari_app.supervision.model import FindUses, SupervisorAuditView
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
