"""Routes of single actions, with the roles of the state machine."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, Field

from crm.text import Lines, Version
from crm.tickets.model import Actor
from crm.tickets.transitions import RULES, TicketAction
from crm.tickets.views import TicketView
from foundation.routes import NoQuery, Request, Routes

REFUSALS = (404, 409, 422)


class Versioned(BaseModel, extra="forbid"):
    """Change of a ticket; refused where `version` is given and outdated."""

    version: Version | None = None


class Reason(Versioned):
    """Reason of an action; for a closing also the customer's confirmation (H19)."""

    # Two characters are a reason in Chinese: 同意, 属实.
    reason: Lines = Field(min_length=2, max_length=2000)


Body = TypeVar("Body", bound=BaseModel)


def act(
    table: Routes,
    action: TicketAction,
    path: str,
    summary: str,
    body: type[Body],
    work: Callable[[str, Body, Actor], Awaitable[TicketView]],
    status: int = 200,
) -> None:
    """Declare `POST /tickets/{ticket_id}/<path>`, handled by `work`."""

    @table.add(
        "POST",
        f"/tickets/{{ticket_id}}/{path}",
        roles=RULES[action].roles,
        summary=summary,
        body=body,
        response=TicketView,
        status=status,
        problems=REFUSALS,
        action=action,
    )
    async def handle(request: Request[Body, NoQuery]) -> TicketView:
        return await work(request.path["ticket_id"], request.body, Actor.of(request.actor))
