"""Public requests are counted in Redis, for all nodes together."""

import asyncio

import pytest

from ari_app.web.errors import TooManyRequests
from ari_app.web.sign_in_limits import PublicLimiter
from crm.selfservice.limits import Limit
from foundation.problems import Unavailable
from foundation.redis_client import redis_client

THREE = Limit(3, 60)


async def test_parallel_requests_beyond_the_limit_are_refused(redis_url: str) -> None:
    async with redis_client(redis_url) as redis:
        nodes = [PublicLimiter(redis), PublicLimiter(redis)]
        outcomes = await asyncio.gather(
            *(nodes[turn % 2].count("intake", "203.0.113.7", THREE) for turn in range(10)), return_exceptions=True
        )

        refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyRequests)]
        assert len(refused) == 7
        assert all(0 < refusal.retry_after_s <= 60 for refusal in refused)
        await nodes[0].count("intake", "203.0.113.8", THREE)
        await nodes[0].count("progress", "203.0.113.7", THREE)


async def test_ipv6_customer_has_one_count_for_the_64(redis_url: str) -> None:
    async with redis_client(redis_url) as redis:
        limiter = PublicLimiter(redis)
        for host in range(3):
            await limiter.count("intake", f"2001:db8::{host}", THREE)
        with pytest.raises(TooManyRequests):
            await limiter.count("intake", "2001:db8::ffff", THREE)


async def test_limit_begins_anew_and_redis_holds_no_address(redis_url: str) -> None:
    async with redis_client(redis_url) as redis:
        await PublicLimiter(redis).count("intake", "203.0.113.7", THREE)
        (key,) = await redis.keys("*")
        assert b"203.0.113.7" not in key
        assert 0 < await redis.pttl(key) <= 60_000


async def test_request_is_refused_while_redis_is_away() -> None:
    async with redis_client("redis://127.0.0.1:1/0") as redis:
        with pytest.raises(Unavailable):
            await PublicLimiter(redis).count("intake", "203.0.113.7", THREE)
