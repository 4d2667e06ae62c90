"""Expected wait of a caller who is sent to a queue."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from ari_app.queues.model import AgentState, QueueSnapshot
from foundation.database import out_of_reach

FRESH_S = 60.0
"""How long the mean talks are good for: the figures of a day change slowly."""
AT_WORK = frozenset(AgentState) - {AgentState.OFFLINE, AgentState.NOT_READY}

MeanTalks = Callable[[], Awaitable[Mapping[str, float]]]
"""Returns the mean talk of each queue today, in milliseconds."""

log = structlog.get_logger()


class ExpectedWaits:
    """Estimates waits by callers in line, agents, and mean talks.

    An estimate: without a talk today, or without an agent at work, there is none.
    """

    def __init__(self, mean_talks: MeanTalks) -> None:
        self._mean_talks = mean_talks
        self._known: Mapping[str, float] = {}
        self._until_s = 0.0

    async def refresh(self) -> None:
        """Count the talks again, where they are old. Never raises."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._until_s:
            return
        self._until_s = now_s + FRESH_S
        try:
            self._known = await self._mean_talks()
        except Exception as error:
            if not out_of_reach(error):
                raise
            log.warning("mean_talks_not_counted", error=repr(error))

    def of(self, queue: QueueSnapshot) -> int | None:
        """Return the expected wait of the next caller, in milliseconds."""
        free = queue.agents.get(AgentState.READY, 0)
        at_work = sum(count for state, count in queue.agents.items() if state in AT_WORK)
        if free > queue.waiting:
            return 0
        talk_ms = self._known.get(queue.queue)
        if not at_work or talk_ms is None:
            return None
        return round((queue.waiting - free + 1) * talk_ms / at_work)
