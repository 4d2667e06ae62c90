"""Queries over the outbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox.model import OutboxEntry


async def lease(session: AsyncSession, now: datetime, lease_for: timedelta, limit: int) -> Sequence[OutboxEntry]:
    """Take what is due for one worker; an entry waits while an earlier one of its key is not done."""
    earlier = aliased(OutboxEntry)
    blocked = (
        select(earlier.id)
        .where(
            earlier.key == OutboxEntry.key,
            col(earlier.id) < OutboxEntry.id,
            col(earlier.done_at).is_(None),
            col(earlier.dead).is_(False),
        )
        .exists()
    )
    statement = (
        select(OutboxEntry)
        .where(
            col(OutboxEntry.done_at).is_(None),
            col(OutboxEntry.dead).is_(False),
            col(OutboxEntry.next_at) <= now,
            ~blocked,
        )
        .order_by(col(OutboxEntry.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    entries = (await session.exec(statement)).all()
    for entry in entries:
        entry.next_at = now + lease_for
        entry.attempts += 1
    return entries


async def next_due(session: AsyncSession) -> datetime | None:
    """When the earliest pending entry is to be tried."""
    statement = select(func.min(OutboxEntry.next_at)).where(
        col(OutboxEntry.done_at).is_(None), col(OutboxEntry.dead).is_(False)
    )
    return (await session.exec(statement)).one()


async def finish(session: AsyncSession, entry_id: str, **changes: object) -> None:
    """Store how a delivery went."""
    await session.exec(update(OutboxEntry).where(col(OutboxEntry.id) == entry_id).values(**changes))
