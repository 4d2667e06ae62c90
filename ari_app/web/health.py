"""Health of the process: `/healthz`, `/readyz` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard
from foundation.routes import Role

log = structlog.get_logger()

CHECK_S = 3.0

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""Returns None where all is well, else the fault in words for an operator."""


class Health:
    """Health routes.

    `/healthz` and `/readyz` are public. Metrics, and the reasons of `/readyz`, are for the addresses of the setting
    `metrics_from` (this machine unless set) without signing in, and for administrators from anywhere.
    """

    def __init__(self, guard: RequestGuard, addresses: ClientAddresses, checks: Mapping[str, Check]) -> None:
        self._guard = guard
        self._addresses = addresses
        self._checks = dict(checks)
        self._alarms: dict[str, Check] = {}

    def add_alarm(self, name: str, alarm: Check) -> None:
        """Show an alarm beside the checks; the service stays ready."""
        self._alarms[name] = alarm

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_route("GET", "/healthz", self._alive)
        application.router.add_route("GET", "/readyz", self._ready)
        application.router.add_route("GET", "/metrics", self._metrics)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, request: web.Request) -> web.Response:
        found = dict(zip(self._checks, await asyncio.gather(*map(_run, self._checks.values())), strict=True))
        ready = not any(found.values())
        body: dict[str, object] = {"status": "ready" if ready else "not ready"}
        if self._addresses.may_monitor(request):
            body["checks"] = {name: wrong or "ok" for name, wrong in found.items()}
            body["alarms"] = {name: words for name, alarm in self._alarms.items() if (words := await _run(alarm))}
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        if not self._addresses.may_monitor(request):
            await self._guard.enter(request, frozenset({Role.ADMINISTRATOR}))
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _run(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except TimeoutError:
        return f"no response in {CHECK_S:.0f} s"
    except Exception as error:  # noqa: BLE001 - a check that fails is a finding, not an error of ours
        log.warning("check_failed", error=repr(error))
        return type(error).__name__
