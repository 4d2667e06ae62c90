"""What agents file while the database is away is kept, carried out once when it is back, and they see which it was."""

import msgspec
from pydantic import BaseModel

from ari_app.web.session_http import DeskRequest
from foundation.clock import from_milliseconds
from foundation.problems import Unavailable
from foundation.routes import EVERYONE, NoQuery, Principal, Request, Role, Route, Routes
from foundation.spool import Spool, Spooled

KIND = "request"
SEES_ALL = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class DeferredRequestView(BaseModel):
    """A request that waits for the database."""

    kept_id: str
    kept_at: str
    what: str
    """The request's method and path."""
    refused: str | None
    """Why it was not carried out when the database was back."""


class DeferredRequest(msgspec.Struct, frozen=True):
    """A request as it is kept: checked already, and by whom it was made."""

    method: str
    route: str
    path: dict[str, str]
    body: msgspec.Raw
    principal: Principal
    idempotency_key: str


class DeferredRequests:
    """Keeps requests of routes that say so, and carries them out."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._routes: dict[tuple[str, str], Route] = {}

    def serve(self, routes: list[Route]) -> None:
        """Know what there is to be carried out."""
        self._routes = {(route.method, route.path): route for route in routes if route.kept}

    async def keep(self, route: Route, asked: DeskRequest) -> DeferredRequestView:
        """Keep a request.

        Raises:
            Unavailable: it has no key, so that carrying it out later might do it twice; or nothing can be written.
        """
        if asked.idempotency_key is None or asked.principal is None:
            raise Unavailable("The database is away. With an Idempotency-Key the request is kept until it is back.")
        body = asked.body.model_dump_json(exclude_unset=True).encode() if isinstance(asked.body, BaseModel) else b"null"
        request = DeferredRequest(
            route.method, route.path, asked.path, msgspec.Raw(body), asked.principal, asked.idempotency_key
        )
        try:
            kept = await self._spool.keep(KIND, msgspec.json.encode(request), owner=asked.principal.staff_id)
        except OSError as error:
            raise Unavailable("The database is away, and the request cannot be kept either.") from error
        return _view(kept)

    async def carry_out(self, kept: Spooled) -> None:
        """Do what was asked (the spool's handler)."""
        request = msgspec.json.decode(kept.content, type=DeferredRequest)
        route = self._routes[request.method, request.route]
        # What lay ahead when it was asked for may have passed while the database was away.
        asked = {"asked_at": from_milliseconds(kept.at_ms)}
        await route.handler(
            DeskRequest(
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
        """What is kept, for whom it concerns."""
        table = Routes("kept")

        @table.add(
            "GET",
            "/kept",
            roles=EVERYONE,
            summary="Requests that wait for the database: one's own, for supervisors everybody's",
            response=list[DeferredRequestView],
        )
        async def waiting(request: Request[None, NoQuery]) -> list[DeferredRequestView]:
            who = request.actor
            return [
                _view(kept)
                for kept in await self._spool.waiting()
                if kept.kind == KIND and (kept.owner == who.staff_id or who.role in SEES_ALL)
            ]

        return table


def _view(kept: Spooled) -> DeferredRequestView:
    request = msgspec.json.decode(kept.content, type=DeferredRequest)
    return DeferredRequestView(
        kept_id=kept.id,
        kept_at=from_milliseconds(kept.at_ms).isoformat(),
        what=f"{request.method} {request.route}",
        refused=kept.error or None,
    )
