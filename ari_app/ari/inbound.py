"""Event source that connects to Asterisk.

Simpler to set up, but events of a gap are lost and new calls fail into the fallback.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import aiohttp
import structlog
from yarl import URL

from ari_app.ari.events import Event
from ari_app.ari.source import HEARTBEAT_S, LARGEST_FRAME, SUBPROTOCOL, EventSource
from foundation.tasks import keep_running

FIRST_DELAY_S: Final = 0.25
LONGEST_DELAY_S: Final = 5.0
STABLE_S: Final = 10.0
"""Only a connection that lasted this long starts the delays anew: a clean close at once is a failure too."""

CONNECT_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 1.0

log = structlog.get_logger()


class InboundEvents(EventSource):
    """WebSocket client of Asterisk that reconnects after every loss.

    It stays away when another process replaced us.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        url: str,
        user: str,
        password: str,
        application: str,
        on_connected: Callable[[], Awaitable[None]] | None = None,
        on_disconnected: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(on_event, on_connected=on_connected, on_disconnected=on_disconnected)
        self._url = URL(f"{url.rstrip('/')}/events?app={quote(application, safe='')}", encoded=True)
        self._authorization = aiohttp.encode_basic_auth(user, password)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(keep_running("ari-events", self._run), name="ari-events")

    async def aclose(self) -> None:
        """Disconnect: Asterisk's `Stasis()` fails from now on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        async with aiohttp.ClientSession(headers={"Authorization": self._authorization}) as session:
            while not self.replaced:
                began = loop.time()
                await self._connect_and_read(session)
                failures = 1 if loop.time() - began >= STABLE_S else failures + 1
                if not self.replaced:
                    await asyncio.sleep(delay_s(failures))

    async def _connect_and_read(self, session: aiohttp.ClientSession) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                socket = await session.ws_connect(
                    self._url,
                    protocols=(SUBPROTOCOL,),
                    heartbeat=HEARTBEAT_S,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                    max_msg_size=LARGEST_FRAME,
                    decode_text=False,
                )
        except (aiohttp.ClientError, OSError) as error:
            log.warning("ari_events_not_connected", error=str(error) or type(error).__name__)
            return
        try:
            await self._read(socket, announced=False)
        finally:
            await socket.close()

    def _stand_down(self, reason: str) -> None:
        super()._stand_down(reason)
        if self._task is not None:
            # The reader ends, and nothing connects again.
            self._task.cancel()


def delay_s(failures: int) -> float:
    """Return the pause after so many failures in a row.

    It doubles, and is random so that nodes do not reconnect in step.
    """
    longest: float = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 16))
    return random.uniform(longest / 2, longest)  # noqa: S311 - not a secret
