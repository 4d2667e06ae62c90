"""Queries over recipients, rotas and deliveries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, SelectBase, and_, delete, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.notices.model import DeliveryState, DutyOverride, NoticeChannel, NoticeDelivery, NoticeFile, NoticeRecipient
from crm.staff.model import Staff
from foundation.database import execute
from foundation.routes import Role

CODES = frozenset(
    {
        *("ticket_id", "department_id", "version", "number", "kind", "status", "urgency", "area", "at", "department"),
        *("urge_count", "redo_count", "clock", "step", "until", "due", "respond_by"),
    }
)
"""Fields of a webhook's data that are not personal."""


@dataclass(frozen=True)
class LogQuery:
    """Filters of deliveries; None: any."""

    state: DeliveryState | None = None
    channel: NoticeChannel | None = None
    kind: str | None = None
    key: str | None = None
    recipient_id: str | None = None
    department_id: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


async def recipients(session: AsyncSession, department_id: str | None) -> Sequence[NoticeRecipient]:
    """Return the recipients of a department, or all."""
    statement = select(NoticeRecipient)
    if department_id is not None:
        statement = statement.where(NoticeRecipient.department_id == department_id)
    return (await session.exec(statement.order_by(col(NoticeRecipient.name), col(NoticeRecipient.id)))).all()


async def active_of(session: AsyncSession, department_ids: Collection[str]) -> Sequence[NoticeRecipient]:
    """Return active recipients of these departments and of none.

    Those of employees who left are not among them.
    """
    owned = or_(
        col(NoticeRecipient.department_id).is_(None), col(NoticeRecipient.department_id).in_(list(department_ids))
    )
    there = or_(col(NoticeRecipient.staff_id).is_(None), col(Staff.active).is_(True))
    statement = select(NoticeRecipient).outerjoin(Staff, col(Staff.id) == col(NoticeRecipient.staff_id))
    statement = statement.where(col(NoticeRecipient.active).is_(True), owned, there)
    return (await session.exec(statement.order_by(col(NoticeRecipient.id)))).all()


async def of_role(session: AsyncSession, role: Role, department_id: str | None) -> Sequence[NoticeRecipient]:
    """Return active recipients of a role's active employees, by department."""
    statement = select(NoticeRecipient).join(Staff, col(Staff.id) == col(NoticeRecipient.staff_id))
    statement = statement.where(
        col(NoticeRecipient.active).is_(True), col(Staff.active).is_(True), col(Staff.role) == role
    )
    if department_id is not None:
        statement = statement.where(col(Staff.department_id) == department_id)
    return (await session.exec(statement.order_by(col(NoticeRecipient.id)))).all()


async def overrides(session: AsyncSession, department_id: str, after: datetime) -> Sequence[DutyOverride]:
    """Return a rota's exceptions that end after a moment, by begin."""
    statement = select(DutyOverride).where(
        DutyOverride.department_id == department_id, col(DutyOverride.until_at) > after
    )
    return (await session.exec(statement.order_by(col(DutyOverride.from_at), col(DutyOverride.id)))).all()


async def is_planned(session: AsyncSession, event_id: str) -> bool:
    """Return whether an event has notices already."""
    statement = select(NoticeDelivery.sequence).where(NoticeDelivery.event_id == event_id).limit(1)
    return (await session.exec(statement)).first() is not None


def _is_head(table: type[NoticeDelivery]) -> ColumnElement[bool]:
    """Match notices that are the first pending of addressee and key."""
    earlier = aliased(NoticeDelivery)
    return ~(
        select(earlier.sequence)
        .where(
            earlier.addressee == table.addressee,
            earlier.key == table.key,
            col(earlier.sequence) < col(table.sequence),
            col(earlier.next_at).is_not(None),
        )
        .exists()
    )


async def lease(
    session: AsyncSession, channel: NoticeChannel, now: datetime, until: datetime, limit: int, without: Collection[str]
) -> Sequence[NoticeDelivery]:
    """Lease due notices of a channel, one to an addressee.

    None goes to the addressees in `without`.
    """
    due = aliased(NoticeDelivery)
    first = (
        select(func.min(due.sequence))
        .where(
            due.channel == channel,
            col(due.next_at) <= now,
            col(due.addressee).not_in(without),
            _is_head(due),
        )
        .group_by(col(due.addressee))
    )
    statement = (
        select(NoticeDelivery)
        .where(col(NoticeDelivery.sequence).in_(first), col(NoticeDelivery.next_at) <= now, _is_head(NoticeDelivery))
        .order_by(col(NoticeDelivery.sequence))
        .limit(limit)
        .with_for_update(skip_locked=True, of=NoticeDelivery)
    )
    leased = (await session.exec(statement)).all()
    for delivery in leased:
        delivery.next_at = until
        delivery.attempts += 1
    return leased


async def next_due(session: AsyncSession, channel: NoticeChannel, without: Collection[str]) -> datetime | None:
    """Return when a channel's next notice is due, without some addressees."""
    statement = select(func.min(NoticeDelivery.next_at)).where(
        NoticeDelivery.channel == channel,
        col(NoticeDelivery.next_at).is_not(None),
        col(NoticeDelivery.addressee).not_in(without),
        _is_head(NoticeDelivery),
    )
    return (await session.exec(statement)).one()


async def finish(session: AsyncSession, leased: NoticeDelivery, **changes: object) -> None:
    """Store an outcome, unless another worker has the lease by now."""
    still_ours = (
        col(NoticeDelivery.sequence) == leased.sequence,
        col(NoticeDelivery.attempts) == leased.attempts,
        col(NoticeDelivery.next_at).is_not(None),
    )
    await session.exec(update(NoticeDelivery).where(*still_ours).values(**changes))


