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
from crm.tickets.transitions import FIELD
from foundation.problems import Forbidden
from foundation.routes import DESKS, LEADERS, NoQuery, Principal, Request, Role, Routes

SHIFTS = DESKS | FIELD
Scoped = TypeVar("Scoped", OpenQuery, ListQuery, HandOver)


def routes(service: HandoverService) -> Routes:
    """Declare the routes of handovers."""
    table = Routes("handover")
    _reading(table, service)

    @table.add(
        "POST",
        "/handovers",
        roles=SHIFTS,
        summary="End a shift: list the open tickets for the next one, with notes",
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
        summary="Acknowledge a handover as the next shift",
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
        summary="List handovers of a department or of the desk, newest first",
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
        summary="Return a handover with its tickets",
        response=HandoverDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> HandoverDetail:
        return await service.get(request.path["handover_id"], request.actor)

    @table.add(
        "GET",
        "/left-open",
        roles=SHIFTS,
        summary="List the tickets that a department, the desk or a person's shift leaves open",
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
        summary="List causes in areas, customers and unknown numbers with recurring tickets",
        query=RecurringQuery,
        response=list[Recurring],
        problems=(422,),
    )
    async def recurring(request: Request[None, RecurringQuery]) -> list[Recurring]:
        return await service.recurring(request.query)


def _own(asked: Scoped, actor: Principal) -> Scoped:
    """Restrict a request of a department's staff to their own department (S7)."""
    if actor.role is not Role.DEPARTMENT:
        return asked
    if actor.department_id is None:
        raise Forbidden("you belong to no department")
    return asked.model_copy(update={"department_id": actor.department_id})
