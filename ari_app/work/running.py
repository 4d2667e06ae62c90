"""Present states of agents, for the figures of today."""

from collections.abc import Callable

import structlog

from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentState
from ari_app.queues.service import QueueService
from crm.reports.agent_store import CutTime
from crm.reports.running import Running
from foundation.clock import from_milliseconds, utc_now

log = structlog.get_logger()


async def running_states(queues: QueueService, is_planned: Callable[[str | None], bool]) -> Running:
    """Return what every agent does now; without Redis no one's state."""
    try:
        found = await queues.snapshot()
    except QueuesUnavailable:
        log.warning("running_states_not_counted")
        return Running(utc_now())
    now = from_milliseconds(found.at_ms)
    return Running(
        now,
        [
            CutTime(
                agent.agent_id,
                agent.state.value,
                agent.reason,
                is_planned(agent.reason) if agent.state is AgentState.NOT_READY else None,
                from_milliseconds(agent.since_ms),
                now,
            )
            for agent in found.agents
        ],
    )
