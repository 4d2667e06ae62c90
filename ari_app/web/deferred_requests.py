"""Requests deferred while the database is away, carried out once afterwards."""

import msgspec
from pydantic import BaseModel

from ari_app.web.session_http import SessionRequest
from foundation.clock import from_milliseconds
from foundation.problems import Unavailable
from foundation.routes import EVERYONE, NoQuery, Principal, Request, Role, Route, Routes
from foundation.spool import Spool, Spooled

KIND = "request"
SEES_ALL = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class DeferredRequestView(BaseModel):
    """Request that waits for the database."""

    deferred_id: str
    deferred_at: str
    request: str
    """The request's method and path."""
    refused: str | None
    """The reason why it was refused when the database was back."""


class DeferredRequest(msgspec.Struct, frozen=True):
    """Request as it is stored: validated, and allowed for its principal."""

    method: str
    route: str
    path: dict[str, str]
    body: msgspec.Raw
    principal: Principal
    idempotency_key: str


class DeferredRequests:
    """Stores requests of deferrable routes, and carries them out."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._routes: dict[tuple[str, str], Route] = {}

    def serve(self, routes: list[Route]) -> None:
        """Set the routes that deferred requests are carried out with."""
        self._routes = {(route.method, route.path): route for route in routes if route.deferrable}

    async def defer(self, route: Route, asked: SessionRequest) -> DeferredRequestView:
        """Store a request on disk.

        Raises:
            Unavailable: it has no idempotency key, so that it might be carried out twice; or the disk is full.
        """
        if asked.idempotency_key is None or asked.principal is None:
            raise Unavailable("The database is away. With an Idempotency-Key the request waits until it is back.")
        body = asked.body.model_dump_json(exclude_unset=True).encode() if isinstance(asked.body, BaseModel) else b"null"
        request = DeferredRequest(
            route.method, route.path, asked.path, msgspec.Raw(body), asked.principal, asked.idempotency_key
        )
        try:
            stored = await self._spool.add(KIND, msgspec.json.encode(request), owner=asked.principal.staff_id)
        except OSError as error:
            raise Unavailable("The database is away, and the request cannot be stored on disk either.") from error
        return _view(stored)

    async def carry_out(self, stored: Spooled) -> None:
        """Carry out a deferred request (the spool's handler)."""
        request = msgspec.json.decode(stored.content, type=DeferredRequest)
        route = self._routes[request.method, request.route]
        # A time that was in the future when the request was made may have passed meanwhile.
        asked = {"asked_at": from_milliseconds(stored.at_ms)}
        await route.handler(
            SessionRequest(
                principal=request.principal,
                path=request.path,
                query=route.query(),
                body=route.body.model_validate_json(bytes(request.body), context=asked) if route.body else None,
                idempotency_key=request.idempotency_key,
                address="",
                session=None,
            )
        )

    def routes(self) -> Routes:
        """Return the route that lists deferred requests."""
        table = Routes("deferred-requests")

        @table.add(
            "GET",
            "/deferred-requests",
            roles=EVERYONE,
            summary="Return the requests that wait for the database: one's own, or all for supervisors",
            response=list[DeferredRequestView],
        )
        async def waiting(request: Request[None, NoQuery]) -> list[DeferredRequestView]:
            who = request.actor
            return [
                _view(stored)
                for stored in await self._spool.waiting()
                if stored.kind == KIND and (stored.owner == who.staff_id or who.role in SEES_ALL)
            ]

        return table


def _view(stored: Spooled) -> DeferredRequestView:
    request = msgspec.json.decode(stored.content, type=DeferredRequest)
    return DeferredRequestView(
        deferred_id=stored.id,
        deferred_at=from_milliseconds(stored.at_ms).isoformat(),
        request=f"{request.method} {request.route}",
        refused=stored.error or None,
    )
