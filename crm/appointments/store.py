"""Queries over windows and visits."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments.model import Appointment, AppointmentWindow
from crm.tickets.model import Ticket, TicketStatus

LEFT = [TicketStatus.ARCHIVED, TicketStatus.CANCELLED]
"""Nobody visits for these; a merged one may come back, and keeps its place."""


async def week(session: AsyncSession, department_id: str) -> Sequence[AppointmentWindow]:
    """A department's windows, in the order of the week."""
    order = (col(AppointmentWindow.weekday), col(AppointmentWindow.from_clock))
    statement = select(AppointmentWindow).where(AppointmentWindow.department_id == department_id)
    return (await session.exec(statement.order_by(*order))).all()


async def held_window(
    session: AsyncSession, department_id: str, weekday: int, from_clock: str
) -> AppointmentWindow | None:
    """A window, held: whoever else books in it waits until this transaction ends, and counts what it booked."""
    statement = select(AppointmentWindow).where(
        AppointmentWindow.department_id == department_id,
        AppointmentWindow.weekday == weekday,
        AppointmentWindow.from_clock == from_clock,
    )
    return (await session.exec(statement.with_for_update())).one_or_none()


async def booked_in(session: AsyncSession, department_id: str, visit_from: datetime) -> int:
    """How many visits of a department begin at a moment."""
    counted = await booked_between(session, department_id, visit_from, visit_from)
    return counted[visit_from]


async def booked_between(
    session: AsyncSession, department_id: str, first: datetime, last: datetime
) -> Counter[datetime]:
    """How many visits of a department begin at each moment of a time."""
    statement = (
        select(Appointment.visit_from, func.count())
        .join(Ticket, col(Ticket.id) == Appointment.ticket_id)
        .where(
            Appointment.department_id == department_id,
            col(Appointment.visit_from).between(first, last),
            col(Appointment.cancelled_at).is_(None),
            col(Ticket.status).not_in(LEFT),
        )
        .group_by(col(Appointment.visit_from))
    )
    return Counter(dict((await session.exec(statement)).all()))


async def active(session: AsyncSession, ticket_id: str) -> Appointment | None:
    """The visit a ticket has."""
    statement = select(Appointment).where(Appointment.ticket_id == ticket_id, col(Appointment.cancelled_at).is_(None))
    return (await session.exec(statement)).one_or_none()


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[Appointment]:
    """Every visit a ticket had, in order."""
    statement = select(Appointment).where(Appointment.ticket_id == ticket_id).order_by(col(Appointment.id))
    return (await session.exec(statement)).all()
