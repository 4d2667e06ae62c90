"""Routes of single actions, with the roles of the state machine."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, Field

from crm.text import Lines, Version
from crm.tickets.model import Actor, RequestKey
from crm.tickets.state_change import DoneBefore
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
    """Declare `POST /tickets/{ticket_id}/<path>`, handled by `work`.

    A request that is repeated with its key, since its answer was lost, gets the ticket as it is now.
    """

    @table.add(
        "POST",
        f"/tickets/{{ticket_id}}/{path}",
        roles=RULES[action].roles,
        summary=summary,
        body=body,
        response=TicketView,
        status=status,
        problems=REFUSALS,
        once=True,
        action=action,
    )
    async def handle(request: Request[Body, NoQuery]) -> TicketView:
        try:
            return await work(request.path["ticket_id"], request.body, _actor(request, path))
        except DoneBefore as done:
            return done.ticket


def _actor(request: Request[Body, NoQuery], path: str) -> Actor:
    actor = Actor.of(request.actor)
    if request.idempotency_key is None:
        return actor
    asked = f"{path}:{request.body.model_dump_json(exclude_defaults=True)}"
    key = RequestKey(request.idempotency_key, hashlib.sha256(asked.encode()).hexdigest())
    return actor.model_copy(update={"request": key})
