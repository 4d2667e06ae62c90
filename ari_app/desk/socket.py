"""WebSocket of one desk, bounded in reading and writing (S20, G16)."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import IntEnum

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from ari_app.desk import metrics
from ari_app.web.sessions import Session
from foundation.ids import new_id
from foundation.routes import Role

log = structlog.get_logger()

PATH = "/api/v1/desk/socket"
SUBPROTOCOL = "hotline.desk.v1"


class CloseCode(IntEnum):
    """Reason for closing a desk's socket, beside RFC 6455, section 7.4."""

    REPLACED = 4001
    """The same agent opened another desk: do not connect again by yourself."""
    SIGNED_OUT = 4401
    """Sign in again."""


@dataclass(frozen=True)
class SocketLimits:
    """Limits of one peer."""

    message_bytes: int = 16 * 1024
    """The longest message we read."""
    messages_per_s: float = 20.0
    burst: int = 60
    outbound_bytes: int = 512 * 1024
    """Bytes that may wait for a slow reader, beyond the kernel's own buffer."""
    heartbeat_s: float = 20.0
    hello_s: float = 5.0
    """Time in which a client has to present its ticket."""
    close_s: float = 2.0


class DeskSocket:
    """Socket of a signed-in staff member; until `open`, messages are held back."""

    def __init__(
        self, response: web.WebSocketResponse, transport: asyncio.Transport, session: Session, limits: SocketLimits
    ) -> None:
        self.id = new_id("desk")
        self.session = session
        self.role: Role = session.principal.role
        self.order = 0
        self.paints_pops = False
        """The desk says when a pop is on its screen."""
        self._response = response
        self._transport = transport
        self._limits = limits
        self._held: list[bytes] | None = []
        self._rate = _Bucket(limits.messages_per_s, limits.burst)
        self._dropped = False
        self._farewell: asyncio.Event | None = None

    @property
    def staff_id(self) -> str:
        return self.session.principal.staff_id

    async def open(self, welcome: bytes) -> None:
        """Send the first message, then what came meanwhile."""
        await self._release(welcome)

    def forget(self) -> None:
        """Drop what waits for the welcome; the next desk has its own."""
        if self._held is not None:
            self._held.clear()

    async def send(self, payload: bytes) -> bool:
        """Hand a message to the transport; return False for lost desks.

        A peer that does not read fills its own buffer, and is disconnected when that is full. No other peer waits.
        """
        if self._held is not None:
            self._held.append(payload)
            return True
        return await self._write(payload, WSMsgType.TEXT)

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield the peer's messages until the socket closes.

        More than the rate allows closes it.
        """
        while True:
            message = await self._response.receive()
            if message.type not in {WSMsgType.TEXT, WSMsgType.PING, WSMsgType.PONG}:
                if message.type is WSMsgType.BINARY:
                    await self.close(WSCloseCode.UNSUPPORTED_DATA, "text only")
                elif self._farewell is not None:
                    # The connection ends with its handler: first let `close` send the reason.
                    await self._farewell.wait()
                return
            if not self._rate.take():
                self._note_drop("rate")
                await self.close(WSCloseCode.POLICY_VIOLATION, "too many messages")
                return
            if message.type is WSMsgType.TEXT:
                yield message.data
            elif message.type is WSMsgType.PING:
                await self._write(message.data, WSMsgType.PONG)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; after a short pause, disconnect a silent peer."""
        self._farewell = self._farewell or asyncio.Event()
        await self._release()
        try:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await self._response.close(code=code, message=reason.encode())
        finally:
            self._transport.abort()
            self._farewell.set()

    def drop(self, reason: str) -> None:
        """Hang up at once."""
        self._note_drop(reason)
        self._transport.abort()

    async def _release(self, *first: bytes) -> None:
        held, self._held = self._held or [], None
        for payload in (*first, *held):
            await self._write(payload, WSMsgType.TEXT)

    async def _write(self, payload: bytes, kind: WSMsgType) -> bool:
        if self._response.closed or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(payload) > self._limits.outbound_bytes:
            self.drop("slow")
            return False
        try:
            await self._response.send_frame(payload, kind)
        except (ConnectionError, RuntimeError):
            return False
        return True

    def _note_drop(self, reason: str) -> None:
        if not self._dropped:
            self._dropped = True
            metrics.SOCKETS_DROPPED.labels(reason).inc()
            log.warning("desk_dropped", staff_id=self.staff_id, socket=self.id, reason=reason)


def new_response(limits: SocketLimits) -> web.WebSocketResponse:
    """Return a WebSocket without compression, and writes that never wait.

    `DeskSocket` bounds the writes instead.
    """
    return web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        compress=False,
        autoping=False,
        heartbeat=limits.heartbeat_s,
        timeout=limits.close_s,
        max_msg_size=limits.message_bytes,
        writer_limit=sys.maxsize,
        decode_text=False,
    )


class _Bucket:
    """Token bucket: a rate per second, and a burst."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
