"""Queries over versions of the queues' document."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.queues.documents.model import QueueDocument


async def newest(session: AsyncSession) -> QueueDocument | None:
    """Return the newest version; None before the first."""
    statement = select(QueueDocument).order_by(col(QueueDocument.version).desc()).limit(1)
    return (await session.exec(statement)).first()


async def versions(session: AsyncSession, most: int) -> Sequence[QueueDocument]:
    """Return versions, newest first."""
    return (await session.exec(select(QueueDocument).order_by(col(QueueDocument.version).desc()).limit(most))).all()
