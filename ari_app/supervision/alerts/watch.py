"""Watch over the thresholds of queues: one process looks for all."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NoReturn

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.desk.board import AlertFigure
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentState, QueueSnapshot, Snapshot
from ari_app.queues.service import QueueService
from ari_app.supervision.alerts import store
from ari_app.supervision.alerts.model import QueueAlert
from crm.events import QueueAlerted
from crm.outbox.service import enqueue
from foundation.clock import utc_now
from foundation.database import Database, out_of_reach
from foundation.ids import new_id

LOOK_S = 2.0
CALM_S = 20.0
"""A value must be good for so long: one that swings around its bound is one alert."""
WATCHER = "hotline:alert-watcher"
"""The node that looks, for all nodes; it holds the key for a few looks."""
WATCHER_S = 8

Levels = Callable[[], Awaitable[Mapping[str, float | None]]]
"""Returns the service level of each queue in the last minutes, in percent; None without calls."""
IsLong = Callable[[str | None, int], bool]
"""Tells whether a pause for a reason is too long, by its milliseconds."""
Key = tuple[str, AlertFigure]

log = structlog.get_logger()


class AlertWatch:
    """Raises and ends the alerts of broken thresholds."""

    def __init__(
        self,
        database: Database,
        queues: QueueService,
        redis: Redis,
        node: str,
        *,
        levels: Levels,
        wake_outbox: Callable[[], None],
        is_long: IsLong = lambda _reason, _ms: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._queues = queues
        self._redis = redis
        self._node = node
        self._levels = levels
        self._wake_outbox = wake_outbox
        self._is_long = is_long
        self._clock = clock
        self._calm_since: dict[str, float] = {}
        """Since when the value of an open alert is good again, by the alert's id."""

    async def run(self, tell: Callable[[], Awaitable[None]]) -> NoReturn:
        """Look for all nodes, until cancelled; `tell` them of a change."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                if await self._is_watcher() and await self.look():
                    await tell()
            except Exception as error:
                if not (isinstance(error, RedisError | QueuesUnavailable) or out_of_reach(error)):
                    raise
                log.warning("queue_alerts_not_seen", error=repr(error))

    async def look(self) -> bool:
        """Compare the queues with their thresholds; whether an alert began or ended.

        It writes only where something changes: most looks find nothing.
        """
        async with self._database.read() as session:
            bounds = {(one.queue, one.figure): one.bound for one in await store.thresholds(session)}
            found = {(one.queue, one.figure): one for one in await store.not_over(session)}
        if not bounds and not found:
            return False
        values = await self._values(bounds)
        ended = {alert.id for key, alert in found.items() if self._is_over(key, alert, bounds, values)}
        worst = {
            alert.id: worse(key[1], alert.worst, values[key])
            for key, alert in found.items()
            if key in values and worse(key[1], alert.worst, values[key]) != alert.worst
        }
        begun = [
            _alert(key, bound, values[key])
            for key, bound in bounds.items()
            if key in values and key not in found and is_broken(key[1], values[key], bound)
        ]
        if ended or worst or begun:
            await self._store(ended, worst, begun)
        return bool(ended or begun)

    async def _store(self, ended: Collection[str], worst: Mapping[str, int], begun: Sequence[QueueAlert]) -> None:
        async with self._database.write() as session:
            for alert in await store.not_over(session):
                alert.worst = worst.get(alert.id, alert.worst)
                if alert.id in ended:
                    alert.ended_at = utc_now()
            for alert in begun:
                session.add(alert)
                enqueue(session, self._event(alert))
        for alert_id in ended:
            self._calm_since.pop(alert_id, None)
        if begun:
            self._wake_outbox()

    async def _values(self, bounds: Mapping[Key, int]) -> dict[Key, int]:
        snapshot = await self._queues.snapshot()
        values = {
            (one.queue, figure): value_of(one, figure)
            for one in snapshot.queues
            for figure in (AlertFigure.WAITING, AlertFigure.LONGEST_WAIT_S)
        }
        values |= {
            (one.queue, AlertFigure.LONG_PAUSES): self._long_pauses(snapshot, one.queue) for one in snapshot.queues
        }
        if any(figure is AlertFigure.LEVEL for _, figure in bounds):
            levels = await self._levels()
            values |= {(name, AlertFigure.LEVEL): int(level) for name, level in levels.items() if level is not None}
        return values

    def _long_pauses(self, snapshot: Snapshot, queue: str) -> int:
        """Return how many of a queue's agents pause longer than allowed."""
        paused = [one for one in snapshot.agents if one.state is AgentState.NOT_READY and queue in one.queues]
        return sum(self._is_long(one.reason, snapshot.at_ms - one.since_ms) for one in paused)

    def _is_over(self, key: Key, alert: QueueAlert, bounds: Mapping[Key, int], values: Mapping[Key, int]) -> bool:
        """Tell whether an alert ends now: its value stayed good."""
        if key not in bounds:
            return True
        if key in values and is_broken(key[1], values[key], bounds[key]):
            self._calm_since.pop(alert.id, None)
            return False
        return self._clock() - self._calm_since.setdefault(alert.id, self._clock()) >= CALM_S

    def _event(self, alert: QueueAlert) -> QueueAlerted:
        settings = self._queues.queues[alert.queue]
        return QueueAlerted(
            alert_id=alert.id,
            queue=f"{settings.title_zh} {settings.title_en}",
            figure=alert.figure.value,
            bound=str(alert.bound),
            value=str(alert.value),
        )

    async def _is_watcher(self) -> bool:
        if await self._redis.set(WATCHER, self._node, nx=True, ex=WATCHER_S):
            return True
        if await self._redis.get(WATCHER) != self._node.encode():
            return False
        await self._redis.expire(WATCHER, WATCHER_S)
        return True


def _alert(key: Key, bound: int, value: int) -> QueueAlert:
    return QueueAlert(
        id=new_id("alert"), queue=key[0], figure=key[1], bound=bound, value=value, worst=value, began_at=utc_now()
    )


def value_of(queue: QueueSnapshot, figure: AlertFigure) -> int:
    """Return a figure of a queue as it is now."""
    return queue.waiting if figure is AlertFigure.WAITING else queue.longest_wait_ms // 1000


def is_broken(figure: AlertFigure, value: int, bound: int) -> bool:
    """Tell whether a value breaks a bound."""
    return value < bound if figure is AlertFigure.LEVEL else value >= bound


def worse(figure: AlertFigure, one: int, other: int) -> int:
    """Return the worse of two values."""
    return min(one, other) if figure is AlertFigure.LEVEL else max(one, other)
