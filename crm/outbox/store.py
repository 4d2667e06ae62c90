"""Queries over the outbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox.model import OutboxEntry


def _is_head() -> ColumnElement[bool]:
    """Nothing earlier of its key is pending."""
    earlier = aliased(OutboxEntry)
    return ~(
        select(earlier.sequence)
        .where(
            earlier.key == OutboxEntry.key,
            col(earlier.sequence) < col(OutboxEntry.sequence),
            col(earlier.next_at).is_not(None),
        )
        .exists()
    )


async def lease(session: AsyncSession, now: datetime, until: datetime, limit: int) -> Sequence[OutboxEntry]:
    """Take what is due for one worker: nobody else gets it before `until`. At most one entry of a key."""
    statement = (
        select(OutboxEntry)
        .where(col(OutboxEntry.next_at) <= now, _is_head())
        .order_by(col(OutboxEntry.sequence))
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxEntry)
    )
    entries = (await session.exec(statement)).all()
    for entry in entries:
        entry.next_at = until
        entry.attempts += 1
    return entries


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next entry is to be tried; None when nothing is pending."""
    statement = select(func.min(OutboxEntry.next_at)).where(col(OutboxEntry.next_at).is_not(None), _is_head())
    return (await session.exec(statement)).one()


async def finish(session: AsyncSession, leased: OutboxEntry, **changes: object) -> None:
    """Store how a delivery went, unless its lease ran out and somebody else has it by now."""
    still_ours = (
        col(OutboxEntry.sequence) == leased.sequence,
        col(OutboxEntry.attempts) == leased.attempts,
        col(OutboxEntry.next_at).is_not(None),
    )
    await session.exec(update(OutboxEntry).where(*still_ours).values(**changes))
