"""Connection to Redis that writes at once and hands over each reply.

redis-py reads replies through a stream, a task for each connection and several awaits for each reply, which costs more
than Redis does. It still makes the connection: address, TLS, password, database and protocol are its work.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import hiredis
from redis import exceptions
from redis.asyncio.connection import AbstractConnection

CONNECT_S: Final = 2.0
_INCOMPLETE: Final = object()
_REFUSALS: Final[dict[str, type[exceptions.RedisError]]] = {
    "EXECABORT": exceptions.ExecAbortError,
    "LOADING": exceptions.BusyLoadingError,
    "NOAUTH": exceptions.AuthenticationError,
    "NOPERM": exceptions.NoPermissionError,
    "NOSCRIPT": exceptions.NoScriptError,
    "OOM": exceptions.OutOfMemoryError,
    "READONLY": exceptions.ReadOnlyError,
    "WRONGPASS": exceptions.AuthenticationError,
}
"""Exceptions by the code that a refusal begins with (Redis protocol, simple errors)."""


class PrivatePartMoved(Exception):
    """A library no longer has a private part that this package needs."""


class RedisLine(asyncio.Protocol):
    """Replies of one connection in order; a refusal is a RedisError.

    An exception of `on_reply` ends the connection. `lost` is done when it has ended, and holds the reason.
    """

    def __init__(self, on_reply: Callable[[Any], None]) -> None:
        self._on_reply = on_reply
        self._reader = hiredis.Reader(
            protocolError=exceptions.InvalidResponse, replyError=refusal, notEnoughData=_INCOMPLETE
        )
        self._transport: asyncio.Transport
        self.lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, connection: AbstractConnection, on_reply: Callable[[Any], None]) -> "RedisLine":
        """Connect.

        Raises:
            RedisError, OSError, TimeoutError: Redis is out of reach, or refused the password.
        """
        async with asyncio.timeout(CONNECT_S):
            await connection.connect()  # type: ignore[no-untyped-call]
        line = cls(on_reply)
        # Every request of redis-py has its reply: no byte is left in its stream.
        line._transport = transport_of(connection)
        line._transport.set_protocol(line)
        if line._transport.is_closing():
            line.connection_lost(None)
        return line

    def write(self, commands: bytes) -> None:
        """Send packed commands; after the end of the connection they are lost."""
        if not self._transport.is_closing():
            self._transport.write(commands)

    def data_received(self, data: bytes) -> None:
        """Hand over the complete replies."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not _INCOMPLETE:
                self._on_reply(reply)
        except Exception as error:  # noqa: BLE001 - handed to the owner of the line
            self._end(error)
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end of the connection."""
        self._end(error or exceptions.ConnectionError("closed by Redis"))

    def _end(self, reason: Exception) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


def transport_of(connection: AbstractConnection) -> asyncio.Transport:
    """Return the transport of an open connection of redis-py.

    redis-py has no public way to it.

    Raises:
        PrivatePartMoved: redis-py stores it elsewhere.
    """
    writer = getattr(connection, "_writer", None)
    if not isinstance(writer, asyncio.StreamWriter):
        raise PrivatePartMoved(
            "redis-py no longer stores its StreamWriter in Connection._writer: adapt foundation/redis_line.py"
        )
    return cast("asyncio.Transport", writer.transport)


def refusal(message: str) -> exceptions.RedisError:
    """Return the exception of a refusal, such as `NOSCRIPT No matching script`."""
    code, _, rest = message.partition(" ")
    kind = _REFUSALS.get(code)
    return exceptions.ResponseError(message) if kind is None else kind(rest)
