"""Base of the event sources.

A WebSocket that Asterisk opens to us, or one that we open to Asterisk.

A reader only decodes and hands over; it awaits no other code, because Asterisk disconnects a reader that stalls.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import aiohttp
import structlog
from aiohttp import web

from ari_app.ari.decoding import EventDecoder
from ari_app.ari.errors import NotRegistered
from ari_app.ari.events import ApplicationReplaced, Event

SUBPROTOCOL: Final = "ari"
HEARTBEAT_S: Final = 6.0
"""A ping after this much silence, and half of it to answer: a dead connection is noticed within nine seconds."""

LARGEST_FRAME: Final = 16 * 1024 * 1024
HOOK_TIMEOUT_S: Final = 60.0
LONG_BACKLOG: Final = 10_000

log = structlog.get_logger()


Socket = web.WebSocketResponse[Literal[False]] | aiohttp.ClientWebSocketResponse[Literal[False]]
"""Text frames as bytes: a frame that is not even UTF-8 is then one malformed event, not the end of a connection."""


class EventSource(ABC):
    """Delivers an application's events in order to `on_event`, which must not wait.

    After every connect `on_connected` runs in a task of its own: send the event filter again, adopt live calls.
    Until it is over events wait, then they are delivered in order, so that none is handled while state is being
    restored; it must therefore not wait for an event. Where it raises, calls are served all the same, except for
    `NotRegistered`: no event comes on this connection then. `on_disconnected` must not wait.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        *,
        on_connected: Callable[[], Awaitable[None]] | None = None,
        on_disconnected: Callable[[], None] | None = None,
    ) -> None:
        self.decoder = EventDecoder()
        """Decoder with counts of decoded, ignored and malformed frames."""
        self.replaced = False
        """Another process took our application's name; this source stays silent from then on."""
        self.connects = 0
        self._on_event = on_event
        self._on_connected = on_connected
        self._on_disconnected = on_disconnected
        self._ready = asyncio.Event()
        self._socket: Socket | None = None
        self._delayed: deque[Event] = deque()
        self._hook: asyncio.Task[None] | None = None

    @abstractmethod
    async def start(self) -> None:
        """Begin; returns before the first connection is there."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connection and stop."""

    @property
    def connected(self) -> bool:
        """Tell whether events are being delivered."""
        return self._ready.is_set()

    async def wait_connected(self) -> None:
        """Wait until events are being delivered."""
        await self._ready.wait()

    async def _read(self, socket: Socket, *, announced: bool) -> None:
        """Deliver a connection's events until it closes.

        `announced`: Asterisk's first frame says that our application is registered, and only then can REST requests
        name it.
        """
        self._socket = socket
        try:
            if not announced:
                self._begin()
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                if self._hook is None:
                    self._begin()
                event = self.decoder.decode(message.data)
                if event is not None:
                    self._take(event)
        finally:
            self._socket = None
            await self._end()

    def _begin(self) -> None:
        self.connects += 1
        self._hook = asyncio.create_task(self._prepare(), name="ari-connected")

    def _take(self, event: Event) -> None:
        if type(event) is ApplicationReplaced:
            self._stand_down("another connection took our application's name")
        elif self.replaced:
            return
        if self._ready.is_set() or self.replaced:
            self._hand_over(event)
            return
        self._delayed.append(event)
        if len(self._delayed) % LONG_BACKLOG == 0:
            log.warning("ari_events_delayed", waiting=len(self._delayed))

    def _stand_down(self, reason: str) -> None:
        """Stop delivering events, and log why.

        Two processes with one application name would both lose calls.
        """
        self.replaced = True
        self._ready.clear()
        log.error("ari_application_replaced", reason=reason, remedy="end the other process, then restart Asterisk")

    async def _prepare(self) -> None:
        if self._on_connected is not None:
            try:
                async with asyncio.timeout(HOOK_TIMEOUT_S):
                    await self._on_connected()
            except NotRegistered as error:
                # Asterisk loses an outbound connection's application for good once an inbound one took its name and
                # went; neither a new connection nor a reload brings it back.
                self._stand_down(str(error))
                return
            except Exception:
                # Calls are served all the same: better with noise or unadopted calls than not at all.
                log.exception("ari_connected_hook_failed")
        while self._delayed:
            self._hand_over(self._delayed.popleft())
        if self.replaced:
            return
        self._ready.set()
        log.info("ari_events_connected", connects=self.connects)

    def _hand_over(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            log.exception("ari_event_not_handled", event_type=type(event).__name__)

    async def _end(self) -> None:
        """End a connection after delivering its waiting events.

        Asterisk will not send them again.
        """
        hook, self._hook = self._hook, None
        if hook is None:
            return
        if not hook.done():
            hook.cancel()
            await asyncio.wait({hook})
        while self._delayed:
            self._hand_over(self._delayed.popleft())
        self._ready.clear()
        log.warning("ari_events_disconnected", connects=self.connects)
        if self._on_disconnected is not None:
            try:
                self._on_disconnected()
            except Exception:
                log.exception("ari_disconnected_hook_failed")
