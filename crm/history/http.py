"""Routes of history."""

from crm.history.model import CallRecordView, FindCalls, History, HistoryQuery, ListedCall
from crm.history.service import HistoryService
from crm.history.timeline import CallTimeline
from foundation.routes import NoQuery, Request, Role, Routes

READERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR})
OVERSEERS = READERS - {Role.AGENT}


def routes(service: HistoryService) -> Routes:
    """Declare the routes of history."""
    table = Routes("history")

    @table.add(
        "GET",
        "/customers/{customer_id}/history",
        roles=READERS,
        summary="List a customer's tickets and calls of the last days, newest first, at most 50 of each",
        query=HistoryQuery,
        response=History,
        problems=(422,),
    )
    async def of_customer(request: Request[None, HistoryQuery]) -> History:
        return await service.of_customer(request.path["customer_id"], request.query.days)

    @table.add(
        "GET",
        "/calls",
        roles=OVERSEERS,
        summary="List calls, newest first; those with the outcome lost were cut off and need a callback",
        query=FindCalls,
        response=list[ListedCall],
    )
    async def find(request: Request[None, FindCalls]) -> list[ListedCall]:
        return await service.find(request.query)

    @table.add(
        "GET",
        "/calls/{call_id}",
        roles=READERS,
        summary="Return the record of a call",
        response=CallRecordView,
        problems=(404,),
    )
    async def call(request: Request[None, NoQuery]) -> CallRecordView:
        return await service.get(request.path["call_id"])

    @table.add(
        "GET",
        "/calls/{call_id}/timeline",
        roles=READERS,
        summary="Return a call's timeline, from its first ring to the archive of its ticket",
        response=CallTimeline,
        problems=(404,),
    )
    async def timeline(request: Request[None, NoQuery]) -> CallTimeline:
        return await service.timeline(request.path["call_id"])

    return table
