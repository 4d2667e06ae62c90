"""WebSocket of an agent's desk, for load.

It reads the kernel's own time of arrival, as the phones' sockets do.

A client that notes the time when it has read a frame compares its own delays, with fifty desks and fifty phones in
one process, to a phone's INVITE that the kernel stamped. RFC 6455 as far as our server uses it: whole frames, pings.
"""

import asyncio
import base64
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from bench.sip_peer import SO_TIMESTAMPNS, TIMESPEC

PATH: Final = "/api/v1/desk/socket"
OPENED: Final = b"HTTP/1.1 101 "
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FINAL, MASKED = 0x80, 0x80
READ_BYTES: Final = 1 << 18

OnMessage = Callable[[dict[str, Any], int], None]
"""Takes a message and its arrival in nanoseconds of the epoch: of the last byte that was read with it."""


class DeskSocket:
    """One desk: `await DeskSocket.opened(url, ticket, on_message)`, later `close()`."""

    def __init__(self, connected: socket.socket, on_message: OnMessage) -> None:
        self._socket = connected
        self._on_message = on_message
        self._received = bytearray()
        self.closed = False

    @classmethod
    async def opened(cls, url: str, ticket: str, on_message: OnMessage) -> "DeskSocket":
        """Connect and say who it is.

        Raises:
            ConnectionError: the server refused.
        """
        parts = urlsplit(url)
        connected = socket.socket()
        connected.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connected, (parts.hostname, parts.port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: {url}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
        await loop.sock_sendall(connected, head.encode())
        answer = bytearray()
        while b"\r\n\r\n" not in answer:
            if not (data := await loop.sock_recv(connected, READ_BYTES)):
                raise ConnectionError("the desk's socket was closed")
            answer += data
        if not answer.startswith(OPENED):
            raise ConnectionError(f"no WebSocket: {bytes(answer[:200])!r}")
        connected.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        desk = cls(connected, on_message)
        desk._received += answer.partition(b"\r\n\r\n")[2]
        loop.add_reader(connected, desk._readable)
        desk.say(type="hello", ticket=ticket)
        return desk

    def say(self, **message: object) -> None:
        """Send a command."""
        self._send(TEXT, json.dumps(message).encode())

    def close(self) -> None:
        """Hang up."""
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        data, ancillary, _, _ = self._socket.recvmsg(READ_BYTES, 128)
        if not data:
            self.close()
            return
        arrived_ns = _stamp(ancillary)
        self._received += data
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == TEXT:
                self._on_message(json.loads(payload), arrived_ns)
            elif kind == PING:
                self._send(PONG, payload)
            elif kind == CLOSE:
                self.close()
                return

    def _frame(self) -> tuple[int, bytes] | None:
        """Return the next whole frame.

        Servers do not mask, and ours does not split messages.
        """
        if len(self._received) < 2:
            return None
        length, start = self._received[1] & 0x7F, 2
        if length >= 126:
            form, start = ("!H", 4) if length == 126 else ("!Q", 10)
            if len(self._received) < start:
                return None
            (length,) = struct.unpack_from(form, self._received, 2)
        if len(self._received) < start + length:
            return None
        kind, payload = self._received[0] & 0x0F, bytes(self._received[start : start + length])
        del self._received[: start + length]
        return kind, payload

    def _send(self, kind: int, payload: bytes) -> None:
        """Send a short masked frame; loopback takes it whole."""
        mask = os.urandom(4)
        size = bytes([MASKED | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._socket.send(bytes([FINAL | kind]) + size + mask + masked)


def _stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the kernel's time of arrival in nanoseconds.

    The kernel switches its stamps on a moment after the first socket asks: frames of that moment get the clock's time.
    """
    if not ancillary:
        return time.clock_gettime_ns(time.CLOCK_REALTIME)
    seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
    return int(seconds) * 1_000_000_000 + int(nanoseconds)
