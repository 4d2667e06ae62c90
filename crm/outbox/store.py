"""Queries over the outbox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SelectBase, and_, delete, func, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.events import Event, UnreadableEvent, decode, encode
from crm.outbox.model import OutboxEntry
from foundation.database import execute


@dataclass(frozen=True)
class Counts:
    """Numbers of waiting and dead entries."""

    waiting: int
    dead: int
    oldest: datetime | None
    """When the oldest waiting entry was stored."""


def _is_head() -> ColumnElement[bool]:
    """Match entries that are the first pending one of their key."""
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
    """Lease due entries until a moment, at most one of a key."""
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
    """Return when the next entry is due; None without pending entries."""
    statement = select(func.min(OutboxEntry.next_at)).where(col(OutboxEntry.next_at).is_not(None), _is_head())
    return (await session.exec(statement)).one()


async def finish(session: AsyncSession, leased: OutboxEntry, **changes: object) -> None:
    """Store an outcome, unless another worker has the lease by now."""
    still_ours = (
        col(OutboxEntry.sequence) == leased.sequence,
        col(OutboxEntry.attempts) == leased.attempts,
        col(OutboxEntry.next_at).is_not(None),
    )
    await session.exec(update(OutboxEntry).where(*still_ours).values(**changes))


def _given_up() -> ColumnElement[bool]:
    return and_(col(OutboxEntry.next_at).is_(None), col(OutboxEntry.done_at).is_(None))


async def dead(session: AsyncSession, *, kind: str | None, before: int | None, limit: int) -> Sequence[OutboxEntry]:
    """Return dead letters, newest first."""
    statement = select(OutboxEntry).where(_given_up())
    if kind is not None:
        statement = statement.where(OutboxEntry.kind == kind)
    if before is not None:
        statement = statement.where(col(OutboxEntry.sequence) < before)
    return (await session.exec(statement.order_by(col(OutboxEntry.sequence).desc()).limit(limit))).all()


async def revive(session: AsyncSession, now: datetime, *, sequence: int | None = None, kind: str | None = None) -> int:
    """Make dead letters due with no attempts; return their number."""
    statement = update(OutboxEntry).where(_given_up())
    if sequence is not None:
        statement = statement.where(col(OutboxEntry.sequence) == sequence)
    if kind is not None:
        statement = statement.where(col(OutboxEntry.kind) == kind)
    return (await session.exec(statement.values(next_at=now, attempts=0))).rowcount


async def drop(session: AsyncSession, sequence: int, now: datetime, reason: str, by: str) -> bool:
    """Mark a dead letter as done; return whether it existed."""
    statement = update(OutboxEntry).where(_given_up(), col(OutboxEntry.sequence) == sequence)
    dropped = await session.exec(statement.values(done_at=now, dropped_by=by, drop_reason=reason))
    return dropped.rowcount == 1


async def prune(session: AsyncSession, before: datetime, limit: int) -> int:
    """Remove up to `limit` entries done before a time; return their number."""
    old = select(OutboxEntry.sequence).where(col(OutboxEntry.done_at) < before)
    batch = old.order_by(col(OutboxEntry.done_at)).limit(limit)
    return (await session.exec(delete(OutboxEntry).where(col(OutboxEntry.sequence).in_(batch)))).rowcount


async def forget(session: AsyncSession, keys: SelectBase, now: datetime) -> None:
    """Remove the payloads of settled entries of these keys. Never redeliver."""
    settled = and_(col(OutboxEntry.key).in_(keys), col(OutboxEntry.next_at).is_(None))
    dropped = and_(settled, col(OutboxEntry.done_at).is_(None))
    await execute(session, update(OutboxEntry).where(dropped).values(done_at=now, drop_reason="erased"))
    await execute(session, update(OutboxEntry).where(settled).values(payload={}))


async def rewrite(session: AsyncSession, keys: SelectBase, rewritten: Callable[[Event], Event]) -> None:
    """Replace the stored events of these keys by a function's results.

    An entry that this release cannot read loses its whole payload.
    """
    entries = await session.exec(select(OutboxEntry).where(col(OutboxEntry.key).in_(keys)))
    for entry in entries:
        if not entry.payload:
            continue
        try:
            payload = encode(rewritten(decode(entry.kind, entry.key, entry.payload)))
        except UnreadableEvent:
            payload = {}
        if payload != entry.payload:
            entry.payload = payload
    await session.flush()


async def counts(session: AsyncSession) -> Counts:
    """Count waiting and dead entries."""
    pending = select(func.count(), func.min(OutboxEntry.created_at)).where(col(OutboxEntry.next_at).is_not(None))
    waiting, oldest = (await session.exec(pending)).one()
    given_up = (await session.exec(select(func.count()).select_from(OutboxEntry).where(_given_up()))).one()
    return Counts(waiting, given_up, oldest)
