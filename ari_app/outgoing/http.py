"""Routes of calls that agents make."""

from ari_app.calls.control.http import OwnCall, own_call
from ari_app.outgoing.model import CallOut
from ari_app.outgoing.service import CallingOut
from foundation.routes import NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT})


def routes(calling: CallingOut) -> Routes:
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

    return table
