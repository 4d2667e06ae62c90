"""Agents whom a caller is to reach first."""

import asyncio
from datetime import timedelta

import structlog

from ari_app.calls.model import CallState
from ari_app.queues.model import PreferredAgent, PreferredBy
from ari_app.queues.settings import QueueSettings
from crm.history.service import HistoryService
from foundation.clock import utc_now
from foundation.database import out_of_reach
from ivr.variables import read

LOOK_UP_S = 1.0
"""Longest look-up of a former call; the caller joins the queue without it."""

log = structlog.get_logger()


async def preferred_agents(history: HistoryService, state: CallState, settings: QueueSettings) -> list[PreferredAgent]:
    """Return the agents of the caller's matter, the strongest reason first."""
    variables = state.cursor.variables if state.cursor is not None else {}
    found = [
        (read(variables, "customer.agent_id"), PreferredBy.TICKET),
        (read(variables, "customer.own_agent_id"), PreferredBy.OWN_AGENT),
    ]
    if settings.last_agent_within_h > 0 and state.number is not None:
        found.append((await _last_agent(history, state.number, settings.last_agent_within_h), PreferredBy.LAST_CALL))
    return [PreferredAgent(agent_id, by) for agent_id, by in found if agent_id]


async def _last_agent(history: HistoryService, number: str, hours: int) -> str | None:
    try:
        async with asyncio.timeout(LOOK_UP_S):
            return await history.last_agent(number, since=utc_now() - timedelta(hours=hours))
    except Exception as error:
        if not out_of_reach(error) and not isinstance(error, TimeoutError):
            raise
        log.warning("last_agent_unknown", error=str(error))
        return None
