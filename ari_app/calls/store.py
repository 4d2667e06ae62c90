"""Live calls in Redis: one key a call."""

import asyncio

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.model import CallState

KEY = "hotline:live:"
log = structlog.get_logger()

DEADLINE_S = 1.0
"""How long a call waits for its state to be stored."""


class CallStore:
    """Stores and finds live calls; a call's state is small and written whole."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._redis = redis
        self._node = node
        self.unsaved: set[str] = set()
        """Calls whose last state Redis does not have."""
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallState)

    async def save(self, state: CallState) -> None:
        """Store the call as it is now: one command, for it is stored at every step.

        Never raises: a call whose place is not stored cannot be adopted, but it can go on. It is stored again as soon
        as Redis is back (`unsaved`).
        """
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._redis.set(KEY + state.id, self._encoder.encode(state))
        except (RedisError, OSError, TimeoutError) as error:
            self.unsaved.add(state.id)
            log.warning("call_not_saved", saved_call_id=state.id, error=str(error))
        else:
            self.unsaved.discard(state.id)

    async def forget(self, call_id: str) -> None:
        """Remove a call that has ended and whose record is stored. Never raises: the next start finds it ended."""
        self.unsaved.discard(call_id)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._redis.delete(KEY + call_id)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("call_not_forgotten", forgotten_call_id=call_id, error=str(error))

    async def of_node(self) -> list[CallState]:
        """Every call this node owns; asked for only when a process starts."""
        return [call for call in await self.all() if call.node == self._node]

    async def segments(self) -> frozenset[str]:
        """The recordings of every call there is, on whatever node."""
        states = await self.all()
        tapings = [state.taping for state in states] + [state.talk.taping for state in states if state.talk is not None]
        return frozenset(taping.segment_id for taping in tapings if taping is not None)

    async def all(self) -> list[CallState]:
        """Every live call of every node, oldest first."""
        keys = [key async for key in self._redis.scan_iter(KEY + "*", count=500)]
        found = await self._redis.mget(keys) if keys else []
        calls = [self._decoder.decode(raw) for raw in found if raw is not None]
        return sorted(calls, key=lambda call: call.id)
