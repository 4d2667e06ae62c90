"""Routes of looks, exports and erasure."""

from crm.privacy.model import Erase, Hold, Look, LooksQuery, LookView, Person, StoredData
from crm.privacy.service import PrivacyService
from crm.tickets.errors import TicketNotFound
from crm.tickets.service import TicketService
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes

DATA_OFFICERS = frozenset({Role.SUPERVISOR})
"""Roles that are responsible for personal data."""


def routes(service: PrivacyService, tickets: TicketService) -> Routes:
    """Return the routes of looks, exports and erasure."""
    table = Routes("privacy")

    @table.add(
        "POST",
        "/customers/{customer_id}/looks",
        roles=EVERYONE - {Role.DEPARTMENT, Role.CAMPAIGNS},
        summary="Return a customer unmasked; account and reason are noted",
        body=Look,
        response=Person,
        problems=(404, 422),
    )
    async def look_at_customer(request: Request[Look, NoQuery]) -> Person:
        return await service.look_at_customer(request.path["customer_id"], request.body, request.actor)

    @table.add(
        "POST",
        "/tickets/{ticket_id}/looks",
        roles=EVERYONE - {Role.CAMPAIGNS},
        summary="Return a ticket's reporters unmasked, for a call; account and reason are noted",
        body=Look,
        response=list[Person],
        problems=(404, 422),
    )
    async def look_at_reporters(request: Request[Look, NoQuery]) -> list[Person]:
        ticket = await tickets.get(request.path["ticket_id"])
        if not await tickets.may_see(ticket, request.actor.role, request.actor.department_id):
            raise TicketNotFound(f"there is no ticket {ticket.id}")
        return await service.look_at_reporters(ticket, request.body, request.actor)

    @table.add(
        "GET",
        "/looks",
        roles=DATA_OFFICERS,
        summary="Return the looks at masked data with account and reason, newest first",
        query=LooksQuery,
        response=list[LookView],
        problems=(422,),
    )
    async def looks(request: Request[None, LooksQuery]) -> list[LookView]:
        return await service.looks(request.query)

    @table.add(
        "GET",
        "/customers/{customer_id}/data",
        roles=DATA_OFFICERS,
        summary="Export all data stored about a customer; the export is noted",
        response=StoredData,
        problems=(404,),
    )
    async def export(request: Request[None, NoQuery]) -> StoredData:
        return await service.export(request.path["customer_id"], request.actor)

    @table.add(
        "PUT",
        "/customers/{customer_id}/legal-hold",
        roles=DATA_OFFICERS,
        summary="Forbid the erasure of a customer's data with a reason; without one, allow it again",
        body=Hold,
        response=None,
        status=204,
        problems=(404, 422),
    )
    async def hold(request: Request[Hold, NoQuery]) -> None:
        await service.hold(request.path["customer_id"], request.body, request.actor)

    @table.add(
        "POST",
        "/customers/{customer_id}/erasure",
        roles=DATA_OFFICERS,
        summary="Erase a customer's personal data, except recordings; refused under a legal hold or with open tickets",
        body=Erase,
        response=None,
        status=204,
        problems=(404, 409, 422),
    )
    async def erase(request: Request[Erase, NoQuery]) -> None:
        await service.erase(request.path["customer_id"], request.body, request.actor)

    return table
