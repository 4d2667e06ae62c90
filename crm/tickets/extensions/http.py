"""Routes of extensions."""

from pydantic import BaseModel, Field

from crm.moments import Moment
from crm.tickets.action_routes import Reason, act
from crm.tickets.extensions.model import PendingExtension
from crm.tickets.extensions.service import ExtensionService
from crm.tickets.transitions import RULES, TicketAction
from foundation.routes import Request, Routes


class AskExtension(Reason):
    """Until when, and why."""

    until: Moment


class PendingQuery(BaseModel, extra="forbid"):
    """How many."""

    limit: int = Field(default=50, ge=1, le=200)


def add_routes(table: Routes, service: ExtensionService) -> None:
    """Asking for more time, and deciding it."""

    @table.add(
        "GET",
        "/pending-extensions",
        roles=RULES[TicketAction.GRANT_EXTENSION].roles,
        summary="Requests for more time that wait to be decided, the longest first",
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
        "The department asks for more time, before the deadline",
        AskExtension,
        lambda ticket, body, actor: service.ask(ticket, body.until, body.reason, actor, expected_version=body.version),
        status=201,
    )
    act(
        table,
        TicketAction.GRANT_EXTENSION,
        "grant-extension",
        "The department gets the time it asked for",
        Reason,
        lambda ticket, body, actor: service.grant(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DENY_EXTENSION,
        "deny-extension",
        "The deadline stays",
        Reason,
        lambda ticket, body, actor: service.deny(ticket, body.reason, actor, expected_version=body.version),
    )
