"""Queries of an agent's work."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.history.model import CallRecord

ANSWERED = "answered"


class Talks(NamedTuple):
    """Answered calls of one direction."""

    direction: str
    calls: int
    talk_ms: int


async def talks_since(session: AsyncSession, agent_id: str, since: datetime) -> list[Talks]:
    """Return an agent's answered calls of each direction."""
    statement = (
        select(CallRecord.direction, func.count(), func.coalesce(func.sum(col(CallRecord.talk_ms)), 0))
        .where(CallRecord.agent_id == agent_id, col(CallRecord.started_at) >= since, CallRecord.outcome == ANSWERED)
        .group_by(CallRecord.direction)
    )
    return [Talks(direction, calls, int(talk_ms or 0)) for direction, calls, talk_ms in await session.exec(statement)]
