"""Opens the desk's socket: right origin, somebody who is signed in, a role that has a desk (S19)."""

import asyncio

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from ari_app.desk.errors import Malformed, WrongOrigin
from ari_app.desk.hub import Hub
from ari_app.desk.model import Hello
from ari_app.desk.socket import CloseCode, DeskSocket, SocketLimits, new_response
from ari_app.web.auth import RequestGuard
from ari_app.web.session_http import DESK_ROLES
from ari_app.web.sessions import Session
from foundation.problems import Forbidden, Problem, Unauthenticated, Unavailable

log = structlog.get_logger()

PATH = "/api/v1/desk/socket"
WATCH_S = 30.0
"""How often open desks' sessions are looked at: one ended elsewhere, or too old, closes its desk."""
STRANGERS = 256
"""How many sockets may be open that have not shown their ticket yet."""
_TICKET = "ticket."
_HELLO = msgspec.json.Decoder(Hello)


class DeskSockets:
    """The handler of the desk's socket, and the watch over open ones."""

    def __init__(self, gate: RequestGuard, hub: Hub, limits: SocketLimits) -> None:
        self._gate = gate
        self._hub = hub
        self._limits = limits
        self._strangers = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One socket from its first byte to its last."""
        if request.query_string:
            raise Malformed("The socket takes no query: a ticket there would end up in logs.")
        session = await self._session(request)
        if session is None and self._strangers >= STRANGERS:
            raise Unavailable("Too many sockets wait for their ticket.")
        response = new_response(self._limits)
        await response.prepare(request)
        if session is None:
            session = await self._greeted(response)
            if session is None:
                return response
        transport = request.transport
        if transport is not None:
            await self._hub.serve(DeskSocket(response, transport, session, self._limits))
        return response

    async def watch(self) -> None:
        """Close desks whose session is over; keep the others' sessions alive. Only cancellation ends it."""
        while True:
            await asyncio.sleep(WATCH_S)
            await self.look()

    async def look(self) -> None:
        """One round of `watch`."""
        for socket in self._hub.sockets():
            try:
                if await self._gate.sessions.find_by_id(socket.session.id) is None:
                    await self._hub.end_session(socket.staff_id, socket.session.id)
            except Unavailable:
                return

    async def _session(self, request: web.Request) -> Session | None:
        """Whoever the handshake itself proves; None where a ticket is still to come."""
        origins = request.headers.getall("Origin", [])
        if any(not self._gate.allows(origin) for origin in origins):
            raise WrongOrigin("This page is not allowed to open a desk.")
        ticket = _offered_ticket(request)
        if ticket is not None:
            session = await self._gate.sessions.redeem(ticket)
        else:
            caller = await self._gate.recognise(request)
            if caller is None and "Authorization" not in request.headers:
                return None
            if caller is not None and caller.by_cookie and not origins:
                raise WrongOrigin("A cookie opens a desk only together with an Origin.")
            session = caller.session if caller is not None else None
        if session is None:
            raise Unauthenticated("Ask for a new ticket.")
        if session.principal.role not in DESK_ROLES:
            raise Forbidden("Your role has no desk.")
        return session

    async def _greeted(self, response: web.WebSocketResponse) -> Session | None:
        """Wait for the ticket; None after having closed the socket."""
        self._strangers += 1
        try:
            async with asyncio.timeout(self._limits.hello_s):
                message = await response.receive()
            if message.type is not WSMsgType.TEXT:
                await response.close(code=CloseCode.SIGNED_OUT, message=b"say hello")
                return None
            session = await self._gate.sessions.redeem(_HELLO.decode(message.data).ticket)
        except (TimeoutError, msgspec.DecodeError):
            await response.close(code=CloseCode.SIGNED_OUT, message=b"say hello")
            return None
        except Problem:
            await response.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"try again")
            return None
        finally:
            self._strangers -= 1
        if session is None:
            await response.close(code=CloseCode.SIGNED_OUT, message=b"ask for a new ticket")
            return None
        if session.principal.role not in DESK_ROLES:
            await response.close(code=CloseCode.FORBIDDEN, message=b"no desk for this role")
            return None
        return session


def _offered_ticket(request: web.Request) -> str | None:
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(",")
    tickets = [one.strip().removeprefix(_TICKET) for one in offered if one.strip().startswith(_TICKET)]
    return tickets[0] if tickets else None
