"""Connections of the HTTP server, with limits of time and number."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from ari_app.web import metrics
from ari_app.web.addresses import ClientAddresses, neighbourhood
from ari_app.web.errors import Malformed
from ari_app.web.responses import Handler, problem_response, set_headers

STOP_S = 3.0
"""Time that requests under way have when the server stops."""

_ACCESS_LOG = logging.getLogger("ari_app.web.access")
_ACCESS_LOG.disabled = True  # paths hold ids of people; metrics count requests by route

log = structlog.get_logger()


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits of connections."""

    headers_s: float = 10.0
    """Time from the connection to the end of the first request's headers."""
    idle_s: float = 75.0
    """Time between two requests of a connection; the headers of the next one included."""
    per_address: int = 1000
    """Open connections from one address; an office of 150 browsers may share one. Trusted proxies have no limit."""


class Connections:
    """Accepts connections for an application, and closes those that exceed the limits."""

    def __init__(self, application: web.Application, addresses: ClientAddresses, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.addresses = addresses
        self.open: Counter[str] = Counter()
        """Open connections by the neighbourhood of their address."""
        self._runner = web.AppRunner(application, access_log=_ACCESS_LOG, shutdown_timeout=STOP_S)
        self._listener: asyncio.Server | None = None
        application.middlewares.insert(0, _note_request)

    async def listen(self, host: str, port: int) -> int:
        """Listen, and return the port.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        server = self._runner.server
        assert server is not None, "setup makes it"
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Connection(self, server, loop), host, port)
        return int(self._listener.sockets[0].getsockname()[1])

    async def aclose(self) -> None:
        """Stop listening, finish requests under way, and close every connection."""
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()


class _Connection(web.RequestHandler):
    """Connection that is closed unless a request arrives in time.

    Its refusals are problem details: aiohttp itself would respond in plain text, and log a traceback for bytes that any
    client can send.
    """

    def __init__(self, owner: Connections, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, access_log=_ACCESS_LOG, keepalive_timeout=owner.limits.idle_s)
        self._owner = owner
        self._deadline: asyncio.TimerHandle | None = None
        self._counted_as = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and expect its first request."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        self._counted_as = neighbourhood(address)
        self._owner.open[self._counted_as] += 1
        metrics.CONNECTIONS.inc()
        limits = self._owner.limits
        is_proxy = self._owner.addresses.is_trusted_proxy(address)
        if self._owner.open[self._counted_as] > limits.per_address and not is_proxy:
            if self._owner.open[self._counted_as] == limits.per_address + 1:
                log.warning("too_many_connections", address=self._counted_as, limit=limits.per_address)
            self._end("too_many")
        else:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(limits.headers_s, self._end, "no_request")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count the connection no more."""
        self.request_arrived()
        self._owner.open[self._counted_as] -= 1
        if not self._owner.open[self._counted_as]:
            del self._owner.open[self._counted_as]
        metrics.CONNECTIONS.dec()
        super().connection_lost(exc)

    def request_arrived(self) -> None:
        """Cancel the time limit of the first request."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Respond to an unreadable request; our own failures stay with aiohttp."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        is_long = isinstance(exc, LineTooLong)
        rule = "Its address or a header is longer than 8190 bytes." if is_long else "It is no HTTP request."
        response = problem_response(Malformed(rule))
        set_headers(response)
        response.force_close()
        return response

    def _end(self, reason: str) -> None:
        metrics.CONNECTIONS_CLOSED.labels(reason).inc()
        if self.transport is not None:
            self.transport.abort()


@web.middleware
async def _note_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    if isinstance(request.protocol, _Connection):
        request.protocol.request_arrived()
    return await handler(request)
