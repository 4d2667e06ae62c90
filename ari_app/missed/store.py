"""Queries over missed callers."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import and_, col, func, not_, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from ari_app.missed.model import CallAgain, MissedClaim, MissedReason
from crm.customers.model import Customer
from crm.history.model import CallRecord
from crm.staff.model import Staff
from crm.tickets.model import Ticket, TicketReporter
from recordings.model import SHORTEST_MESSAGE_S, SILENT, Recording, RecordingKind, RecordingStatus

MOST_CALLS = 5000
"""Missed calls of a list; more are a catastrophe, and the newest count."""
MOST_TICKETS = 1000
ANSWERED = "answered"
MISSED = [str(reason) for reason in MissedReason if reason not in {MissedReason.MESSAGE, MissedReason.CALL_AGAIN}]


async def with_message(session: AsyncSession, since: datetime) -> set[str]:
    """Return the calls in which a message was left.

    A silent one is none.
    """
    return set((await session.exec(message_calls(since))).all())


def message_calls(since: datetime) -> SelectOfScalar[str]:
    """Return the query of calls in which a message was left."""
    length, status = col(Recording.duration_ms), col(Recording.status)
    not_sealed = and_(length.is_(None), status != RecordingStatus.FAILED)
    return (
        select(Recording.call_id)
        .where(Recording.kind == RecordingKind.MESSAGE, col(Recording.started_at) >= since)
        .where(or_(not_sealed, length >= SHORTEST_MESSAGE_S * 1000))
        .where(not_(col(Recording.note).contains(SILENT)))
    )


async def to_call_again(session: AsyncSession, since: datetime) -> dict[str, datetime]:
    """Return when numbers are to be called again, by the agent's call."""
    statement = (
        select(CallAgain.call_id, CallAgain.at)
        .join(CallRecord, col(CallRecord.id) == col(CallAgain.call_id))
        .where(col(CallRecord.started_at) >= since)
    )
    return dict((await session.exec(statement)).all())


async def missed(
    session: AsyncSession, since: datetime, messages: Collection[str], again: Collection[str]
) -> list[CallRecord]:
    """Return the calls that want a call back, newest first."""
    is_missed = or_(col(CallRecord.outcome).in_(MISSED), col(CallRecord.id).in_(messages))
    statement = (
        select(CallRecord)
        .where(col(CallRecord.number).is_not(None), col(CallRecord.started_at) >= since)
        .where(or_(and_(CallRecord.direction == "inbound", is_missed), col(CallRecord.id).in_(again)))
        .order_by(col(CallRecord.started_at).desc())
        .limit(MOST_CALLS)
    )
    return [*(await session.exec(statement)).all()]


async def reached(session: AsyncSession, since: datetime) -> dict[str, datetime]:
    """Return when each number, and each customer, last talked with an agent."""
    found: dict[str, datetime] = {}
    for person in (col(CallRecord.number), col(CallRecord.customer_id)):
        statement = (
            select(person, func.max(CallRecord.started_at))
            .where(CallRecord.outcome == ANSWERED, col(CallRecord.started_at) >= since)
            .where(person.is_not(None))
            .group_by(person)
        )
        found |= {known: at for known, at in (await session.exec(statement)).all() if known is not None}
    return found


async def claims(session: AsyncSession, since: datetime) -> dict[str, MissedClaim]:
    """Return the newest claim of each number."""
    statement = (
        select(CallRecord.number, MissedClaim)
        .join(CallRecord, col(CallRecord.id) == col(MissedClaim.call_id))
        .where(col(CallRecord.started_at) >= since)
        .order_by(col(MissedClaim.claimed_at))
    )
    return {number: claim for number, claim in (await session.exec(statement)).all() if number is not None}


async def claim_of_person(session: AsyncSession, record: CallRecord) -> MissedClaim | None:
    """Return the newest claim of a call's number, or of its customer."""
    same = [col(CallRecord.number) == record.number]
    if record.customer_id is not None:
        same.append(col(CallRecord.customer_id) == record.customer_id)
    statement = (
        select(MissedClaim)
        .join(CallRecord, col(CallRecord.id) == col(MissedClaim.call_id))
        .where(or_(*same))
        .order_by(col(MissedClaim.claimed_at).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def customer_names(session: AsyncSession, ids: Collection[str]) -> Mapping[str, str]:
    """Return the names of customers."""
    return dict((await session.exec(select(Customer.id, Customer.name).where(col(Customer.id).in_(ids)))).all())


async def staff_names(session: AsyncSession, ids: Collection[str]) -> Mapping[str, str]:
    """Return the names of staff."""
    return dict((await session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids)))).all())


async def open_tickets(
    session: AsyncSession, numbers: Collection[str], customers: Collection[str]
) -> list[tuple[TicketReporter, Ticket]]:
    """Return open tickets that these numbers or customers reported, newest first."""
    statement = (
        select(TicketReporter, Ticket)
        .join(Ticket, col(Ticket.id) == col(TicketReporter.ticket_id))
        .where(col(Ticket.closed_at).is_(None))
        .where(or_(col(TicketReporter.number).in_(numbers), col(TicketReporter.customer_id).in_(customers)))
        .order_by(col(Ticket.registered_at).desc())
        .limit(MOST_TICKETS)
    )
    return [*(await session.exec(statement)).all()]
