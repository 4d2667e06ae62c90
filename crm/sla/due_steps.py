"""Queries of the runner: due steps and their claims.

Tickets are locked before their clocks, as everywhere.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.sla import store
from crm.sla.model import ClockStep, ServicePolicy, TicketClock
from crm.tickets.model import Ticket

_STEP = SQLModel.metadata.tables[ClockStep.__tablename__]


async def due(session: AsyncSession, now: datetime, limit: int) -> list[tuple[TicketClock, Ticket]]:
    """Return clocks with a due step, and their locked tickets.

    Tickets that another transaction has locked are left out.
    """
    statement = select(TicketClock.ticket_id).where(col(TicketClock.next_at) <= now)
    wanted = (await session.exec(statement.order_by(col(TicketClock.next_at)).limit(limit))).all()
    tickets = {ticket.id: ticket for ticket in await _locked(session, wanted)}
    if not tickets:
        return []
    # Only while its ticket is locked a clock cannot be stopped or moved by another transaction.
    clocks = select(TicketClock).where(col(TicketClock.ticket_id).in_(tickets), col(TicketClock.next_at) <= now)
    found = (await session.exec(clocks.order_by(col(TicketClock.next_at)))).all()
    return [(clock, tickets[clock.ticket_id]) for clock in found]


async def claim(session: AsyncSession, step: ClockStep) -> bool:
    """Claim a step; return whether it was not claimed before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(_STEP).values(step.model_dump()).on_conflict_do_nothing().returning(_STEP.c.step)
    return (await session.exec(statement)).first() is not None


async def next_at(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when a step or a policy is due next."""
    step = (await session.exec(select(func.min(TicketClock.next_at)))).one()
    takes_effect = select(func.min(ServicePolicy.effective_from)).where(
        col(ServicePolicy.reaches_open).is_(True), col(ServicePolicy.effective_from) > now
    )
    policy = (await session.exec(takes_effect)).one()
    return min((moment for moment in (step, policy) if moment is not None), default=None)


async def hours_version(session: AsyncSession) -> int:
    """Return the version of the hours that changed last."""
    return await store.last_hours_version(session)


async def policy_for_open_tickets(session: AsyncSession, now: datetime) -> int | None:
    """Return the policy in force, if open tickets change over to it."""
    version = (await store.in_force(session, None, now)).policy_version
    policy = await session.get(ServicePolicy, version) if version is not None else None
    return policy.version if policy is not None and policy.reaches_open else None


async def under_another(
    session: AsyncSession, version: int, limit: int, without: Collection[str]
) -> list[tuple[Ticket, Sequence[TicketClock]]] | None:
    """Lock open tickets with running clocks under another policy; None without any.

    Returns each ticket that no other transaction has locked, with those clocks.
    """
    others = (
        col(TicketClock.stopped_at).is_(None),
        col(TicketClock.policy_version) != version,
        col(TicketClock.ticket_id).not_in(without),
    )
    wanted = (await session.exec(select(TicketClock.ticket_id).where(*others).limit(limit))).all()
    if not wanted:
        return None
    found = []
    for ticket in await _locked(session, wanted):
        clocks = (await session.exec(select(TicketClock).where(TicketClock.ticket_id == ticket.id, *others))).all()
        found.append((ticket, clocks))
    return found


async def _locked(session: AsyncSession, ticket_ids: Sequence[str]) -> Sequence[Ticket]:
    if not ticket_ids:
        return []
    statement = select(Ticket).where(col(Ticket.id).in_(set(ticket_ids))).order_by(col(Ticket.id))
    return (await session.exec(statement.with_for_update(skip_locked=True))).all()
