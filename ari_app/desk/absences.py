"""Presence of agents, as their desks open and close."""

import asyncio

import structlog

from ari_app.desk.handler import DeskHandler
from ari_app.desk.relay import Relay
from foundation.problems import Conflict
from foundation.tasks import log_failure

SAY_AGAIN_S = 0.5

log = structlog.get_logger()


class Absences:
    """Reports open desks at once, and desks that are gone later.

    A reload of the page is no absence.
    """

    def __init__(
        self,
        handler: DeskHandler,
        relay: Relay,
        joining: asyncio.Semaphore,
        *,
        grace_s: float,
    ) -> None:
        """Begin with no absence.

        Args:
            relay: tells whether a desk of the agent is open on another node.
            joining: bounds the questions that are put to Redis at a time.
        """
        self._handler = handler
        self._relay = relay
        self._joining = joining
        self.grace_s = grace_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def ended(self, agent_id: str) -> None:
        """Report that an agent's desk is open."""
        absence = self._tasks.pop(agent_id, None)
        if absence is not None:
            absence.cancel()
            await asyncio.wait({absence})
        await self._handler.presence(agent_id, True)

    def begin(self, agent_id: str) -> None:
        """Report after the grace that an agent's desk is gone."""
        absence = asyncio.create_task(self._report_gone(agent_id), name=f"desk-absence:{agent_id}")
        self._tasks[agent_id] = absence
        absence.add_done_callback(log_failure)

    async def _report_gone(self, agent_id: str) -> None:
        """Report an absence, unless a desk is open on another node.

        The report is repeated until it succeeds: an agent who is gone and stays ready would be offered calls.
        """
        pause_s = self.grace_s
        while True:
            await asyncio.sleep(pause_s)
            try:
                async with self._joining:
                    if not await self._relay.heard(agent_id):
                        await self._handler.presence(agent_id, False)
                break
            except Conflict:
                break  # signed out otherwise
            except Exception as error:  # noqa: BLE001 - whatever it is, saying it again is right
                log.warning("absence_not_reported", agent_id=agent_id, error=repr(error))
                pause_s = min(max(pause_s, SAY_AGAIN_S) * 2, 30.0)
        self._tasks.pop(agent_id, None)

    async def aclose(self) -> None:
        """Report nothing any more: the service stops."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
