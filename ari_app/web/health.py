"""Whether the process lives, whether it can serve, and what it counts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ari_app.web.auth import RequestGuard
from foundation.routes import Role

log = structlog.get_logger()

CHECK_S = 3.0

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""None where all is well, otherwise what is wrong, in words for an operator."""


class Health:
    """`/healthz`, `/readyz` and `/metrics`. Details and metrics are for this machine and for administrators."""

    def __init__(self, gate: RequestGuard, checks: Mapping[str, Check]) -> None:
        self._gate = gate
        self._checks = dict(checks)

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_route("GET", "/healthz", self._alive)
        application.router.add_route("GET", "/readyz", self._ready)
        application.router.add_route("GET", "/metrics", self._metrics)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, request: web.Request) -> web.Response:
        found = dict(zip(self._checks, await asyncio.gather(*map(_ask, self._checks.values())), strict=True))
        ready = not any(found.values())
        body: dict[str, object] = {"status": "ready" if ready else "not ready"}
        if self._gate.is_local(request):
            body["checks"] = {name: wrong or "ok" for name, wrong in found.items()}
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        if not self._gate.is_local(request):
            await self._gate.enter(request, frozenset({Role.ADMINISTRATOR}))
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except TimeoutError:
        return f"no answer in {CHECK_S:.0f} s"
    except Exception as error:  # noqa: BLE001 - a check that fails is what one wants to know
        log.warning("check_failed", error=repr(error))
        return type(error).__name__
