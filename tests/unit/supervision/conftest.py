"""The real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from foundation.redis_client import redis_client


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = redis_client(redis_url)
    yield client
    await client.aclose()
