"""Live calls in Redis: one key a call, and the set of those a node owns."""

import asyncio

import msgspec
from redis.asyncio import Redis

from ari_app.calls.model import CallState

KEY = "hotline:live:"
DEADLINE_S = 1.0
"""How long a call waits for its state to be stored."""
NODE_KEY = "hotline:live-of-node:"


class CallStore:
    """Stores and finds live calls; a call's state is small and written whole."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._redis = redis
        self._calls_of_node = NODE_KEY + node
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallState)

    async def save(self, state: CallState) -> None:
        """Store the call as it is now."""
        async with asyncio.timeout(DEADLINE_S), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(KEY + state.id, self._encoder.encode(state))
            pipe.sadd(self._calls_of_node, state.id)
            await pipe.execute()

    async def forget(self, call_id: str) -> None:
        """Remove a call that has ended and whose record is stored."""
        async with asyncio.timeout(DEADLINE_S), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(KEY + call_id)
            pipe.srem(self._calls_of_node, call_id)
            await pipe.execute()

    async def of_node(self) -> list[CallState]:
        """Every call this node owns."""
        ids = sorted(await self._redis.smembers(self._calls_of_node))
        if not ids:
            return []
        found = await self._redis.mget([KEY + _text(call_id) for call_id in ids])
        return [self._decoder.decode(raw) for raw in found if raw is not None]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
