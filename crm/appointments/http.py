"""Routes of visits and windows."""

from crm.appointments.model import (
    AppointmentView,
    BookVisit,
    DayQuery,
    FreeQuery,
    FreeWindow,
    VisitsOfDay,
    WeekInput,
    WindowView,
)
from crm.appointments.service import AppointmentService
from crm.tickets.action_routes import REFUSALS, Reason, act
from crm.tickets.errors import TicketNotFound
from crm.tickets.service import TicketService
from crm.tickets.transitions import FIELD, TicketAction
from foundation.routes import DESKS, LEADERS, NoQuery, Request, Role, Routes


def routes(service: AppointmentService, tickets: TicketService) -> Routes:
    """Declare the routes of visits and windows."""
    table = Routes("appointments")
    _windows(table, service)
    act(
        table,
        TicketAction.BOOK_VISIT,
        "appointment",
        "Book a visit in a free window, or move it there; filing a ticket with visit_from books none",
        BookVisit,
        service.book,
    )
    act(
        table,
        TicketAction.CANCEL_VISIT,
        "cancel-appointment",
        "Cancel the visit",
        Reason,
        lambda ticket, body, actor: service.cancel(ticket, body.reason, actor, expected_version=body.version),
    )

    @table.add(
        "GET",
        "/appointments",
        roles=DESKS | FIELD,
        summary="List the visits of a day, of one department or of all; a department sees its own",
        query=DayQuery,
        response=VisitsOfDay,
        problems=(422,),
    )
    async def of_day(request: Request[None, DayQuery]) -> VisitsOfDay:
        own = request.actor.role is Role.DEPARTMENT
        # A worker without a department has no visits: an empty id is no department's.
        department_id = (request.actor.department_id or "") if own else request.query.department_id
        return await service.of_day(department_id, request.query.day, own=own)

    @table.add(
        "GET",
        "/tickets/{ticket_id}/appointments",
        roles=DESKS | FIELD,
        summary="List all visits of a ticket, in order",
        response=list[AppointmentView],
        problems=(REFUSALS[0],),
    )
    async def of_ticket(request: Request[None, NoQuery]) -> list[AppointmentView]:
        ticket = await tickets.get(request.path["ticket_id"])
        if not await tickets.may_see(ticket, request.actor.role, request.actor.department_id):
            raise TicketNotFound(f"there is no ticket {ticket.id}")
        return await service.of_ticket(ticket.id)

    return table


def _windows(table: Routes, service: AppointmentService) -> None:
    @table.add(
        "GET",
        "/departments/{department_id}/appointment-week",
        roles=DESKS | FIELD,
        summary="List the windows of a department's week with their places",
        response=list[WindowView],
    )
    async def week(request: Request[None, NoQuery]) -> list[WindowView]:
        return await service.week(request.path["department_id"])

    @table.add(
        "PUT",
        "/departments/{department_id}/appointment-week",
        roles=LEADERS,
        summary="Replace the windows of a department's week; booked visits stay",
        body=WeekInput,
        response=list[WindowView],
        problems=(409, 422),
    )
    async def enter_week(request: Request[WeekInput, NoQuery]) -> list[WindowView]:
        return await service.enter_week(request.path["department_id"], request.body)

    @table.add(
        "GET",
        "/departments/{department_id}/appointment-windows",
        roles=DESKS | FIELD,
        summary="List the windows of the coming days with their free places",
        query=FreeQuery,
        response=list[FreeWindow],
        problems=(422,),
    )
    async def free(request: Request[None, FreeQuery]) -> list[FreeWindow]:
        return await service.free(request.path["department_id"], request.query)
