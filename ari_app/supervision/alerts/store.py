"""Queries over thresholds and alerts."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.desk.board import AlertFigure
from ari_app.supervision.alerts.model import QueueAlert, QueueThreshold


async def thresholds(session: AsyncSession) -> Sequence[QueueThreshold]:
    """Return all thresholds."""
    order = col(QueueThreshold.queue), col(QueueThreshold.figure)
    return (await session.exec(select(QueueThreshold).order_by(*order))).all()


async def threshold(session: AsyncSession, queue: str, figure: AlertFigure) -> QueueThreshold | None:
    """Return the threshold of a queue's figure."""
    statement = select(QueueThreshold).where(QueueThreshold.queue == queue, QueueThreshold.figure == figure)
    return (await session.exec(statement)).one_or_none()


async def newest(session: AsyncSession, limit: int) -> Sequence[QueueAlert]:
    """Return alerts, newest first."""
    return (await session.exec(select(QueueAlert).order_by(col(QueueAlert.began_at).desc()).limit(limit))).all()


async def not_over(session: AsyncSession) -> Sequence[QueueAlert]:
    """Return alerts that have no end yet, oldest first."""
    statement = select(QueueAlert).where(col(QueueAlert.ended_at).is_(None)).order_by(col(QueueAlert.began_at))
    return (await session.exec(statement)).all()
