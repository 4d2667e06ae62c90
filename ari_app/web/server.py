"""HTTP server of all packages: routes, sessions, health, API description."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from aiohttp import web

from ari_app.web import session_http
from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard
from ari_app.web.connections import ConnectionLimits, Connections
from ari_app.web.deferred_requests import DeferredRequests
from ari_app.web.health import Check, Health
from ari_app.web.openapi import OPENAPI_PATH, description_routes
from ari_app.web.problem_texts import ProblemTexts, shipped_texts
from ari_app.web.responses import add_headers, answering
from ari_app.web.router import Dispatch, handler
from foundation.routes import Route, Routes
from foundation.spool import Handler, Spool

log = structlog.get_logger()

BODY_BYTES = 1024 * 1024


class ServerPart(Protocol):
    """Part of the server beside the route tables, such as desks."""

    def add_to(self, application: web.Application) -> None:
        """Add its handlers."""

    async def start(self) -> None:
        """Begin, before the server listens."""

    async def aclose(self) -> None:
        """End, before requests under way are finished."""


class WebServer:
    """Serves the routes of the tables until `aclose`.

    Other paths do not exist, and every route names its roles.

    `checks` decide `/readyz`.
    """

    def __init__(
        self,
        routes: Sequence[Routes],
        guard: RequestGuard,
        spool: Spool,
        *,
        host: str,
        port: int,
        parts: Sequence[ServerPart] = (),
        checks: Mapping[str, Check] | None = None,
        addresses: ClientAddresses | None = None,
        limits: ConnectionLimits | None = None,
        texts: ProblemTexts | None = None,
        profile_of: session_http.ProfileOf = session_http.no_profile,
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        addresses = addresses or ClientAddresses()
        self._deferred = DeferredRequests(spool)
        self._texts = texts or shipped_texts()
        self._host = host
        self._port = port
        self._parts = [*parts]
        tables = [session_http.routes(guard.sessions, profile_of, time_zone), self._deferred.routes(), *routes]
        declared = [route for table in tables for route in table.table]
        self._deferred.serve(declared)
        self.routes: list[Route] = [*declared, *description_routes(declared, cookie=guard.cookie)]
        """Every route of the tables, the server's own included."""
        self.application = self._application(Dispatch(guard, addresses, self._deferred, self._texts))
        self._health = Health(guard, addresses, checks or {})
        self._health.add_to(self.application)
        self.connections = Connections(self.application, addresses, limits or ConnectionLimits())

    def add_alarm(self, name: str, alarm: Check) -> None:
        """Show an alarm on `/readyz`; the service stays ready."""
        self._health.add_alarm(name, alarm)

    @property
    def carry_out(self) -> Handler:
        """Return the handler of requests that were deferred."""
        return self._deferred.carry_out

    @property
    def port(self) -> int:
        """Return the port in use, also where 0 was given."""
        return self._port

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
            TimeoutError: Redis is out of reach.
        """
        for part in self._parts:
            await part.start()
        self._port = await self.connections.listen(self._host, self._port)
        log.info("http_listening", host=self._host, port=self._port, routes=len(self.routes), openapi=OPENAPI_PATH)

    async def aclose(self) -> None:
        """Close desks, finish requests under way, stop listening."""
        for part in self._parts:
            await part.aclose()
        await self.connections.aclose()

    def _application(self, dispatch: Dispatch) -> web.Application:
        application = web.Application(middlewares=[answering(self._texts)], client_max_size=BODY_BYTES)
        application.on_response_prepare.append(add_headers)
        known: set[tuple[str, str]] = set()
        for route in self.routes:
            if (route.method, route.path) in known:
                raise ValueError(f"two features declare {route.method} {route.path}")
            known.add((route.method, route.path))
            application.router.add_route(route.method, route.path, handler(route, dispatch))
        for part in self._parts:
            part.add_to(application)
        return application
