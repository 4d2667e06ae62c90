"""Call control on a fake Asterisk, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.fakes.hotline import FakeHotline
from tests.fakes.services import InstantRedis
from tests.fakes.virtual_time import loop_factories, set_wall_clock


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of this folder on virtual time."""
    return loop_factories()


@pytest.fixture
async def hotline(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[FakeHotline]:
    """A node; the test may give settings of its queue."""
    set_wall_clock(monkeypatch)
    redis = InstantRedis(redis_url)
    opened = FakeHotline(redis, getattr(request, "param", None))
    await opened.start()
    yield opened
    redis.away = False
    await opened.leave()
    await redis.aclose()
