"""Figures and alerts on supervisors' boards: pushed when they change."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.expected_waits import ExpectedWaits, usual_wrap_up_s
from ari_app.desk.board import OpenAlert, QueueFigures
from ari_app.desk.hub import Hub
from ari_app.desk.model import BoardFigures, OpenAlerts
from ari_app.missed.service import MissedCallers
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.service import QueueService
from ari_app.runtime.desk_handler import WATCHERS
from ari_app.supervision.alerts.service import QueueThresholds
from crm.reports.service import ReportService
from foundation.database import out_of_reach
from foundation.redis_channels import ChannelListener

PAUSE_S = 2.0
"""Between two counts, and from a change to its count: a call's record follows its end."""
SLIDES_S = 15.0
"""The last minutes move on by themselves."""
CHANNEL = "hotline:queue-alerts"
"""A message without words: alerts changed."""

log = structlog.get_logger()


class FiguresBoard:
    """Counts the queues' figures, and sends changes to boards.

    The boards are those of this node. A queue or an agent that changes causes a count; without an open board there is
    none.
    """

    def __init__(self, reports: ReportService, missed: MissedCallers, queues: QueueService) -> None:
        self._reports = reports
        self._missed = missed
        self._queues = queues
        self._waits = ExpectedWaits(reports.mean_talks, lambda name: usual_wrap_up_s(queues.settings_of(name)))
        self._changed = asyncio.Event()
        self._shown: BoardFigures | None = None
        """The figures that all boards of this node have."""

    async def now(self) -> BoardFigures | None:
        """Return the figures, for a board that opens.

        None: the database does not respond.
        """
        try:
            return await self._counted()
        except Exception as error:
            if not out_of_reach(error):
                raise
            log.warning("figures_not_counted", error=repr(error))
            return self._shown

    async def levels(self) -> Mapping[str, float | None]:
        """Return each queue's service level of the last minutes."""
        found = await self._reports.now()
        return {one.queue: one.last.level_of_offered for one in found.queues if one.last is not None}

    async def run(self, hub: Hub) -> NoReturn:
        """Tell boards about changes, until cancelled."""
        stops = (
            self._queues.watch_agents(lambda _: self._changed.set()),
            self._queues.watch_queues(lambda _: self._changed.set()),
        )
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SLIDES_S):
                        await self._changed.wait()
                await asyncio.sleep(PAUSE_S)
                self._changed.clear()
                if hub.listening(WATCHERS):
                    await self._tell(hub)
        finally:
            for stop in stops:
                stop()

    async def _tell(self, hub: Hub) -> None:
        found = await self.now()
        if found is not None and found != self._shown:
            self._shown = found
            await hub.broadcast(WATCHERS, found)

    async def _counted(self) -> BoardFigures:
        now, missed = await self._reports.now(), await self._missed.counted()
        expected, errors = await self._expected(), await self._reports.expected_wait_errors()
        figures = {one.queue: one for one in now.queues}
        queues = []
        for name in sorted(figures.keys() | missed.keys() | expected.keys()):
            of = figures.get(name)
            last, today = (of.last, of.today) if of is not None else (None, None)
            queues.append(
                QueueFigures(
                    name,
                    last.level_of_offered if last is not None else None,
                    today.level_of_offered if today is not None else None,
                    today.abandoned if today is not None else 0,
                    missed.get(name, 0),
                    expected.get(name),
                    errors.get(name),
                )
            )
        return BoardFigures(minutes=now.minutes, level=now.level, within_s=now.within_s, queues=queues)

    async def _expected(self) -> dict[str, int | None]:
        """Return the expected wait of each queue's next caller."""
        await self._waits.refresh()
        try:
            found = await self._queues.snapshot()
        except QueuesUnavailable:
            return {}
        return {queue.queue: self._waits.of(queue) for queue in found.queues}


class AlertBoard:
    """Tells the boards of all nodes which thresholds are broken."""

    def __init__(self, redis: Redis, hub: Hub, thresholds: QueueThresholds) -> None:
        self._redis = redis
        self._hub = hub
        self._thresholds = thresholds
        self._changed = asyncio.Event()
        self._listener = ChannelListener(
            redis,
            "queue-alerts",
            channels=lambda: [CHANNEL],
            on_message=lambda *_: self._changed.set(),
            on_subscribed=lambda _: self._changed.set(),
        )

    async def tell(self) -> None:
        """Have every node read the open alerts again."""
        try:
            await self._redis.publish(CHANNEL, b"")
        except (RedisError, OSError, TimeoutError) as error:
            # Every node subscribes anew then, and reads them.
            log.warning("queue_alerts_not_told", error=repr(error))

    async def now(self) -> list[OpenAlert]:
        """Return the open alerts, for a board that opens.

        None while the database does not respond.
        """
        try:
            return await self._thresholds.open_alerts()
        except Exception as error:
            if not out_of_reach(error):
                raise
            log.warning("queue_alerts_not_read", error=repr(error))
            return []

    async def run(self) -> NoReturn:
        """Hear and show until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run())
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._hub.listening(WATCHERS):
                    await self._hub.broadcast(WATCHERS, OpenAlerts(alerts=await self.now()))