async def deliveries(
    session: AsyncSession, query: LogQuery, *, before: int | None, limit: int
) -> Sequence[tuple[NoticeDelivery, NoticeRecipient | None]]:
    """Return deliveries with their recipients, newest first.

    A notice to a reporter has no recipient. `before` is the last sequence of the page before.
    """
    statement = select(NoticeDelivery, NoticeRecipient).outerjoin(NoticeRecipient)
    statement = statement.where(*_conditions(query))
    if before is not None:
        statement = statement.where(col(NoticeDelivery.sequence) < before)
    return (await session.exec(statement.order_by(col(NoticeDelivery.sequence).desc()).limit(limit))).all()


async def delivery(session: AsyncSession, delivery_id: str) -> tuple[NoticeDelivery, NoticeRecipient | None] | None:
    """Return a delivery with its recipient."""
    statement = select(NoticeDelivery, NoticeRecipient).outerjoin(NoticeRecipient)
    return (await session.exec(statement.where(NoticeDelivery.id == delivery_id))).first()


async def revive(session: AsyncSession, now: datetime, condition: ColumnElement[bool]) -> int:
    """Make settled notices due with no attempts; return their number.

    Erased ones stay settled.
    """
    idle = and_(col(NoticeDelivery.next_at).is_(None), col(NoticeDelivery.text) != "", condition)
    fresh = {"next_at": now, "attempts": 0, "state": DeliveryState.QUEUED, "error": None}
    kept = {"dropped_by": None, "drop_reason": None}
    return (await session.exec(update(NoticeDelivery).where(idle).values(fresh | kept))).rowcount


async def drop(session: AsyncSession, delivery_id: str, reason: str, by: str) -> bool:
    """Mark a given-up notice as dropped; return whether it existed."""
    given_up = and_(col(NoticeDelivery.id) == delivery_id, col(NoticeDelivery.state) == DeliveryState.DEAD)
    dropped = {"state": DeliveryState.DROPPED, "dropped_by": by, "drop_reason": reason}
    return (await session.exec(update(NoticeDelivery).where(given_up).values(dropped))).rowcount == 1


async def files(session: AsyncSession, key: str) -> Sequence[NoticeFile]:
    """Return the files that go with mails about something, by name."""
    statement = select(NoticeFile).where(NoticeFile.key == key)
    return (await session.exec(statement.order_by(col(NoticeFile.name)))).all()


async def prune(session: AsyncSession, before: datetime, limit: int) -> int:
    """Remove up to `limit` old settled notices; return their number."""
    old = select(NoticeDelivery.sequence).where(
        col(NoticeDelivery.created_at) < before, col(NoticeDelivery.next_at).is_(None)
    )
    batch = old.order_by(col(NoticeDelivery.created_at)).limit(limit)
    return (await session.exec(delete(NoticeDelivery).where(col(NoticeDelivery.sequence).in_(batch)))).rowcount


async def forget(session: AsyncSession, keys: SelectBase, kind: str | None = None) -> None:
    """Remove personal data from notices about these tickets, by kind or all.

    Pending ones are not sent to people any more. A program that follows the tickets still receives them, in codes only.
    """
    wanted = and_(col(NoticeDelivery.key).in_(keys), *([col(NoticeDelivery.kind) == kind] if kind is not None else []))
    on_its_way = and_(wanted, col(NoticeDelivery.next_at).is_not(None))
    to_people = and_(on_its_way, col(NoticeDelivery.channel) != NoticeChannel.WEBHOOK)
    await execute(session, delete(NoticeDelivery).where(to_people))
    for delivery in await session.exec(select(NoticeDelivery).where(on_its_way)):
        delivery.data = {name: value for name, value in delivery.data.items() if name in CODES}
    await session.flush()
    nothing: dict[str, object] = {"subject": "", "text": "", "whole": None, "number": None, "drop_reason": None}
    await execute(session, update(NoticeDelivery).where(wanted).values(nothing))
    settled = and_(wanted, col(NoticeDelivery.next_at).is_(None))
    await execute(session, update(NoticeDelivery).where(settled).values(data={}))


async def counts(session: AsyncSession) -> dict[tuple[NoticeChannel, DeliveryState], int]:
    """Count waiting and given-up notices by channel."""
    unsettled = or_(col(NoticeDelivery.next_at).is_not(None), col(NoticeDelivery.state) == DeliveryState.DEAD)
    statement = select(NoticeDelivery.channel, NoticeDelivery.state, func.count()).where(unsettled)
    found = await session.exec(statement.group_by(NoticeDelivery.channel, NoticeDelivery.state))
    return {(NoticeChannel(channel), DeliveryState(state)): count for channel, state, count in found}


def _conditions(query: LogQuery) -> list[ColumnElement[bool]]:
    wanted = {
        NoticeDelivery.state: query.state,
        NoticeDelivery.channel: query.channel,
        NoticeDelivery.kind: query.kind,
        NoticeDelivery.key: query.key,
        NoticeDelivery.recipient_id: query.recipient_id,
        NoticeDelivery.department_id: query.department_id,
    }
    found = [col(column) == value for column, value in wanted.items() if value is not None]
    if query.from_at is not None:
        found.append(col(NoticeDelivery.created_at) >= query.from_at)
    if query.until_at is not None:
        found.append(col(NoticeDelivery.created_at) < query.until_at)
    return found
