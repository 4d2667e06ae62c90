"""Routes of the desk's WebSocket: one-time tickets, and its description."""

import json

from pydantic import BaseModel

from ari_app.desk.message_schema import SCHEMA_PATH, desk_messages
from ari_app.desk.socket import SUBPROTOCOL
from ari_app.web.session_http import SessionRequest
from ari_app.web.sessions import TICKET_S, Sessions
from foundation.routes import EVERYONE, PUBLIC, NoQuery, Page, Request, Routes


class DeskTicket(BaseModel):
    """One-time ticket that opens the desk's WebSocket."""

    ticket: str
    """Send it as the first message, `{"type": "hello", "ticket": "…"}`, or as the subprotocol `ticket.…`."""
    expires_in_s: int
    subprotocol: str
    """The protocol of the WebSocket."""


def routes(sessions: Sessions) -> Routes:
    """Return the desk's routes."""
    table = Routes(tag="session")

    @table.add(
        "POST",
        "/desk/ticket",
        roles=EVERYONE,
        summary="Create a one-time ticket for the desk's WebSocket",
        response=DeskTicket,
        status=201,
        problems=(503,),
    )
    async def ticket(request: SessionRequest) -> DeskTicket:
        value = await sessions.ticket(request.own)
        return DeskTicket(ticket=value, expires_in_s=TICKET_S, subprotocol=SUBPROTOCOL)

    return table


def description_routes() -> Routes:
    """Return the public route that describes the messages of the WebSocket."""
    table = Routes(tag="description", prefix="")

    @table.add("GET", SCHEMA_PATH, roles=PUBLIC, summary="Return the description of the desk's messages", response=Page)
    async def messages(_request: Request[None, NoQuery]) -> Page:
        return Page(json.dumps(desk_messages(), ensure_ascii=False), "application/json")

    return table
