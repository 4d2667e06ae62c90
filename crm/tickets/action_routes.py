"""How an action on a ticket becomes a route: its roles are those of the one table."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, Field

from crm.text import Lines, Version
from crm.tickets.model import Actor, TicketView
from crm.tickets.transitions import RULES, TicketAction
from foundation.routes import NoQuery, Request, Routes

REFUSALS = (404, 409, 422)


class Versioned(BaseModel, extra="forbid"):
    """A change that may name the version it was made for, and is refused where that is no longer the present one."""

    version: Version | None = None


class Reason(Versioned):
    """Why an action is taken; of a closing, also what the customer confirmed (H19)."""

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
    """Declare `POST /tickets/{ticket_id}/<path>`; `work` gets the ticket's id, the body and who acts."""

    @table.add(
        "POST",
        f"/tickets/{{ticket_id}}/{path}",
        roles=RULES[action].roles,
        summary=summary,
        body=body,
        response=TicketView,
        status=status,
        problems=REFUSALS,
    )
    async def handle(request: Request[Body, NoQuery]) -> TicketView:
        return await work(request.path["ticket_id"], request.body, Actor.of(request.actor))
