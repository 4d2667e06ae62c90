"""Routes of missed callers."""

from ari_app.missed.model import MissedCaller, MissedQuery, ResultInput
from ari_app.missed.service import MissedCallers
from foundation.routes import DESKS, NoQuery, Request, Routes


def routes(service: MissedCallers) -> Routes:
    """Declare the routes of missed callers."""
    table = Routes("missed-callers")

    @table.add(
        "GET",
        "/missed-callers",
        roles=DESKS,
        summary="List callers who did not reach an agent, the longest waiting first",
        query=MissedQuery,
        response=list[MissedCaller],
    )
    async def listed(request: Request[None, MissedQuery]) -> list[MissedCaller]:
        return await service.listed(request.query, request.actor)

    @table.add(
        "POST",
        "/missed-callers/{call_id}/claim",
        roles=DESKS,
        summary="Take a caller to call back",
        response=None,
        status=204,
        problems=(409,),
    )
    async def claim(request: Request[None, NoQuery]) -> None:
        await service.claim(request.path["call_id"], request.actor)

    @table.add(
        "DELETE",
        "/missed-callers/{call_id}/claim",
        roles=DESKS,
        summary="Give a caller back to the list",
        response=None,
        status=204,
        problems=(409,),
    )
    async def release(request: Request[None, NoQuery]) -> None:
        await service.release(request.path["call_id"], request.actor)

    @table.add(
        "POST",
        "/missed-callers/{call_id}/result",
        roles=DESKS,
        summary="Store the result of calling back; a caller not reached stays on the list",
        body=ResultInput,
        response=None,
        status=204,
        problems=(409,),
    )
    async def finish(request: Request[ResultInput, NoQuery]) -> None:
        await service.finish(request.path["call_id"], request.body, request.actor)

    return table
