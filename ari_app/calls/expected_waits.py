"""Expected waits of callers, from agents on duty and recent talks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from ari_app.queues.expected_wait import WaitRange, expected_wait_s, wait_range
from ari_app.queues.model import AgentState, QueueSnapshot
from ari_app.queues.overflow import QueueLoad
from ari_app.queues.settings import QueueSettings, WrapUpMode
from foundation.database import out_of_reach

FRESH_S = 60.0
"""How long the mean talks are good for: the figures of a day change slowly."""
AT_WORK = frozenset(AgentState) - {AgentState.OFFLINE, AgentState.NOT_READY}

MeanTalks = Callable[[], Awaitable[Mapping[str, float]]]
"""Returns the mean talk of each queue today, in milliseconds."""

log = structlog.get_logger()


class ExpectedWaits:
    """Estimates waits by place in line, agents, and mean handling times.

    An estimate: without a talk today, or without an agent at work, there is none.
    """

    def __init__(self, mean_talks: MeanTalks, wrap_up_s: Callable[[str], float] = lambda _: 0.0) -> None:
        """Begin without any talk.

        Args:
            wrap_up_s: returns the usual wrap-up of a queue.
        """
        self._mean_talks = mean_talks
        self._wrap_up_s = wrap_up_s
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
        wait_s = expected_wait_s(queue.waiting - free + 1, at_work, self._handling_s(queue.queue))
        return None if wait_s is None else round(wait_s * 1000)

    async def range_at(self, queue: str, place: int, load: QueueLoad) -> WaitRange | None:
        """Return the range that a caller hears; None: not known."""
        await self.refresh()
        return wait_range(place, load.on_duty, self._handling_s(queue))

    async def mean_ms(self, queue: str, place: int, load: QueueLoad) -> int | None:
        """Return the mean wait at a place; None: not known."""
        await self.refresh()
        wait_s = expected_wait_s(place, load.on_duty, self._handling_s(queue))
        return None if wait_s is None else round(wait_s * 1000)

    def _handling_s(self, queue: str) -> float | None:
        talk_ms = self._known.get(queue)
        return None if talk_ms is None else talk_ms / 1000 + self._wrap_up_s(queue)


def usual_wrap_up_s(queue: QueueSettings) -> float:
    """Return the wrap-up that follows every call."""
    return queue.wrap_up_s if queue.wrap_up in {WrapUpMode.TIMED, WrapUpMode.FIXED} else 0.0
