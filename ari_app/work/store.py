"""Queries of an agent's work."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.history.facts import AgentTime, QueueEvent, QueueEventKind
from crm.history.model import CallRecord
from foundation.clock import milliseconds
from recordings.model import Recording, RecordingKind, RecordingStatus

ANSWERED = "answered"


class Talks(NamedTuple):
    """Answered calls of one direction."""

    direction: str
    calls: int
    talk_ms: int


async def talks_since(session: AsyncSession, agent_id: str, since: datetime) -> list[Talks]:
    """Return an agent's talks by direction; of handed-on calls the own part."""
    whole = (
        select(CallRecord.direction, func.count(), func.coalesce(func.sum(col(CallRecord.talk_ms)), 0))
        .where(CallRecord.agent_id == agent_id, col(CallRecord.started_at) >= since, CallRecord.outcome == ANSWERED)
        .where(~_shared(agent_id))
        .group_by(CallRecord.direction)
    )
    # The record names the last agent only: segments say how long each of them talked.
    parts = (
        select(
            CallRecord.direction,
            func.count(func.distinct(Recording.call_id)),
            func.coalesce(func.sum(col(Recording.duration_ms)), 0),
        )
        .join(CallRecord, col(CallRecord.id) == Recording.call_id)
        .where(Recording.agent_id == agent_id, col(Recording.started_at) >= since)
        .where(Recording.kind == RecordingKind.CONVERSATION, CallRecord.outcome == ANSWERED)
        .where(_talked(), or_(col(CallRecord.agent_id) != agent_id, _shared(agent_id)))
        .group_by(CallRecord.direction)
    )
    found = [*await session.exec(whole), *await session.exec(parts)]
    return [Talks(direction, calls, int(talk_ms or 0)) for direction, calls, talk_ms in found]


async def missed_since(session: AsyncSession, agent_id: str, since: datetime) -> int:
    """Return how many offers rang at an agent and were not taken."""
    missed = (QueueEvent.agent_id == agent_id, QueueEvent.event == QueueEventKind.RINGNOANSWER)
    statement = select(func.count()).select_from(QueueEvent).where(*missed, col(QueueEvent.at) >= since)
    return (await session.exec(statement)).one()


async def time_since(session: AsyncSession, agent_id: str, state: str, since: datetime) -> int:
    """Return an agent's milliseconds in a state since a moment."""
    statement = select(AgentTime.since, AgentTime.until).where(
        AgentTime.agent_id == agent_id, AgentTime.state == state, col(AgentTime.until) > since
    )
    times = await session.exec(statement)
    return sum(milliseconds(until) - milliseconds(max(began, since)) for began, until in times)


def _talked() -> ColumnElement[bool]:
    """Tell whether a segment was recorded, or meant to be."""
    return or_(col(Recording.duration_ms).is_not(None), col(Recording.status) == RecordingStatus.FAILED)


def _shared(agent_id: str) -> ColumnElement[bool]:
    """Tell whether others than the agent talked with the caller, too."""
    other = aliased(Recording)
    return (
        select(other.id)
        .where(other.call_id == CallRecord.id, other.kind == RecordingKind.CONVERSATION)
        .where(or_(col(other.agent_id).is_(None), col(other.agent_id) != agent_id))
        .exists()
    )
