"""Agents of each queue, counted once for all callers of a process."""

import asyncio
from collections.abc import Awaitable, Callable

from ari_app.queues.model import Snapshot
from ari_app.queues.overflow import QueueLoad, load_of

COUNTED_AGAIN_S = 1.0
"""How old a count may be."""


class QueueLoads:
    """Counts the agents of queues for all callers of a process."""

    def __init__(self, snapshot: Callable[[], Awaitable[Snapshot]]) -> None:
        self._take = snapshot
        self._taken: Snapshot | None = None
        self._taken_at = 0.0
        self._counted: dict[str, QueueLoad] = {}
        """Of the last snapshot."""
        self._lock = asyncio.Lock()

    async def of(self, queue: str) -> QueueLoad:
        """Return the agents of a queue.

        Raises:
            QueuesUnavailable: Redis does not answer.
        """
        agents = (await self.snapshot()).agents
        if (counted := self._counted.get(queue)) is None:
            counted = self._counted[queue] = load_of(queue, agents)
        return counted

    async def snapshot(self) -> Snapshot:
        """Return queues and agents as they were a second ago at most.

        Raises:
            QueuesUnavailable: Redis does not answer.
        """
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._taken is None or now - self._taken_at >= COUNTED_AGAIN_S:
                self._taken, self._taken_at = await self._take(), now
                self._counted.clear()
            return self._taken
