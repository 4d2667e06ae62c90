"""Channel listeners hear all channels again after Redis was away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev.ports import free_port
from dev.redis import Redis
from foundation.redis_channels import SILENCE_S, ChannelListener
from foundation.redis_client import SharedRedis, redis_client

PATIENCE_S = 20.0


class Heard:
    """Messages of one listener."""

    def __init__(self, redis: SharedRedis, *channels: str, silence_s: float = SILENCE_S) -> None:
        self.channels = [*channels]
        self.subscribed: asyncio.Queue[str] = asyncio.Queue()
        self.messages: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.listener = ChannelListener(
            redis,
            "test",
            channels=lambda: self.channels,
            on_message=self._take,
            on_subscribed=self.subscribed.put_nowait,
            silence_s=silence_s,
        )

    def _take(self, channel: str, data: bytes) -> None:
        if data == b"nonsense":
            raise ValueError(data)
        self.messages.put_nowait((channel, data))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[SharedRedis]:
    async with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that a test may end."""
    running = Redis(free_port(), tmp_path, persistent=False)
    running.start()
    yield running
    running.stop()


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_listener_hears_its_own_channels_only(redis: SharedRedis) -> None:
    heard = Heard(redis, "one")
    task = asyncio.create_task(heard.listener.run())
    async with asyncio.timeout(PATIENCE_S):
        assert await heard.subscribed.get() == "one"
        heard.listener.subscribe("two")
        assert await heard.subscribed.get() == "two"
        assert [await redis.publish(channel, b"1") for channel in ("one", "two", "three")] == [1, 1, 0]
        assert [await heard.messages.get(), await heard.messages.get()] == [("one", b"1"), ("two", b"1")]

        heard.listener.unsubscribe("two")
        while await redis.publish("two", b"2"):
            await heard.messages.get()
        await redis.publish("one", b"3")
        assert await heard.messages.get() == ("one", b"3")
    await ended(task)
    assert await redis.publish("one", b"4") == 0, "its connection ends with it"


async def test_unreadable_message_does_not_end_the_listener(redis: SharedRedis) -> None:
    heard = Heard(redis, "one")
    task = asyncio.create_task(heard.listener.run())
    async with asyncio.timeout(PATIENCE_S):
        await heard.subscribed.get()
        await redis.publish("one", b"nonsense")
        await redis.publish("one", b"sense")
        assert await heard.messages.get() == ("one", b"sense")
    await ended(task)


async def test_a_quiet_connection_is_kept_as_long_as_it_answers(redis: SharedRedis) -> None:
    heard = Heard(redis, "one", silence_s=0.5)
    task = asyncio.create_task(heard.listener.run())
    async with asyncio.timeout(PATIENCE_S):
        await heard.subscribed.get()
        before = await pings(redis)
        while await pings(redis) < before + 4:
            await asyncio.sleep(0.01)
    assert heard.subscribed.empty(), "it did not have to subscribe again"
    await ended(task)


async def pings(redis: SharedRedis) -> int:
    """Return how many replies Redis sent."""
    return int((await redis.info("commandstats")).get("cmdstat_ping", {}).get("calls", 0))


async def test_listener_reconnects_with_all_its_channels(server: Redis) -> None:
    async with redis_client(server.url) as redis, asyncio.timeout(PATIENCE_S):
        heard = Heard(redis, "one")
        task = asyncio.create_task(heard.listener.run())
        await heard.subscribed.get()
        server.kill()
        heard.channels.append("two")
        # Lost or not noticed yet: either way the channel is heard when the connection is back.
        heard.listener.subscribe("two")
        server.start()
        assert {await heard.subscribed.get(), await heard.subscribed.get()} == {"one", "two"}
        await redis.publish("two", b"1")
        assert await heard.messages.get() == ("two", b"1")
        await ended(task)


async def test_channel_added_during_the_connection_is_heard(redis: SharedRedis) -> None:
    heard = Heard(redis, "one")
    task = asyncio.create_task(heard.listener.run())
    for step in range(200):
        # A new channel may arrive at every step of connecting.
        await asyncio.sleep(0)
        heard.channels.append(f"later-{step}")
        heard.listener.subscribe(f"later-{step}")
    async with asyncio.timeout(PATIENCE_S):
        missing = set(heard.channels)
        while missing:
            missing.discard(await heard.subscribed.get())
    await ended(task)
