"""Routes of the directory: targets of transfers, live calls."""

from ari_app.calls.control.directory import CallDirectory
from ari_app.calls.control.views import FindTargets, LiveCallView, TargetView
from foundation.routes import DESKS, NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT})


def routes(directory: CallDirectory) -> Routes:
    """Return the routes of targets and of live calls."""
    table = Routes(tag="calls")

    @table.add(
        "GET",
        "/transfer-targets",
        roles=AGENTS,
        summary="List agents, queues and departments with their live state",
        query=FindTargets,
        response=list[TargetView],
        problems=(503,),
    )
    async def targets(request: Request[None, FindTargets]) -> list[TargetView]:
        return await directory.targets(request.actor, request.query.q)

    @table.add(
        "GET",
        "/live-calls",
        roles=DESKS,
        summary="List the live calls; agents see their own, and those that they may pick up",
        response=list[LiveCallView],
        problems=(503,),
    )
    async def live(request: Request[None, NoQuery]) -> list[LiveCallView]:
        return await directory.live(request.actor)

    return table
