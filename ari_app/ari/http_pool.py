"""Bounded pool of kept-alive HTTP/1.1 connections to one server.

Asterisk's web server writes a status, headers, and a body of a stated length. Any other response breaks the connection.

aiohttp's client instead was measured with the load of G4 (CPU milliseconds for one handled call, 15 calls a second,
medians of six interleaved rounds each): 25.0 against 21.8, of these the service 13.0 against 10.4. That is 15 % more,
so this pool stays.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

LARGEST_HEAD: Final = 64 * 1024
LARGEST_BODY: Final = 16 * 1024 * 1024
"""The list of all channels is the largest answer: about 1 KiB each."""
HEAD_END: Final = b"\r\n\r\n"
BODILESS: Final = frozenset({204, 304})

OPENED_AT_ONCE: Final = 4
"""Asterisk's listener has a backlog of 10. TCP repeats a connection attempt that finds it full after one second."""


class NotConnected(ConnectionError):
    """No connection could be made: nothing was sent."""


class NoConnectionInTime(TimeoutError):
    """No connection was free in time: nothing was sent."""


class _ClosedUnused(ConnectionResetError):
    """A kept connection was closed without a byte of a response.

    Most likely it was closed before the request arrived.
    """


@dataclass(slots=True)
class _Answer:
    status: int
    length: int
    kept_alive: bool


class Connection(asyncio.Protocol):
    """One connection, which carries one request at a time."""

    def __init__(self) -> None:
        self.usable = True
        self.idle_since = 0.0
        self._kept = False
        """It has carried an answer before."""
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: _Answer | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Send a request; return a future of status and body.

        The future raises ConnectionError.
        """
        assert self._transport is not None, "connected"
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def abort(self, error: Exception | None = None) -> None:
        """Hang up, and fail the request under way."""
        self.usable = False
        self._fail(error or ConnectionAbortedError("the connection was closed"))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        # uvloop's transports are not asyncio's by class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.usable = False
        unused = self._kept and self._answer is None and not self._received
        kind = _ClosedUnused if unused else ConnectionResetError
        self._fail(kind(str(exc) if exc else "the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._received += data
        try:
            complete = self._complete()
        except ValueError as error:
            self.abort(ConnectionError(f"this is no answer: {error}"))
            return
        if complete is None:
            return
        waiting, self._waiting = self._waiting, None
        if waiting is None or self._received:
            # A response without a request: the next request could read a wrong one.
            self.abort()
        if waiting is not None and not waiting.done():
            waiting.set_result(complete)

    def _complete(self) -> tuple[int, bytes] | None:
        """Return the response when all of it is there."""
        if self._answer is None:
            end = self._received.find(HEAD_END)
            if end < 0:
                if len(self._received) > LARGEST_HEAD:
                    raise ValueError("its head does not end")
                return None
            self._answer = _head(bytes(self._received[:end]))
            del self._received[: end + len(HEAD_END)]
        answer = self._answer
        if len(self._received) < answer.length:
            return None
        body = bytes(self._received[: answer.length])
        del self._received[: answer.length]
        self._answer = None
        self._kept = True
        self.usable = self.usable and answer.kept_alive
        return answer.status, body

    def _fail(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


class HttpPool:
    """Pool with a limit; a request waits for a free connection."""

    def __init__(self, url: str, *, connections: int, keep_alive_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ValueError(f"not an http(s) address: {url!r}")
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (80 if self._tls is None else 443)
        self._keep_alive_s = keep_alive_s
        self._free = asyncio.Semaphore(connections)
        self._opening = asyncio.Semaphore(OPENED_AT_ONCE)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self.closed = False

    async def ask(self, request: bytes, *, repeatable: bool, connect_s: float, timeout_s: float) -> tuple[int, bytes]:
        """Send a request; return the status and body of its response.

        A `repeatable` request is sent once more where the connection turns out to be closed.

        Raises:
            NotConnected, NoConnectionInTime: nothing was sent.
            TimeoutError: no answer within `timeout_s` from now, of which waiting for a connection takes at most
                `connect_s`.
            ConnectionError, OSError: the connection broke before the answer, or what came was none.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            connection = await self._taken(connect_s)
            try:
                return await self._asked(connection, request, deadline)
            except _ClosedUnused:
                if not repeatable:
                    raise

    async def _asked(self, connection: Connection, request: bytes, deadline: float) -> tuple[int, bytes]:
        giving_up = asyncio.get_running_loop().call_at(deadline, connection.abort, TimeoutError("no answer in time"))
        try:
            return await connection.ask(request)
        except BaseException:
            # The answer may still come, and no other request may read it.
            connection.abort()
            raise
        finally:
            giving_up.cancel()
            self._give_back(connection)

    def close(self) -> None:
        """Close every connection; requests under way fail."""
        self.closed = True
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()

    async def _taken(self, connect_s: float) -> Connection:
        if not self._free.locked() and (connection := self._idle_one()) is not None:
            await self._free.acquire()
        else:
            connection = await self._awaited(connect_s)
        self._busy.add(connection)
        return connection

    async def _awaited(self, connect_s: float) -> Connection:
        try:
            async with asyncio.timeout(connect_s):
                await self._free.acquire()
                try:
                    return self._idle_one() or await self._opened()
                except BaseException:
                    self._free.release()
                    raise
        except TimeoutError as error:
            raise NoConnectionInTime("no connection in time") from error
        except OSError as error:
            raise NotConnected(str(error) or type(error).__name__) from error

    async def _opened(self) -> Connection:
        async with self._opening:
            if (freed := self._idle_one()) is not None:
                return freed
            if self.closed:
                raise NotConnected("the client is closed")
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Connection, self._host, self._port, ssl=self._tls)
            return connection

    def _idle_one(self) -> Connection | None:
        """Return the idle connection used last.

        Those that a burst needed come to rest; old ones are closed before the server does.
        """
        youngest = asyncio.get_running_loop().time() - self._keep_alive_s
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > youngest:
                return connection
            connection.abort()
        return None

    def _give_back(self, connection: Connection) -> None:
        self._busy.discard(connection)
        if connection.usable and not self.closed:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()
        self._free.release()


def _head(head: bytes) -> _Answer:
    """Parse the head of a response.

    Raises:
        ValueError: it is not one, or leaves open where its body ends.
    """
    status_line, *headers = head.split(b"\r\n")
    version, _, rest = status_line.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise ValueError(f"it begins with {status_line[:40]!r}")
    status = int(rest[:3])
    length = 0 if status in BODILESS else None
    kept_alive = version != b"HTTP/1.0"
    for header in headers:
        name, _, value = header.partition(b":")
        name = name.lower()
        if name == b"content-length":
            length = int(value)
        elif name == b"connection":
            kept_alive = value.strip().lower() != b"close"
        elif name == b"transfer-encoding":
            raise ValueError("its body is in chunks")
    if length is None or not 0 <= length <= LARGEST_BODY:
        raise ValueError(f"its body's length is {length}")
    return _Answer(status, length, kept_alive)
