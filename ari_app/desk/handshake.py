"""Handshake of the desk's WebSocket: origin and session (S19)."""

import asyncio
import contextlib

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from ari_app.desk.command_model import Hello
from ari_app.desk.hub import Hub
from ari_app.desk.socket import PATH, CloseCode, DeskSocket, SocketLimits, new_response
from ari_app.web.auth import RequestGuard
from ari_app.web.errors import Malformed, PasswordOneTime, WrongOrigin
from ari_app.web.sessions import Session
from foundation.problems import Problem, Unauthenticated, Unavailable
from foundation.tasks import keep_running

log = structlog.get_logger()

WATCH_S = 30.0
"""Pause between two checks of open desks: an ended or expired session closes its desk."""
STRANGERS = 256
"""WebSockets at a time that have not shown their ticket yet."""
_TICKET = "ticket."
_HELLO = msgspec.json.Decoder(Hello)


class DeskSockets:
    """Handler of the desk's WebSocket (a part of the web server)."""

    def __init__(self, guard: RequestGuard, hub: Hub, limits: SocketLimits | None = None) -> None:
        self._guard = guard
        self._hub = hub
        self._limits = limits or SocketLimits()
        self._strangers = 0
        self._watching: asyncio.Task[None] | None = None

    def add_to(self, application: web.Application) -> None:
        """Add the WebSocket's route."""
        application.router.add_route("GET", PATH, self.handle)

    async def start(self) -> None:
        """Start the hub, and the watch over the sessions of open desks.

        Raises:
            TimeoutError: Redis is out of reach.
        """
        await self._hub.start()
        self._watching = asyncio.create_task(keep_running("desk-watch", self.watch), name="desk-watch")

    async def aclose(self) -> None:
        """Close every desk."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._hub.aclose()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket from its handshake to its end."""
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
        """Close desks with ended sessions, and renew the other sessions, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            await self.look()

    async def look(self) -> None:
        """Check every open desk once."""
        for socket in self._hub.sockets():
            try:
                if await self._guard.sessions.find_by_id(socket.session.id) is None:
                    await self._hub.end_session(socket.staff_id, socket.session.id)
            except Unavailable:
                return

    async def _session(self, request: web.Request) -> Session | None:
        """Return the session of the handshake; None where a ticket must follow."""
        origins = request.headers.getall("Origin", [])
        if any(not self._guard.allows(origin) for origin in origins):
            raise WrongOrigin("This page is not allowed to open a desk.")
        ticket = _offered_ticket(request)
        if ticket is not None:
            session = await self._guard.sessions.redeem(ticket)
        else:
            caller = await self._guard.recognise(request)
            if caller is None and "Authorization" not in request.headers:
                return None
            if caller is not None and caller.by_cookie and not origins:
                raise WrongOrigin("A cookie opens a desk only together with an Origin.")
            session = caller.session if caller is not None else None
        if session is None:
            raise Unauthenticated("Ask for a new ticket.")
        if session.principal.password_one_time:
            raise PasswordOneTime("Set your own password first.")
        return session

    async def _greeted(self, response: web.WebSocketResponse) -> Session | None:
        """Wait for the ticket; return None after closing the WebSocket."""
        self._strangers += 1
        try:
            async with asyncio.timeout(self._limits.hello_s):
                message = await response.receive()
            if message.type is not WSMsgType.TEXT:
                await response.close(code=CloseCode.SIGNED_OUT, message=b"say hello")
                return None
            session = await self._guard.sessions.redeem(_HELLO.decode(message.data).ticket)
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
        return session


def _offered_ticket(request: web.Request) -> str | None:
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(",")
    tickets = [one.strip().removeprefix(_TICKET) for one in offered if one.strip().startswith(_TICKET)]
    return tickets[0] if tickets else None
