"""State of desks in Redis: it survives browser and node (F14)."""

import msgspec
from redis.asyncio import Redis

from ari_app.desk.model import Draft

DESK = "hotline:desk:"
ORDER = "hotline:desk-order"
EXPIRY_S = 24 * 3600
"""Longer than any call; an abandoned desk expires then."""

_STORE = """
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
_CLOSE = """
if redis.call('HGET', KEYS[1], 'call_id') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'call_id', 'pop')
return 1
"""


class Shown(msgspec.Struct, frozen=True):
    """Content of a desk, still encoded."""

    pop: msgspec.Raw | None = None
    draft: msgspec.Raw | None = None


class DeskState:
    """Store of the state of desks.

    Every method raises RedisError or OSError where Redis is out of reach.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._store = redis.register_script(_STORE)
        self._close = redis.register_script(_CLOSE)

    async def show(self, agent_id: str, call_id: str, pop: bytes) -> None:
        """Store that the desk shows this call (an encoded `Pop`) only."""
        await self._store(keys=[DESK + agent_id], args=[EXPIRY_S, "call_id", call_id, "pop", pop])

    async def close(self, agent_id: str, call_id: str) -> bool:
        """Remove this call from the desk; return False for another call."""
        return bool(await self._close(keys=[DESK + agent_id], args=[call_id]))

    async def store_draft(self, agent_id: str, draft: Draft) -> None:
        """Store a draft; without fields, delete it."""
        name = DESK + agent_id
        if not draft.fields:
            await self._redis.hdel(name, "draft")
            return
        await self._store(keys=[name], args=[EXPIRY_S, "draft", msgspec.json.encode(draft)])

    async def shown(self, agent_id: str) -> Shown:
        """Return the content of a desk."""
        pop, draft = await self._redis.hmget(DESK + agent_id, ["pop", "draft"])
        return Shown(_raw(pop), _raw(draft))

    async def next_order(self) -> int:
        """Return a number higher than all before: the newer desk has it."""
        return int(await self._redis.incr(ORDER))


def _raw(stored: bytes | str | None) -> msgspec.Raw | None:
    return None if stored is None else msgspec.Raw(stored.encode() if isinstance(stored, str) else stored)
