"""Live calls in Redis: one key a call."""

import asyncio

import msgspec
from redis.asyncio import Redis

from ari_app.calls.model import CallState

KEY = "hotline:live:"
DEADLINE_S = 1.0
"""How long a call waits for its state to be stored."""


class CallStore:
    """Stores and finds live calls; a call's state is small and written whole."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._redis = redis
        self._node = node
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallState)

    async def save(self, state: CallState) -> None:
        """Store the call as it is now: one command, for it is stored at every step."""
        async with asyncio.timeout(DEADLINE_S):
            await self._redis.set(KEY + state.id, self._encoder.encode(state))

    async def forget(self, call_id: str) -> None:
        """Remove a call that has ended and whose record is stored."""
        async with asyncio.timeout(DEADLINE_S):
            await self._redis.delete(KEY + call_id)

    async def of_node(self) -> list[CallState]:
        """Every call this node owns; asked for only when a process starts."""
        keys = [key async for key in self._redis.scan_iter(KEY + "*", count=500)]
        found = await self._redis.mget(keys) if keys else []
        calls = [self._decoder.decode(raw) for raw in found if raw is not None]
        return sorted((call for call in calls if call.node == self._node), key=lambda call: call.id)
