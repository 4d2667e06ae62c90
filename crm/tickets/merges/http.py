"""Routes of merges."""

from crm.tickets.action_routes import REFUSALS, Versioned, act
from crm.tickets.merges.model import MergedTickets, MergeTicket
from crm.tickets.merges.service import MergeService
from crm.tickets.transitions import TicketAction
from foundation.routes import DESKS, NoQuery, Request, Routes


def add_routes(table: Routes, service: MergeService) -> None:
    """Add the routes of merges."""
    act(
        table,
        TicketAction.MERGE,
        "merge",
        "Merge the ticket into another one about the same matter; returns that one",
        MergeTicket,
        service.merge,
    )
    act(
        table,
        TicketAction.UNMERGE,
        "unmerge",
        "Undo the merge: both tickets are as they were before",
        Versioned,
        lambda ticket, body, actor: service.unmerge(ticket, actor, expected_version=body.version),
    )

    @table.add(
        "GET",
        "/tickets/{ticket_id}/merges",
        roles=DESKS,
        summary="Return the merges of a ticket: into, from, and undone ones",
        response=MergedTickets,
        problems=(REFUSALS[0],),
    )
    async def merges(request: Request[None, NoQuery]) -> MergedTickets:
        return await service.of(request.path["ticket_id"])
