"""What is published on Redis's channels, heard over a connection of its own that comes back by itself.

redis-py's own subscription spends more on a message than whoever takes it, and a call makes ten.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NoReturn

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from foundation.redis_client import CONNECT_S

SILENCE_S: Final = 5.0
"""After so long without a message the connection is asked whether it is alive."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0

log = structlog.get_logger()


class ChannelListener:
    """Hears channels, and connects again for ever.

    What is published while there is no connection is lost: `on_subscribed` runs for each channel at every connection,
    so that it can be asked for. `channels` says which ones to hear then; there must be one.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        channels: Callable[[], Iterable[str]],
        on_message: Callable[[str, bytes], Awaitable[None]],
        on_subscribed: Callable[[str], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        self._redis = redis
        self._name = name
        self._channels = channels
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._silence_s = silence_s
        self._connection: AbstractConnection | None = None
        self._heard_at_s = 0.0
        """On the loop's clock."""
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> NoReturn:
        """Listen. Only cancellation ends it."""
        while True:
            try:
                await self._listen()
            except ExceptionGroup as several:
                lost, others = several.split((RedisError, OSError, TimeoutError))
                if others is not None:
                    raise others from None
                assert lost is not None
                log.warning("redis_channels_lost", channels=self._name, error=str(lost.exceptions[0]))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("redis_channels_lost", channels=self._name, error=str(error) or "no answer in time")
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    async def subscribe(self, channel: str) -> None:
        """Hear this one too, from now on if there is a connection, else with the next.

        Raises:
            RedisError, OSError: the connection was lost.
        """
        if self._connection is not None:
            await self._connection.send_command("SUBSCRIBE", channel)

    async def unsubscribe(self, channel: str) -> None:
        """Hear it no more.

        Raises:
            RedisError, OSError: the connection was lost.
        """
        if self._connection is not None:
            await self._connection.send_command("UNSUBSCRIBE", channel)

    async def _listen(self) -> None:
        connection: AbstractConnection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT_S):
                await connection.connect()  # type: ignore[no-untyped-call]
                # Known before the channels are asked for: one that is added meanwhile is sent after them.
                self._connection = connection
                await connection.send_command("SUBSCRIBE", *self._channels())
            self._heard_at_s = asyncio.get_running_loop().time()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(connection))
                group.create_task(self._watch(connection))
        finally:
            self._connection = None
            await connection.disconnect(nowait=True)

    async def _read(self, connection: AbstractConnection) -> NoReturn:
        time = asyncio.get_running_loop().time
        while True:
            heard = await connection.read_response(disconnect_on_error=False, push_request=True)
            self._heard_at_s = time()
            match heard:
                case [b"message", channel, data]:
                    await self._hand_over(channel.decode(), data)
                case [b"subscribe", channel, _]:
                    self._pause_s = FIRST_PAUSE_S
                    self._on_subscribed(channel.decode())

    async def _hand_over(self, channel: str, data: bytes) -> None:
        try:
            await self._on_message(channel, data)
        except Exception:
            # One message that makes no sense must not end the hearing of all others.
            log.exception("redis_message_not_taken", channel=channel)

    async def _watch(self, connection: AbstractConnection) -> NoReturn:
        """End a connection on which nothing comes, not even the answer to a question."""
        time = asyncio.get_running_loop().time
        while True:
            quiet_s = time() - self._heard_at_s
            if quiet_s < self._silence_s:
                await asyncio.sleep(self._silence_s - quiet_s)
                continue
            asked_at_s = time()
            await connection.send_command("PING")
            await asyncio.sleep(self._silence_s)
            if self._heard_at_s < asked_at_s:
                raise RedisConnectionError(f"no answer within {self._silence_s:g} s")
