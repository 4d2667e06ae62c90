"""A queue service on the real Redis with the test's clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ari_app.queues.model import Offer
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, load_queues
from foundation.redis_client import redis_client

QUEUES_FILE = Path(__file__).parents[3] / "callflows" / "queues.yaml"
START_MS = 1_800_000_000_000


class Clock:
    """A clock in milliseconds that only the test moves."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


class Floor:
    """A service under test, and the offers it was given."""

    def __init__(self, service: QueueService, clock: Clock) -> None:
        self.service = service
        self.clock = clock
        self.offers: list[Offer] = []
        service._on_offer = self.offers.append

    async def agent_ready(self, agent_id: str, *queues: str) -> None:
        await self.service.sign_in(agent_id, queues or ("repair",))
        await self.service.ready(agent_id)

    def taken(self) -> list[tuple[str, str]]:
        """Return the offers since the last call, as call and agent."""
        pairs = [(offer.call_id, offer.agent_id) for offer in self.offers]
        self.offers.clear()
        return pairs


@pytest.fixture
def queues() -> dict[str, QueueSettings]:
    return load_queues(QUEUES_FILE)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def floor(redis: Redis, queues: dict[str, QueueSettings]) -> Floor:
    clock = Clock()
    return Floor(QueueService(redis, queues, "node-1", deadline_s=10, now_ms=clock), clock)
