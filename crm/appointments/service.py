"""Use cases of visits and their windows (H3, H26)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from crm.appointments import store
from crm.appointments.errors import NoAppointment, NoSuchWindow, NotVisited, WindowFull, WindowsChanged
from crm.appointments.model import (
    Appointment,
    AppointmentView,
    AppointmentWindow,
    BookVisit,
    FreeQuery,
    FreeWindow,
    VisitOfDay,
    VisitsOfDay,
    WeekInput,
    WindowInput,
    WindowView,
)
from crm.appointments.notice import USUAL_NOTICE, VisitNotice
from crm.departments.model import Department
from crm.tickets import store as tickets_store
from crm.tickets.errors import UnknownReference
from crm.tickets.model import VISITED, Actor, ActorKind
from crm.tickets.service import TicketService
from crm.tickets.state_change import ChangeEffects
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import must_be_there
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem, Forbidden
from foundation.routes import Role


class AppointmentService:
    """Visits and windows, in the time zone of the notice."""

    def __init__(
        self,
        database: Database,
        tickets: TicketService,
        notice: VisitNotice = USUAL_NOTICE,
        *,
        map_link: str = "",
    ) -> None:
        self._database = database
        self._map_link = map_link
        self._tickets = tickets
        self.notice, self._zone = notice, notice.zone

    async def week(self, department_id: str) -> list[WindowView]:
        """Return the windows of a department's week."""
        async with self._database.read() as session:
            found = await store.week(session, department_id)
        return [WindowView.model_validate(window) for window in found]

    async def enter_week(self, department_id: str, given: WeekInput) -> list[WindowView]:
        """Replace the windows of a department's week.

        Booked visits stay. A window with fewer places than booked visits takes no further one.

        Raises:
            UnknownReference: there is no such department in use.
            WindowsChanged: the windows are not those that were edited.
        """
        async with self._database.write() as session:
            await must_be_there(session, department_id, None)
            present = await store.week(session, department_id)
            if given.before is not None and sorted(map(_shape, given.before)) != sorted(map(_shape, present)):
                raise WindowsChanged("the windows are not those that were edited")
            before = {(window.weekday, window.from_clock): window for window in present}
            for wanted in given.windows:
                known = before.pop((wanted.weekday, wanted.from_clock), None)
                if known is None:
                    session.add(
                        AppointmentWindow(id=new_id("window"), department_id=department_id, **wanted.model_dump())
                    )
                else:
                    known.until_clock, known.places = wanted.until_clock, wanted.places
            for gone in before.values():
                await session.delete(gone)
        return await self.week(department_id)

    async def free(self, department_id: str, query: FreeQuery) -> list[FreeWindow]:
        """Return the coming windows of some days with their free places.

        Windows on short notice are left out, unless the ticket is urgent.

        Raises:
            UnknownReference: there is no such department.
        """
        now = utc_now()
        today = now.astimezone(self._zone).date()
        earliest = today if query.urgent else self.notice.earliest_day(now)
        first = query.first or today
        async with self._database.read() as session:
            if await session.get(Department, department_id) is None:
                problem = FieldProblem(field="department_id", rule="must exist")
                raise UnknownReference(f"there is no department {department_id}", [problem])
            week = await store.week(session, department_id)
            begin = self._moment(first, "00:00")
            end = self._moment(first + timedelta(days=query.days), "00:00")
            booked = await store.booked_between(session, department_id, begin, end)
        return [
            FreeWindow(
                day=day,
                visit_from=visit_from,
                visit_until=self._moment(day, window.until_clock),
                places=window.places,
                booked=booked[visit_from],
                free=max(0, window.places - booked[visit_from]),
            )
            for day in (first + timedelta(days=ahead) for ahead in range(query.days))
            for window, visit_from in self._windows_of(day, week)
            if visit_from > now and day >= earliest
        ]

    async def of_day(self, department_id: str | None, day: date | None, *, own: bool) -> VisitsOfDay:
        """Return a day's visits; `own` leaves out tickets that the department lost."""
        wanted = day or utc_now().astimezone(self._zone).date()
        first, last = self._moment(wanted, "00:00"), self._moment(wanted + timedelta(days=1), "00:00")
        async with self._database.read() as session:
            found = await store.visits_between(session, department_id, first, last, own=own)
            names = await tickets_store.first_reporters(session, [ticket.id for _, ticket in found])
            people = await tickets_store.names_of_people(session, {ticket.person_id for _, ticket in found})
        visits = [
            VisitOfDay(
                ticket_id=ticket.id,
                number=ticket.number,
                subject=ticket.subject,
                status=ticket.status,
                visit_from=visit.visit_from,
                visit_until=visit.visit_until,
                department_id=visit.department_id,
                name=names.get(ticket.id, ""),
                address=ticket.address,
                area=ticket.area,
                person_name=people.get(ticket.person_id or ""),
                map_link=self._map_link.replace("{address}", quote(ticket.address)) if ticket.address else "",
            )
            for visit, ticket in found
        ]
        return VisitsOfDay(day=wanted, visits=visits)

    async def book(self, ticket_id: str, given: BookVisit, actor: Actor) -> TicketView:
        """Book a visit, or move the booked one.

        Raises:
            NotVisited: tickets of this kind have no visits.
            NoSuchWindow: the department offers no window that begins then.
            VisitTooSoon: it is sooner than the notice allows, and the ticket is not urgent.
            WindowFull: all places of the window are booked.
            ChangedMeanwhile, NotAllowedNow, NotYours: as for every change of a ticket.
        """
        visit_from = given.visit_from.astimezone(UTC)
        async with self._tickets.change(ticket_id, TicketAction.BOOK_VISIT, actor, given.version) as made:
            ticket, session = made.ticket, made.session
            if ticket.kind not in VISITED:
                raise NotVisited(f"ticket {ticket.number} is a {ticket.kind}")
            department_id = given.department_id or ticket.department_id
            if department_id is None:
                problem = FieldProblem(field="department_id", rule="must be given while the ticket has no department")
                raise NoSuchWindow("the department of the window is not known", [problem])
            if actor.role is Role.DEPARTMENT and department_id != ticket.department_id:
                raise Forbidden("a department books its own windows only")
            local = visit_from.astimezone(self._zone)
            window = await store.held_window(session, department_id, local.isoweekday(), f"{local:%H:%M}")
            if window is None or local != local.replace(second=0, microsecond=0):
                problem = FieldProblem(field="visit_from", rule="must be when a window of the department begins")
                raise NoSuchWindow("the department offers no such window", [problem])
            self.notice.require(ticket, visit_from, utc_now(), by_caller=actor.kind is ActorKind.CALLER)
            before = await store.active(session, ticket_id)
            if before is not None:
                before.cancelled_at, before.cancelled_by = utc_now(), actor.name
                # The place is free for the same window, and locked against other bookings.
                await session.flush()
            booked = await store.booked_in(session, department_id, visit_from)
            if booked >= window.places:
                raise WindowFull(f"{booked} visits are booked then, and {window.places} fit")
            visit_until = self._moment(local.date(), window.until_clock)
            session.add(
                Appointment(
                    id=new_id("appointment"),
                    ticket_id=ticket_id,
                    department_id=department_id,
                    visit_from=visit_from,
                    visit_until=visit_until,
                    booked_at=utc_now(),
                    booked_by=actor.name,
                )
            )
            ticket.visit_from, ticket.visit_until, ticket.visit_booked = visit_from, visit_until, True
            instead_of = before.visit_from if before is not None else None
            made.detail.update(
                department_id=department_id, instead_of=instead_of.isoformat() if instead_of is not None else None
            )
            made.effects = ChangeEffects(visit_from=visit_from, visit_until=visit_until, freed_visit_from=instead_of)
        return TicketView.model_validate(made.ticket)

    async def cancel(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Cancel the visit of a ticket.

        Raises:
            NoAppointment: no visit is booked.
        """
        async with self._tickets.change(ticket_id, TicketAction.CANCEL_VISIT, actor, expected_version) as made:
            found = await store.active(made.session, ticket_id)
            if found is None:
                raise NoAppointment(f"no visit is booked for ticket {made.ticket.number}")
            found.cancelled_at, found.cancelled_by = utc_now(), actor.name
            made.ticket.visit_from, made.ticket.visit_until, made.ticket.visit_booked = None, None, False
            made.detail.update(reason=reason, visit_from=found.visit_from.isoformat())
            made.effects = ChangeEffects(freed_visit_from=found.visit_from)
        return TicketView.model_validate(made.ticket)

    async def of_ticket(self, ticket_id: str) -> list[AppointmentView]:
        """Return all visits of a ticket, in order."""
        async with self._database.read() as session:
            found = await store.of_ticket(session, ticket_id)
        return [AppointmentView.model_validate(one) for one in found]

    def _windows_of(self, day: date, week: Sequence[AppointmentWindow]) -> Iterator[tuple[AppointmentWindow, datetime]]:
        for window in week:
            if window.weekday == day.isoweekday():
                yield window, self._moment(day, window.from_clock)

    def _moment(self, day: date, clock: str) -> datetime:
        """Convert a local day and time of day to a moment."""
        return store.moment(day, clock, self._zone)


def _shape(window: WindowInput | AppointmentWindow) -> tuple[int, str, str, int]:
    return window.weekday, window.from_clock, window.until_clock, window.places
