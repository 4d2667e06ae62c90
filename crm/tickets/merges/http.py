"""Routes of merges."""

from crm.tickets.action_routes import REFUSALS, Versioned, act
from crm.tickets.merges.model import MergedTickets, MergeTicket
from crm.tickets.merges.service import MergeService
from crm.tickets.transitions import DESKS, TicketAction
from foundation.routes import NoQuery, Request, Routes


def add_routes(table: Routes, service: MergeService) -> None:
    """Merging, unmerging, and what is merged."""
    act(
        table,
        TicketAction.MERGE,
        "merge",
        "Another ticket is about the same matter and stands for this one from now on; answers that other one",
        MergeTicket,
        service.merge,
    )
    act(
        table,
        TicketAction.UNMERGE,
        "unmerge",
        "They were two matters after all: both are as they were",
        Versioned,
        lambda ticket, body, actor: service.unmerge(ticket, actor, expected_version=body.version),
    )

    @table.add(
        "GET",
        "/tickets/{ticket_id}/merges",
        roles=DESKS,
        summary="What stands for a ticket, what it stands for, and what was merged before",
        response=MergedTickets,
        problems=(REFUSALS[0],),
    )
    async def merges(request: Request[None, NoQuery]) -> MergedTickets:
        return await service.of(request.path["ticket_id"])
