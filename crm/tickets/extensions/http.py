"""Routes of extensions."""

from pydantic import BaseModel, Field

from crm.moments import Moment
from crm.tickets.action_routes import Reason, act
from crm.tickets.extensions.model import PendingExtension
from crm.tickets.extensions.service import ExtensionService
from crm.tickets.files.model import FileIds
from crm.tickets.transitions import RULES, TicketAction
from foundation.routes import Request, Routes


class AskExtension(Reason):
    """Wanted deadline and its reason."""

    until: Moment
    file_ids: FileIds = Field(default=[])


class PendingQuery(BaseModel, extra="forbid"):
    """Page size of the waiting extensions."""

    limit: int = Field(default=50, ge=1, le=200)


def add_routes(table: Routes, service: ExtensionService) -> None:
    """Add the routes of extensions."""

    @table.add(
        "GET",
        "/pending-extensions",
        roles=RULES[TicketAction.GRANT_EXTENSION].roles,
        summary="List extensions that wait for a decision, the oldest first",
        query=PendingQuery,
        response=list[PendingExtension],
        problems=(422,),
    )
    async def pending(request: Request[None, PendingQuery]) -> list[PendingExtension]:
        return await service.pending(request.query.limit)

    act(
        table,
        TicketAction.ASK_EXTENSION,
        "extension",
        "Ask for an extension before the deadline",
        AskExtension,
        lambda ticket, body, actor: service.ask(
            ticket, body.until, body.reason, actor, file_ids=body.file_ids, expected_version=body.version
        ),
        status=201,
    )
    act(
        table,
        TicketAction.GRANT_EXTENSION,
        "grant-extension",
        "Grant the extension that was asked for",
        Reason,
        lambda ticket, body, actor: service.grant(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DENY_EXTENSION,
        "deny-extension",
        "Deny the extension that was asked for",
        Reason,
        lambda ticket, body, actor: service.deny(ticket, body.reason, actor, expected_version=body.version),
    )
