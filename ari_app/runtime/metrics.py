"""Metrics of calls, queues, agents, trunk and disk, refreshed for Prometheus."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import structlog
from prometheus_client import Gauge

from ari_app.calls.model import CallState
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState, Snapshot

REFRESH_S = 5.0

CALLS = Gauge("hotline_calls", "Live calls of this process by stage", ["stage"])
QUEUE_WAITING = Gauge("hotline_queue_waiting", "Callers in a queue, those with a ringing agent included", ["queue"])
QUEUE_LONGEST_WAIT = Gauge("hotline_queue_longest_wait_seconds", "Longest wait of a caller in a queue now", ["queue"])
QUEUE_READY = Gauge("hotline_queue_ready_agents", "Agents of a queue who are ready for a call", ["queue"])
AGENTS = Gauge("hotline_agents", "Signed-in agents by state", ["state"])
TRUNK = Gauge("hotline_trunk_online", "1 while Asterisk can reach the trunk, else 0", ["trunk"])
DISK_FREE = Gauge("hotline_disk_free_bytes", "Free bytes of the disk with a folder", ["folder"])
DEFERRED = Gauge("hotline_deferred_requests", "Requests that wait for the database, or were refused by it")

log = structlog.get_logger()


class MetricsRefresher:
    """Reads live facts every few seconds and sets the gauges."""

    def __init__(
        self,
        *,
        live_calls: Callable[[], Iterable[CallState]],
        snapshot: Callable[[], Awaitable[Snapshot]],
        trunk: str | None,
        endpoint_online: Callable[[str], Awaitable[bool]],
        folders: dict[str, Path],
        deferred: Callable[[], Awaitable[int]],
    ) -> None:
        """Take the sources of the facts.

        Args:
            trunk: name of the trunk's PJSIP endpoint; None where outside numbers are phones that register here.
            folders: folders by the name that their disk gets in the metric.
        """
        self._live_calls = live_calls
        self._snapshot = snapshot
        self._trunk = trunk
        self._endpoint_online = endpoint_online
        self._folders = folders
        self._deferred = deferred

    async def run(self) -> None:
        """Refresh until cancelled; a source that fails does not stop the others."""
        sources = (self._refresh_queues, self._refresh_trunk, self._refresh_disks, self._refresh_deferred)
        while True:
            self._refresh_calls()
            for refresh in sources:
                try:
                    await refresh()
                except Exception as error:  # noqa: BLE001 - any source may be away; readiness says which
                    log.warning("metric_not_refreshed", source=refresh.__name__, error=type(error).__name__)
            await asyncio.sleep(REFRESH_S)

    def _refresh_calls(self) -> None:
        stages = Counter(state.stage for state in self._live_calls())
        for stage in CallStage:
            CALLS.labels(stage.value).set(stages[stage])

    async def _refresh_queues(self) -> None:
        found = await self._snapshot()
        for queue in found.queues:
            QUEUE_WAITING.labels(queue.queue).set(queue.waiting)
            QUEUE_LONGEST_WAIT.labels(queue.queue).set(queue.longest_wait_ms / 1000)
            QUEUE_READY.labels(queue.queue).set(queue.agents.get(AgentState.READY, 0))
        states = Counter(agent.state for agent in found.agents)
        for state in AgentState:
            AGENTS.labels(state.value).set(states[state])

    async def _refresh_trunk(self) -> None:
        if self._trunk is not None:
            TRUNK.labels(self._trunk).set(await self._endpoint_online(self._trunk))

    async def _refresh_disks(self) -> None:
        for name, folder in self._folders.items():
            DISK_FREE.labels(name).set((await asyncio.to_thread(shutil.disk_usage, folder)).free)

    async def _refresh_deferred(self) -> None:
        DEFERRED.set(await self._deferred())


def trunk_endpoint(dial_string: str) -> str | None:
    """Name the PJSIP endpoint of a trunk's dial string."""
    technology, _, rest = dial_string.partition("/")
    # PJSIP/<endpoint>/sip:… names it first, PJSIP/<number>@<endpoint> last.
    endpoint = rest.partition("/")[0] if "/" in rest else rest.rpartition("@")[2]
    return endpoint if technology == "PJSIP" and endpoint and "{number}" not in endpoint else None
