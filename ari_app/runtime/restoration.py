"""Restoration of live state after Redis lost it or was away (F19)."""

import structlog

from ari_app.calls.reconciliation import Reconciler
from ari_app.runtime.presence import PresenceService

log = structlog.get_logger()


class Restoration:
    """Writes calls, waiting callers and agents back to Redis."""

    def __init__(self, reconciler: Reconciler, presence: PresenceService) -> None:
        self._reconciler = reconciler
        self._presence = presence

    async def restore(self, emptied: bool) -> None:
        """Restore queues, then presence; callers keep their places.

        Args:
            emptied: whether Redis lost everything, presence included.
        """
        repaired = await self._reconciler.repair_queues()
        if emptied:
            await self._presence.rebuild()
        log.info("queues_repaired", emptied=emptied, repaired=repaired)
