"""Background work: owned tasks, restoration after Redis, audit, readiness checks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from redis.asyncio import Redis
from sqlalchemy import text

from ari_app.ari.client import AriClient
from ari_app.ari.source import EventSource
from ari_app.calls.reconciliation import Reconciler
from ari_app.calls.store import CallStore
from ari_app.fallback.service import Fallback
from ari_app.runtime.presence import PresenceService
from ari_app.web.health import Check
from foundation.database import Database
from foundation.tasks import keep_running
from recordings.orphans import GRACE_SECONDS
from recordings.service import RecordingService

AUDIT_AT_START_GRACE_S = 3.0
"""Recordings that an earlier process left unsealed are sealed at once; those begun in the last seconds are not."""
AUDIT_EVERY_S = 24 * 3600.0
AUDIT_SPOOL_AGAIN_S = 60.0
"""Pause before recordings are looked at again that belong to no call and were still being made."""

log = structlog.get_logger()


class OwnedTasks:
    """Tasks of the process; one that fails is logged and started again."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def own(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run work until `aclose`."""
        self._tasks.append(asyncio.create_task(keep_running(name, work), name=name))

    async def aclose(self) -> None:
        """Cancel every task."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Restoration:
    """Writes calls, waiting callers and agents back to Redis (F19)."""

    def __init__(self, reconciler: Reconciler, presence: PresenceService) -> None:
        self._reconciler = reconciler
        self._presence = presence

    async def restore(self, emptied: bool) -> None:
        """Restore queues, then presence; callers keep their places.

        Args:
            emptied: whether Redis lost everything, presence included.
        """
        lost = self._presence.agents() if emptied else {}
        repaired = await self._reconciler.repair_queues()
        if emptied:
            await self._presence.rebuild(lost)
        log.info("queues_repaired", emptied=emptied, repaired=repaired)


class RecordingsAudit:
    """Audit at the start and once a day.

    It finds files without a record, and records without a file.
    """

    def __init__(self, recordings: RecordingService, fallback: Fallback, calls: CallStore) -> None:
        self._recordings = recordings
        self._fallback = fallback
        self._calls = calls

    async def run(self) -> None:
        """Audit until cancelled."""
        grace_s = AUDIT_AT_START_GRACE_S
        while True:
            # The calls that are still recorded are known only after their adoption.
            await self._fallback.reconciled.wait()
            report = await self._recordings.audit_orphans(grace_s=grace_s, in_use=await self._calls.segments())
            log.info("recordings_audited", clean=report.clean)
            grace_s = GRACE_SECONDS
            audited_s = time.monotonic()
            while report.still_recording:
                # A process died just after a short call, or Asterisk had not closed its files.
                await asyncio.sleep(AUDIT_SPOOL_AGAIN_S)
                report = await self._recordings.audit_spool(grace_s=grace_s, in_use=await self._calls.segments())
            await asyncio.sleep(AUDIT_EVERY_S - (time.monotonic() - audited_s))


def readiness_checks(events: EventSource, ari: AriClient, redis: Redis, database: Database) -> Mapping[str, Check]:
    """Return the checks of `/readyz`."""

    async def asterisk() -> str | None:
        if not events.connected:
            return "no event connection"
        await ari.ping()
        return None

    async def reach_redis() -> str | None:
        await redis.ping()
        return None

    async def reach_database() -> str | None:
        await database.look_up(lambda connection: connection.execute(text("SELECT 1")).scalar())
        return None

    return {"asterisk": asterisk, "redis": reach_redis, "database": reach_database}
