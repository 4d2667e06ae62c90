"""Messages that the queues publish, and a node's subscription to them."""

from collections.abc import Callable

import msgspec
from redis.asyncio import Redis

from ari_app.queues.model import AgentSnapshot, Offer, QueueChanged
from foundation.redis_channels import SILENCE_S, ChannelListener

OFFERS = "hotline:offers:"
AGENTS = "hotline:agents"
QUEUES = "hotline:queues"


class AgentMessage(msgspec.Struct, frozen=True):
    """An agent changed."""

    now_ms: int
    agent: AgentSnapshot
    wake_ms: int | None = None


class QueueMessage(msgspec.Struct, frozen=True):
    """A queue changed."""

    now_ms: int
    queue: QueueChanged
    wake_ms: int | None = None


class Subscription:
    """Listens for a node until it is cancelled.

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
        self._offers = OFFERS + node
        self._on_subscribed = on_subscribed
        self._offer = msgspec.json.Decoder(Offer)
        self._agent = msgspec.json.Decoder(AgentMessage)
        self._queue = msgspec.json.Decoder(QueueMessage)
        self._on_offer = on_offer
        self._on_agent = on_agent
        self._on_queue = on_queue
        self._listener = ChannelListener(
            redis,
            "queues",
            channels=lambda: (AGENTS, QUEUES, self._offers),
            on_message=self._hear,
            on_subscribed=self._subscribed,
            silence_s=silence_s,
        )

    async def run(self) -> None:
        """Listen. Only cancellation ends it."""
        await self._listener.run()

    def _subscribed(self, channel: str) -> None:
        # Subscribed to last: the others are heard by then.
        if channel == self._offers:
            self._on_subscribed()

    def _hear(self, channel: str, data: bytes) -> None:
        if channel == self._offers:
            self._on_offer(self._offer.decode(data))
        elif channel == AGENTS:
            self._on_agent(self._agent.decode(data))
        else:
            self._on_queue(self._queue.decode(data))
