"""The client all parts share, on a real Redis."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvloop
from redis.exceptions import RedisError, ResponseError

from dev.ports import free_port
from dev.redis import Redis
from foundation.redis_client import SharedRedis, redis_client

AT_ONCE = 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(free_port(), tmp_path, persistent=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def client(server: Redis) -> AsyncIterator[SharedRedis]:
    async with redis_client(server.url) as client:
        yield client


async def test_commands_of_one_moment_share_a_connection_and_get_their_own_answers(client: SharedRedis) -> None:
    await asyncio.gather(*(client.set(f"key-{number}", number) for number in range(AT_ONCE)))
    found = await asyncio.gather(*(client.get(f"key-{number}") for number in range(AT_ONCE)))
    assert found == [str(number).encode() for number in range(AT_ONCE)]
    assert (await client.info("clients"))["connected_clients"] == 1


async def test_refusal_reaches_its_own_caller_only(client: SharedRedis) -> None:
    await client.set("text", "a")
    refused, answered = await asyncio.gather(client.incr("text"), client.get("text"), return_exceptions=True)
    assert isinstance(refused, ResponseError)
    assert answered == b"a"


async def test_answers_have_the_form_that_redis_py_gives_them(client: SharedRedis) -> None:
    await client.hset("hash", mapping={"one": 1})
    assert await client.hgetall("hash") == {b"one": b"1"}
    assert await client.set("once", 1, nx=True) is True
    assert await client.set("once", 2, nx=True) is None
    assert await client.function_load("#!lua name=x\nredis.register_function('f', function() return 7 end)") == b"x"
    assert await client.fcall("f", 0) == 7
    assert [key async for key in client.scan_iter("o*")] == [b"once"]


async def test_cancelled_command_does_not_shift_the_replies_of_others(server: Redis, client: SharedRedis) -> None:
    await client.set("mine", "mine")
    os.kill(_pid(server), signal.SIGSTOP)
    try:
        given_up = asyncio.ensure_future(client.incr("counted"))
        waiting = asyncio.ensure_future(client.get("mine"))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
    finally:
        os.kill(_pid(server), signal.SIGCONT)
    assert await waiting == b"mine"


async def test_waiting_commands_fail_when_redis_dies_and_the_next_one_reconnects(
    server: Redis, client: SharedRedis
) -> None:
    await client.ping()
    os.kill(_pid(server), signal.SIGSTOP)
    waiting = [asyncio.ensure_future(client.get("nothing")) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    await asyncio.to_thread(server.kill)
    for told in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(told, RedisError | OSError)
    with pytest.raises((RedisError, OSError)):
        await client.get("nothing")
    await asyncio.to_thread(server.start)
    assert await asyncio.gather(*(client.get("nothing") for _ in range(AT_ONCE))) == [None] * AT_ONCE


def test_command_at_the_end_of_the_connection_fails(server: Redis) -> None:
    """Run on uvloop, which refuses to write to closed connections."""

    async def give() -> None:
        async with redis_client(server.url) as client:
            await client.ping()
            line = client._shared._line
            assert line is not None
            line._transport.abort()
            given = []
            for _ in range(5):
                # In one of these moments the connection is closed and the client does not know it yet.
                given.append(asyncio.ensure_future(client.get("nothing")))
                await asyncio.sleep(0)
            for told in await asyncio.gather(*given, return_exceptions=True):
                assert told is None or isinstance(told, RedisError | OSError)
            assert await client.get("nothing") is None

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(give())


async def test_a_connection_that_fell_silent_is_given_up(
    server: Redis, client: SharedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.ping()
    os.kill(_pid(server), signal.SIGSTOP)
    try:
        with monkeypatch.context() as soon:
            soon.setattr("foundation.redis_client.SILENCE_S", 0.1)
            with pytest.raises((RedisError, OSError), match="no answer"):
                await client.get("nothing")
    finally:
        os.kill(_pid(server), signal.SIGCONT)
    assert await client.get("nothing") is None


async def test_closing_fails_waiting_commands(server: Redis, client: SharedRedis) -> None:
    await client.ping()
    os.kill(_pid(server), signal.SIGSTOP)
    try:
        waiting = asyncio.ensure_future(client.get("nothing"))
        await asyncio.sleep(0)
        await client.aclose()
        with pytest.raises(RedisError, match="closed"):
            await waiting
    finally:
        os.kill(_pid(server), signal.SIGCONT)


def _pid(server: Redis) -> int:
    assert server.process is not None
    return server.process.pid
