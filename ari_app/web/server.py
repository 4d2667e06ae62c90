"""The server: every feature's routes, the desk's own, the one WebSocket, health and the API's description."""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence

import structlog
from aiohttp import web

from ari_app.desk.handshake import PATH, DeskSockets
from ari_app.desk.hub import Hub
from ari_app.desk.socket import SocketLimits
from ari_app.web import session_http
from ari_app.web.auth import RequestGuard
from ari_app.web.deferred_requests import DeferredRequests
from ari_app.web.health import Check, Health
from ari_app.web.openapi import OPENAPI_PATH, description_routes
from ari_app.web.responses import add_headers, answer
from ari_app.web.router import handler
from ari_app.web.sessions import Sessions
from ari_app.web.unreadable import WebRunner
from foundation.routes import Route, Routes
from foundation.spool import Handler, Spool

log = structlog.get_logger()

BODY_BYTES = 1024 * 1024
STOP_S = 3.0
"""How long requests under way may take when the server stops."""


class WebServer:
    """Serves until `aclose`. What is in no table does not exist, and every route names its roles.

    `allowed_origins` are the pages that may use cookies and open desks, such as `https://desk.example`; where all of
    them are https, cookies are. `checks` decide `/readyz`. `trusted_proxies` are the addresses whose X-Forwarded-For is
    believed.
    """

    def __init__(
        self,
        routes: Sequence[Routes],
        sessions: Sessions,
        hub: Hub,
        spool: Spool,
        *,
        host: str,
        port: int,
        allowed_origins: Collection[str],
        checks: Mapping[str, Check] | None = None,
        trusted_proxies: Collection[str] = (),
        limits: SocketLimits | None = None,
    ) -> None:
        self._keeping = DeferredRequests(spool)
        self._host = host
        self._port = port
        self._hub = hub
        self._gate = RequestGuard(sessions, allowed_origins=allowed_origins, trusted_proxies=trusted_proxies)
        self._sockets = DeskSockets(self._gate, hub, limits or SocketLimits())
        self._health = Health(self._gate, checks or {})
        own = session_http.routes(sessions)
        tables = [own, self._keeping.routes(), *routes]
        declared = [route for table in tables for route in table.table]
        self._keeping.serve(declared)
        self.routes: list[Route] = [*declared, *description_routes(declared, cookie=self._gate.cookie)]
        """Everything served through the table, the desk's own routes included."""
        self._runner = WebRunner(self._application(), access_log=None, shutdown_timeout=STOP_S)
        self._watching: asyncio.Task[None] | None = None

    @property
    def carry_out(self) -> Handler:
        """Carries out what was kept while the database was away."""
        return self._keeping.carry_out

    @property
    def port(self) -> int:
        """The port in use, once started; chosen by the system where 0 was asked for."""
        return self._port

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
            TimeoutError: Redis is out of reach.
        """
        await self._hub.start()
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        self._watching = asyncio.create_task(self._sockets.watch(), name="desk-watch")
        log.info("desk_listening", host=self._host, port=self._port, routes=len(self.routes), openapi=OPENAPI_PATH)

    async def aclose(self) -> None:
        """Close desks, finish requests under way, stop listening."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._hub.aclose()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[answer], client_max_size=BODY_BYTES)
        application.on_response_prepare.append(add_headers)
        known: set[tuple[str, str]] = set()
        for route in self.routes:
            if (route.method, route.path) in known:
                raise ValueError(f"two features declare {route.method} {route.path}")
            known.add((route.method, route.path))
            application.router.add_route(route.method, route.path, handler(route, self._gate, self._keeping))
        application.router.add_route("GET", PATH, self._sockets.handle)
        self._health.add_to(application)
        return application
