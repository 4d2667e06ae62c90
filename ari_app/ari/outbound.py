"""Event source to which Asterisk connects.

While we are away it keeps events in order, and new calls wait instead of failing.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import aiohttp
import structlog
from aiohttp import web

from ari_app.ari.errors import AriError
from ari_app.ari.events import Event
from ari_app.ari.source import HEARTBEAT_S, LARGEST_FRAME, SUBPROTOCOL, EventSource
from foundation.tasks import keep_running

PATH: Final = "/ari/events"
CLOSE_TIMEOUT_S: Final = 1.0
MISSING_S: Final = 3.0
"""Asterisk tries four times a second (`websocket_client.conf`): a connection that is missing by then is not tried."""
ASKED_S: Final = 30.0
WRITING_S: Final = 0.05
"""Time for Asterisk to finish the event that it is writing when the others are stopped."""

log = structlog.get_logger()


class OutboundEvents(EventSource):
    """WebSocket server for Asterisk's event connection.

    A server of its own, so that no other request can delay Asterisk's upgrade.

    Asterisk's `websocket_client.conf` names `ws://HOST:PORT/ari/events`, the subprotocol `ari`, the user and password.

    Asterisk 22.10 may crash when this connection ends while it writes an event to it: between its check for the
    connection and its write there is no lock. So `on_closing` should silence the events and `on_closed` let them flow
    again, into the queue for the next process: `AriClient.silence_events` and `AriClient.filter_events`.

    Asterisk gives the connection up for good when its operator shuts its sessions down: `on_missing` is run while
    there is no connection, after three seconds and then twice a minute, and should ask for it with
    `AriClient.reopen_connections`.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        host: str,
        port: int,
        user: str,
        password: str,
        on_connected: Callable[[], Awaitable[None]] | None = None,
        on_disconnected: Callable[[], None] | None = None,
        on_closing: Callable[[], Awaitable[None]] | None = None,
        on_closed: Callable[[], Awaitable[None]] | None = None,
        on_missing: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(on_event, on_connected=on_connected, on_disconnected=on_disconnected)
        self._host = host
        self._port = port
        self._authorization = aiohttp.encode_basic_auth(user, password).encode()
        self._on_closing = on_closing
        self._on_closed = on_closed
        self._on_missing = on_missing
        self._missing: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        self._accepted: web.WebSocketResponse[Literal[False]] | None = None
        self._one_reader = asyncio.Lock()

    async def start(self) -> None:
        """Listen for Asterisk.

        Raises:
            OSError: the port is taken.
        """
        application = web.Application()
        application.router.add_get(PATH, self._accept)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSE_TIMEOUT_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._look_out()

    async def aclose(self) -> None:
        """Close the connection; Asterisk keeps events for the next process."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self._look_out(False)
        for site in list(runner.sites):
            await site.stop()
        accepted = self._accepted
        if accepted is not None:
            if self._on_closing is not None and await _tried(self._on_closing):
                await asyncio.sleep(WRITING_S)
            await accepted.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        async with self._one_reader:
            await runner.cleanup()
        if accepted is not None and self._on_closed is not None:
            await _tried(self._on_closed)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not secrets.compare_digest(given, self._authorization):
            log.warning("ari_events_refused", remote=request.remote, reason="wrong credentials")
            return web.Response(status=401)
        socket: web.WebSocketResponse[Literal[False]] = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=HEARTBEAT_S,
            timeout=CLOSE_TIMEOUT_S,
            max_msg_size=LARGEST_FRAME,
            compress=False,
            decode_text=False,
        )
        if not socket.can_prepare(request).ok or SUBPROTOCOL not in _offered(request):
            return web.Response(status=400, text="a WebSocket upgrade with the subprotocol ari is expected")
        # The upgrade is answered before anything is waited for: Asterisk's thread for all its WebSockets waits on it.
        await socket.prepare(request)
        earlier, self._accepted = self._accepted, socket
        self._look_out(False)
        if earlier is not None:
            # Asterisk never opens a second one while it believes in the first.
            await earlier.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        async with self._one_reader:
            try:
                await self._read(socket, announced=True)
            finally:
                if self._accepted is socket:
                    self._accepted = None
                    self._look_out(self._runner is not None and not self.replaced)
        return socket

    def _look_out(self, expected: bool = True) -> None:
        """Start, or stop, the check for a missing connection."""
        if self._missing is not None:
            self._missing.cancel()
        self._missing = None
        if expected:
            self._missing = asyncio.create_task(keep_running("ari-missing", self._ask_for_it), name="ari-missing")

    async def _ask_for_it(self) -> None:
        if self._on_missing is None:
            return
        await asyncio.sleep(MISSING_S)
        while True:
            log.warning("ari_events_missing", remedy="Asterisk is asked to open its connections again")
            await _tried(self._on_missing)
            await asyncio.sleep(ASKED_S)


async def _tried(hook: Callable[[], Awaitable[None]]) -> bool:
    try:
        await hook()
    except AriError as error:
        log.warning("ari_events_hook_failed", error=str(error))
        return False
    return True


def _offered(request: web.Request) -> list[str]:
    return [offer.strip() for offer in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
