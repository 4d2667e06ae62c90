"""A connection to Redis on which every reply is handed over in the moment it is read.

redis-py reads replies through a stream, a task for each connection and several awaits for each reply, which costs more
than Redis does. It still makes the connection: address, TLS, password, database and protocol are its work.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import hiredis
from redis._parsers import BaseParser
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse

CONNECT_S: Final = 2.0
_INCOMPLETE: Final = object()


class RedisLine(asyncio.Protocol):
    """The replies of one connection, in their order; a refusal is a RedisError among them.

    What `on_reply` raises ends the connection. `lost` is done when it is over, and tells why.
    """

    def __init__(self, on_reply: Callable[[Any], None]) -> None:
        self._on_reply = on_reply
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse, replyError=BaseParser.parse_error, notEnoughData=_INCOMPLETE
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
        # redis-py has no public way to its transport. All it asked is answered: no byte is left in its stream.
        line._transport = cast("Any", connection)._writer.transport  # noqa: SLF001
        line._transport.set_protocol(line)
        if line._transport.is_closing():
            line.connection_lost(None)
        return line

    def write(self, commands: bytes) -> None:
        """Send packed commands. Where the connection is over, they are lost with it."""
        if not self._transport.is_closing():
            self._transport.write(commands)

    def data_received(self, data: bytes) -> None:
        """Hand over what is complete."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not _INCOMPLETE:
                self._on_reply(reply)
        except Exception as error:  # noqa: BLE001 - whoever holds the line is told
            self._over(error)
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        self._over(error or RedisConnectionError("closed by Redis"))

    def _over(self, reason: Exception) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)
