"""What the queues publish, and the one subscription of a node that listens to it."""

import asyncio
import logging
import random
from collections.abc import Callable

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.queues.model import AgentSnapshot, Offer, QueueChanged

log = logging.getLogger(__name__)

OFFERS = "hotline:offers:"
AGENTS = "hotline:agents"
QUEUES = "hotline:queues"

SILENCE_S = 5.0
"""After so long without a message the connection is asked whether it is alive."""
LONGEST_PAUSE_S = 2.0


class AgentMessage(msgspec.Struct, frozen=True):
    """An agent changed."""

    now_ms: int
    agent: AgentSnapshot
    wake_ms: int | None = None


class QueueMessage(msgspec.Struct, frozen=True):
    """A line changed."""

    now_ms: int
    queue: QueueChanged
    wake_ms: int | None = None


class Subscription:
    """Listens for a node until it is cancelled, and connects again for ever.

    `on_subscribed` runs after every (re)connection: what was published meanwhile is lost and must be asked for.
    """

    def __init__(
        self,
        redis: Redis,
        node: str,
        *,
        on_offer: Callable[[Offer], None],
        on_agent: Callable[[AgentMessage], None],
        on_queue: Callable[[QueueMessage], None],
        on_subscribed: Callable[[], None],
        silence_s: float = SILENCE_S,
    ) -> None:
        self._redis = redis
        self._offers = OFFERS + node
        self._on_subscribed = on_subscribed
        self._silence_s = silence_s
        self._offer = msgspec.json.Decoder(Offer)
        self._agent = msgspec.json.Decoder(AgentMessage)
        self._queue = msgspec.json.Decoder(QueueMessage)
        self._on_offer = on_offer
        self._on_agent = on_agent
        self._on_queue = on_queue

    async def run(self) -> None:
        """Listen. Only cancellation ends it."""
        pause_s = 0.05
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("the queues' subscription was lost: %s", error)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(self._offers, AGENTS, QUEUES)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=self._silence_s)
                if message is None:
                    if asked:
                        raise TimeoutError("Redis answers nothing")
                    await pubsub.ping()
                    asked = True
                    continue
                asked = False
                if message["type"] == "subscribe":
                    # redis-py subscribes again by itself after a lost connection: this is how we learn of it.
                    if _text(message["channel"]) == self._offers:
                        self._on_subscribed()
                elif message["type"] == "message":
                    self._hand_over(_text(message["channel"]), message["data"])

    def _hand_over(self, channel: str, data: bytes) -> None:
        try:
            if channel == self._offers:
                self._on_offer(self._offer.decode(data))
            elif channel == AGENTS:
                self._on_agent(self._agent.decode(data))
            else:
                self._on_queue(self._queue.decode(data))
        except msgspec.DecodeError:
            log.exception("a message on %s makes no sense", channel)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
