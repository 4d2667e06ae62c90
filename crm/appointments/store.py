"""Queries over windows and visits."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments.model import Appointment, AppointmentWindow
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.visibility import shared_with

LEFT = [TicketStatus.ARCHIVED, TicketStatus.CANCELLED]
"""Closed states that free the place; a merged ticket's visit moved to its head."""


async def week(session: AsyncSession, department_id: str) -> Sequence[AppointmentWindow]:
    """Return a department's windows, in the order of the week."""
    order = (col(AppointmentWindow.weekday), col(AppointmentWindow.from_clock))
    statement = select(AppointmentWindow).where(AppointmentWindow.department_id == department_id)
    return (await session.exec(statement.order_by(*order))).all()


async def held_window(
    session: AsyncSession, department_id: str, weekday: int, from_clock: str
) -> AppointmentWindow | None:
    """Lock a window: other bookings in it wait for this transaction."""
    statement = select(AppointmentWindow).where(
        AppointmentWindow.department_id == department_id,
        AppointmentWindow.weekday == weekday,
        AppointmentWindow.from_clock == from_clock,
    )
    return (await session.exec(statement.with_for_update())).one_or_none()


class DatedWindow(NamedTuple):
    """Window of a day."""

    visit_from: datetime
    visit_until: datetime
    places: int


async def window_around(
    session: AsyncSession, department_id: str, zone: ZoneInfo, visit_from: datetime, visit_until: datetime
) -> DatedWindow | None:
    """Lock the department's window that contains a period."""
    day = visit_from.astimezone(zone).date()
    for window in await week(session, department_id):
        begins, ends = moment(day, window.from_clock, zone), moment(day, window.until_clock, zone)
        if window.weekday == day.isoweekday() and begins <= visit_from and visit_until <= ends:
            held = await held_window(session, department_id, window.weekday, window.from_clock)
            return DatedWindow(begins, ends, held.places) if held is not None else None
    return None


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """Convert a local day and time of day to a moment."""
    hour, minute = (int(part) for part in clock.split(":"))
    late = timedelta(days=hour // 24)
    return datetime.combine(day + late, time(hour % 24, minute), zone).astimezone(UTC)


async def booked_in(session: AsyncSession, department_id: str, visit_from: datetime) -> int:
    """Count the visits of a department that begin at a moment."""
    counted = await booked_between(session, department_id, visit_from, visit_from)
    return counted[visit_from]


async def booked_between(
    session: AsyncSession, department_id: str, first: datetime, last: datetime
) -> Counter[datetime]:
    """Count the visits of a department by their beginning, within a period."""
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


async def visits_between(
    session: AsyncSession, department_id: str | None, first: datetime, last: datetime, *, own: bool
) -> Sequence[tuple[Appointment, Ticket]]:
    """Return booked visits of a period with their tickets, in order.

    Args:
        own: only of tickets in which the department has a part now (S7).
    """
    statement = (
        select(Appointment, Ticket)
        .join(Ticket, col(Ticket.id) == Appointment.ticket_id)
        .where(
            col(Appointment.visit_from) >= first,
            col(Appointment.visit_from) < last,
            col(Appointment.cancelled_at).is_(None),
            col(Ticket.status).not_in(LEFT),
        )
        .order_by(col(Appointment.visit_from), col(Appointment.id))
    )
    if department_id is not None:
        statement = statement.where(Appointment.department_id == department_id)
    if department_id is not None and own:
        part = or_(Ticket.department_id == department_id, col(Ticket.id).in_(shared_with(department_id)))
        statement = statement.where(part)
    return (await session.exec(statement)).all()


async def active(session: AsyncSession, ticket_id: str) -> Appointment | None:
    """Return the booked visit of a ticket, or None."""
    statement = select(Appointment).where(Appointment.ticket_id == ticket_id, col(Appointment.cancelled_at).is_(None))
    return (await session.exec(statement)).one_or_none()


async def of_ticket(session: AsyncSession, ticket_id: str) -> Sequence[Appointment]:
    """Return all visits of a ticket, in order."""
    statement = select(Appointment).where(Appointment.ticket_id == ticket_id).order_by(col(Appointment.id))
    return (await session.exec(statement)).all()
