"""Routes of handovers."""

from typing import TypeVar

from crm.handover.model import (
    Acknowledge,
    HandOver,
    HandoverDetail,
    HandoverView,
    LeftOpen,
    ListQuery,
    OpenQuery,
    Recurring,
    RecurringQuery,
)
from crm.handover.service import HandoverService
from crm.tickets.transitions import DESKS, FIELD, LEADERS
from foundation.problems import Forbidden
from foundation.routes import NoQuery, Principal, Request, Role, Routes

SHIFTS = DESKS | FIELD
Whose = TypeVar("Whose", OpenQuery, ListQuery, HandOver)


def routes(service: HandoverService) -> Routes:
    """What can be handed over."""
    table = Routes("handover")
    _reading(table, service)

    @table.add(
        "POST",
        "/handovers",
        roles=SHIFTS,
        summary="End a shift: what is open is listed for the next one, with notes",
        body=HandOver,
        response=HandoverDetail,
        status=201,
        problems=(403, 422),
    )
    async def hand_over(request: Request[HandOver, NoQuery]) -> HandoverDetail:
        return await service.hand_over(_own(request.body, request.actor), request.actor)

    @table.add(
        "POST",
        "/handovers/{handover_id}/acknowledge",
        roles=SHIFTS,
        summary="The next shift takes over; not who handed over, and a department's shift not the desk",
        body=Acknowledge,
        response=HandoverDetail,
        problems=(403, 404, 409, 422),
    )
    async def acknowledge(request: Request[Acknowledge, NoQuery]) -> HandoverDetail:
        return await service.acknowledge(request.path["handover_id"], request.body, request.actor)

    return table


def _reading(table: Routes, service: HandoverService) -> None:
    @table.add(
        "GET",
        "/handovers",
        roles=SHIFTS,
        summary="Handovers of a department, or of the desk, newest first",
        query=ListQuery,
        response=list[HandoverView],
        problems=(403, 422),
    )
    async def listed(request: Request[None, ListQuery]) -> list[HandoverView]:
        return await service.listed(_own(request.query, request.actor))

    @table.add(
        "GET",
        "/handovers/{handover_id}",
        roles=SHIFTS,
        summary="A handover with its tickets",
        response=HandoverDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> HandoverDetail:
        return await service.get(request.path["handover_id"], request.actor)

    @table.add(
        "GET",
        "/left-open",
        roles=SHIFTS,
        summary="What a department, the desk, or one person's shift leaves open now",
        query=OpenQuery,
        response=LeftOpen,
        problems=(403, 422),
    )
    async def left_open(request: Request[None, OpenQuery]) -> LeftOpen:
        return await service.left_open(_own(request.query, request.actor))

    @table.add(
        "GET",
        "/recurring",
        roles=LEADERS | {Role.QUALITY},
        summary="What keeps coming back: of one cause in one area, of one customer",
        query=RecurringQuery,
        response=list[Recurring],
        problems=(422,),
    )
    async def recurring(request: Request[None, RecurringQuery]) -> list[Recurring]:
        return await service.recurring(request.query)


def _own(asked: Whose, actor: Principal) -> Whose:
    """A department's people see and hand over their own department, whatever they ask for (S7)."""
    if actor.role is not Role.DEPARTMENT:
        return asked
    if actor.department_id is None:
        raise Forbidden("you belong to no department")
    return asked.model_copy(update={"department_id": actor.department_id})
