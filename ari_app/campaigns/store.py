"""Queries over contacts, attempts and answers.

A lease and its attempt are one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.campaigns.errors import WrongState
from ari_app.campaigns.model import FINAL, TRANSITIONS, Attempt, Contact, ContactState, SurveyAnswers

LEASED = (ContactState.DIALLING, ContactState.ANSWERED)
_CALLED = aliased(Contact)
WAITING = (col(Contact.state) == ContactState.PLANNED) & ~exists().where(
    col(_CALLED.number) == col(Contact.number), col(_CALLED.state).in_(LEASED)
)
"""To be called, and the number is free."""


LEASING_LOCK = 0x1EA5E
"""PostgreSQL's advisory lock of the node that leases contacts: two nodes never call one number."""


async def lock_leasing(session: AsyncSession) -> None:
    """Wait for the leasing lock, held to the transaction's end."""
    await session.exec(select(func.pg_advisory_xact_lock(LEASING_LOCK)))


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[Contact]:
    """Lock and return contacts to dial, and those with an expired lease.

    A number that is being called is left out.
    """
    waiting = WAITING & (col(Contact.next_at) <= now)
    expired = col(Contact.state).in_(LEASED) & (col(Contact.lease_until) < now)
    statement = select(Contact).where(or_(waiting, expired)).order_by(col(Contact.next_at)).limit(limit)
    return (await session.exec(statement.with_for_update(skip_locked=True))).all()


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when the next contact or lease falls due."""
    planned = select(func.min(Contact.next_at)).where(WAITING)
    leased = select(func.min(Contact.lease_until)).where(col(Contact.state).in_(LEASED))
    moments = [(await session.exec(planned)).one(), (await session.exec(leased)).one()]
    return min((moment for moment in moments if moment is not None), default=None)


async def contact(session: AsyncSession, contact_id: str) -> Contact:
    """One contact, locked for change.

    Raises:
        WrongState: there is none.
    """
    found = (await session.exec(select(Contact).where(Contact.id == contact_id).with_for_update())).one_or_none()
    if found is None:
        raise WrongState(f"there is no contact {contact_id}")
    return found


def holder(found: Contact, now: datetime) -> str | None:
    """Return the agent who asks a contact, if any."""
    return found.held_by if found.held_until is not None and found.held_until > now else None


def move(found: Contact, to: ContactState) -> None:
    """Change a contact's state.

    Raises:
        WrongState: the transition table does not allow it.
    """
    if to not in TRANSITIONS[found.state]:
        raise WrongState(f"contact {found.id} is {found.state} and cannot become {to}")
    found.state = to


async def of_ticket(session: AsyncSession, ticket_id: str, round_: int) -> Sequence[Contact]:
    """Return the contacts of a ticket in one round."""
    statement = select(Contact).where(Contact.ticket_id == ticket_id, Contact.round == round_)
    return (await session.exec(statement.order_by(col(Contact.id)))).all()


async def planned(session: AsyncSession, ticket_id: str) -> Sequence[Contact]:
    """Lock and return the contacts of a ticket not yet called."""
    statement = select(Contact).where(Contact.ticket_id == ticket_id, Contact.state == ContactState.PLANNED)
    return (await session.exec(statement.with_for_update())).all()


async def planned_for_number(session: AsyncSession, number: str, *, before: datetime) -> Sequence[Contact]:
    """Lock and return a number's contacts due before a moment."""
    statement = select(Contact).where(
        Contact.number == number, Contact.state == ContactState.PLANNED, col(Contact.next_at) < before
    )
    return (await session.exec(statement.with_for_update())).all()


async def unfinished(session: AsyncSession, customer_id: str) -> Sequence[Contact]:
    """Callbacks to a customer that are not over, locked for change."""
    open_states = [state for state in ContactState if state not in FINAL]
    statement = select(Contact).where(Contact.customer_id == customer_id, col(Contact.state).in_(open_states))
    return (await session.exec(statement.with_for_update())).all()


async def answers_of(session: AsyncSession, contact_ids: Sequence[str]) -> Sequence[SurveyAnswers]:
    """The answers given by these contacts."""
    return (await session.exec(select(SurveyAnswers).where(col(SurveyAnswers.contact_id).in_(contact_ids)))).all()


async def attempts_today(session: AsyncSession, number: str, now: datetime) -> int:
    """Return a number's attempts in the last 24 hours (S23).

    All campaigns count.
    """
    statement = (
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.number == number, col(Attempt.started_at) > now - timedelta(days=1))
    )
    return int((await session.exec(statement)).one())
