"""Routes of calls that agents make."""

from ari_app.calls.control.http import OwnCall, own_call
from ari_app.outgoing.model import CallOut, FindOutgoing, OutcomeInput, OutgoingCallView, OutgoingRules
from ari_app.outgoing.outcomes import Outcomes
from ari_app.outgoing.service import CallingOut
from foundation.routes import DESKS, NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT})


def routes(calling: CallingOut, outcomes: Outcomes) -> Routes:
    """Return the routes of calling out."""
    table = Routes(tag="calls")

    @table.add(
        "POST",
        "/calls",
        roles=AGENTS,
        summary="Call a number, a department or a colleague: the agent's own phone rings first",
        body=CallOut,
        response=OwnCall,
        status=201,
        problems=(403, 404, 409, 422, 429, 503),
        once=True,
    )
    async def call(request: Request[CallOut, NoQuery]) -> OwnCall:
        return own_call(await calling.call(request.body, request.actor))

    @table.add(
        "GET",
        "/outgoing-rules",
        roles=AGENTS,
        summary="Return the numbers that the agent may call, and how many are left today",
        response=OutgoingRules,
        problems=(503,),
    )
    async def rules(request: Request[None, NoQuery]) -> OutgoingRules:
        return await calling.rules(request.actor)

    @table.add(
        "GET",
        "/outgoing-calls",
        roles=DESKS,
        summary="List calls that agents made, with their outcomes; agents see their own",
        query=FindOutgoing,
        response=list[OutgoingCallView],
    )
    async def listed(request: Request[None, FindOutgoing]) -> list[OutgoingCallView]:
        return await outcomes.find(request.query, request.actor)

    @table.add(
        "POST",
        "/calls/{call_id}/outcome",
        roles=DESKS,
        summary="Say what came of a call that the agent made, during the call or later",
        body=OutcomeInput,
        response=None,
        status=204,
        problems=(404, 503),
    )
    async def outcome(request: Request[OutcomeInput, NoQuery]) -> None:
        await outcomes.store(request.path["call_id"], request.body, request.actor)

    return table
