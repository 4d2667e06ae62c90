"""Lease on a node's name: one holder, freed by its death (F33)."""

import asyncio

import msgspec
import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from ari_app.runtime import node_lease
from ari_app.runtime.node_lease import KEY, Holder, NodeLease, NodeTaken, SecondNode
from foundation.process_identity import ProcessIdentity
from foundation.redis_client import redis_client


@pytest.fixture
async def redis(redis_url: str) -> Redis:
    return redis_client(redis_url)


async def held_by(redis: Redis, holder: Holder) -> None:
    await redis.set(KEY + "n", msgspec.json.encode(holder), px=60_000)


async def test_f33_a_living_process_keeps_its_name(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_lease, "LEASE_S", 0.1)
    monkeypatch.setattr(node_lease, "RENEW_S", 0.05)
    other = msgspec.structs.replace(Holder.of_this_process(), process_id=1, started=ProcessIdentity.of(1).started)
    await held_by(redis, other)

    with pytest.raises(NodeTaken, match="another process serves the node 'n'"):
        await NodeLease(redis, "n").take()
    await redis.aclose()


async def test_f1_lease_of_a_dead_process_is_taken_at_once(redis: Redis) -> None:
    dead = msgspec.structs.replace(Holder.of_this_process(), process_id=1, started="another time")
    await held_by(redis, dead)

    async with asyncio.timeout(node_lease.LEASE_S / 2):
        await NodeLease(redis, "n").take()
    await redis.aclose()


async def test_lease_that_another_process_took_meanwhile_is_not_deleted(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_lease, "LEASE_S", 0.1)
    monkeypatch.setattr(node_lease, "RENEW_S", 0.05)
    dead = msgspec.structs.replace(Holder.of_this_process(), process_id=1, started="another time")
    living = msgspec.structs.replace(dead, started=ProcessIdentity.of(1).started)
    await held_by(redis, dead)

    def is_dead(holder: Holder) -> bool:
        if holder.started == dead.started:
            with SyncRedis.from_url(redis_url) as other:
                other.set(KEY + "n", msgspec.json.encode(living), px=60_000)
            return True
        return False

    monkeypatch.setattr(Holder, "dead", property(is_dead))
    with pytest.raises(NodeTaken):
        await NodeLease(redis, "n").take()
    assert await redis.get(KEY + "n") == msgspec.json.encode(living)
    await redis.aclose()


async def test_process_that_lost_its_lease_is_notified(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_lease, "RENEW_S", 0.01)
    name = NodeLease(redis, "n")
    taken = asyncio.Event()
    name.name_taken.add_listener(taken.set)
    await name.take()
    await held_by(redis, Holder.of_this_process())

    async with asyncio.timeout(5):
        await name.run()

    assert taken.is_set()
    await name.release()
    assert await redis.exists(KEY + "n"), "somebody else's name is not released"
    await redis.aclose()


@pytest.mark.parametrize("emptied", [pytest.param(True, id="F19"), pytest.param(False, id="F20")])
async def test_state_is_restored_after_doubt_or_data_loss(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, emptied: bool
) -> None:
    monkeypatch.setattr(node_lease, "RENEW_S", 0.01)
    name = NodeLease(redis, "n")
    heard: asyncio.Queue[bool] = asyncio.Queue()

    async def returned(emptied: bool) -> None:
        heard.put_nowait(emptied)

    name.redis_returned.add_listener(returned)
    await name.take()
    running = asyncio.create_task(name.run())
    if emptied:
        await redis.flushall()
    else:
        name.doubt()

    async with asyncio.timeout(5):
        assert await heard.get() is emptied
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert heard.empty(), "once"
    await redis.aclose()


async def test_f19_failed_restoration_is_repeated(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_lease, "RENEW_S", 0.01)
    name = NodeLease(redis, "n")
    heard: asyncio.Queue[bool] = asyncio.Queue()

    async def returned(emptied: bool) -> None:
        heard.put_nowait(emptied)
        if heard.qsize() == 1:
            raise ConnectionError("not yet")

    name.redis_returned.add_listener(returned)
    await name.take()
    await redis.flushall()
    running = asyncio.create_task(name.run())
    async with asyncio.timeout(20):
        while heard.qsize() < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [heard.get_nowait(), heard.get_nowait()] == [True, True]
    await redis.aclose()


ASTERISK, ANOTHER_ASTERISK = "http://127.0.0.1:8088/ari", "http://10.0.0.7:8088/ari"


@pytest.mark.parametrize(
    ("asterisk_url", "recordings", "own"),
    [
        (ASTERISK, "folder-1", None),
        (ANOTHER_ASTERISK, "folder-1", "an Asterisk of its own (10.0.0.7:8088, not "),
        (ASTERISK, "folder-2", "and 'second' has a recordings folder of its own: "),
        (ANOTHER_ASTERISK, "folder-2", " and a recordings folder of its own: several nodes are not supported yet"),
    ],
)
async def test_second_node_with_parts_of_its_own_is_refused(
    redis: Redis, asterisk_url: str, recordings: str, own: str | None
) -> None:
    first = NodeLease(redis, "first", asterisk_url=ASTERISK, recordings=lambda: "folder-1")
    second = NodeLease(redis, "second", asterisk_url=asterisk_url, recordings=lambda: recordings)
    await first.take()
    refused = ""
    # Another machine's process cannot be seen: it counts as running until its lease ends.
    stored = await redis.get(f"{KEY}first")
    assert stored is not None
    held = msgspec.json.decode(stored, type=Holder)
    await redis.set(f"{KEY}first", msgspec.json.encode(msgspec.structs.replace(held, machine="other/boot")), px=60_000)

    try:
        await second.take()
    except SecondNode as error:
        refused = str(error)

    assert (own or "") in refused
    assert bool(refused) == (own is not None)
    assert await redis.exists(f"{KEY}second") == (own is None)
    await redis.aclose()
