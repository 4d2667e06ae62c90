"""Subscription to Redis channels, over a connection that is restored by itself.

redis-py's own subscription costs more for a message than its handler does, and a call causes ten messages.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, cast

import hiredis
import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from foundation.redis_line import RedisLine

SILENCE_S: Final = 5.0
"""After so long without a message the connection is asked whether it is alive."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0

log = structlog.get_logger()


class ChannelListener:
    """Hears channels, and connects again for ever.

    `on_message` is called in the moment a message is read and must only hand over; what it raises is logged.
    What is published while there is no connection is lost: `on_subscribed` runs for each channel at every connection,
    so that it can be asked for. `channels` says which ones to hear then; there must be one.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        channels: Callable[[], Iterable[str]],
        on_message: Callable[[str, bytes], None],
        on_subscribed: Callable[[str], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        self._redis = redis
        self._name = name
        self._channels = channels
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._silence_s = silence_s
        self._line: RedisLine | None = None
        self._heard_at_s = 0.0
        """On the loop's clock."""
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> NoReturn:
        """Listen. Only cancellation ends it."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("redis_channels_lost", channels=self._name, error=str(error) or "no answer in time")
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def subscribe(self, channel: str) -> None:
        """Subscribe to a further channel, now or with the next connection."""
        if self._line is not None:
            self._line.write(_packed("SUBSCRIBE", channel))

    def unsubscribe(self, channel: str) -> None:
        """Hear it no more."""
        if self._line is not None:
            self._line.write(_packed("UNSUBSCRIBE", channel))

    async def _listen(self) -> NoReturn:
        connection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            self._line = line = await RedisLine.open(connection, self._take)
            # No await between the two: a channel that is added from now on is sent after these.
            line.write(_packed("SUBSCRIBE", *self._channels()))
            raise await self._lost(line)
        finally:
            self._line = None
            await connection.disconnect(nowait=True)

    async def _lost(self, line: RedisLine) -> Exception:
        """Wait for the end of the connection and return the reason.

        A connection without any message, not even the reply to a PING, counts as lost.
        """
        time = asyncio.get_running_loop().time
        self._heard_at_s = time()
        while True:
            quiet_s = time() - self._heard_at_s
            if quiet_s < self._silence_s:
                await asyncio.wait({line.lost}, timeout=self._silence_s - quiet_s)
            else:
                asked_at_s = time()
                line.write(_packed("PING"))
                await asyncio.wait({line.lost}, timeout=self._silence_s)
                if self._heard_at_s < asked_at_s:
                    return RedisConnectionError(f"no answer within {self._silence_s:g} s")
            if line.lost.done():
                return line.lost.result()

    def _take(self, heard: Any) -> None:
        self._heard_at_s = asyncio.get_running_loop().time()
        match heard:
            case [b"message", channel, data]:
                self._hand_over(channel.decode(), data)
            case [b"subscribe", channel, _]:
                self._pause_s = FIRST_PAUSE_S
                self._on_subscribed(channel.decode())
            case RedisError():
                raise heard

    def _hand_over(self, channel: str, data: bytes) -> None:
        try:
            self._on_message(channel, data)
        except Exception:
            # One message that makes no sense must not end the hearing of all others.
            log.exception("redis_message_not_taken", channel=channel)


def _packed(*command: str) -> bytes:
    packed: bytes = hiredis.pack_command(cast("Any", command))
    return packed
