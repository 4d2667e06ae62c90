"""Routes of planned shifts."""

from datetime import date

from crm.shifts.errors import ShiftsInvalid
from crm.shifts.model import ShiftCopy, ShiftQuery, ShiftsOfDay, ShiftView
from crm.shifts.service import ShiftService
from foundation.problems import FieldProblem
from foundation.routes import LEADERS, NoQuery, Request, Routes


def routes(service: ShiftService) -> Routes:
    """Declare the routes of planned shifts."""
    table = Routes("shifts")

    @table.add(
        "GET",
        "/planned-shifts",
        roles=LEADERS,
        summary="List the planned shifts of agents that begin on some days",
        query=ShiftQuery,
        response=list[ShiftView],
    )
    async def listed(request: Request[None, ShiftQuery]) -> list[ShiftView]:
        return await service.listed(request.query)

    @table.add(
        "PUT",
        "/planned-shifts/{day}",
        roles=LEADERS,
        summary="Replace all planned shifts that begin on a day",
        body=ShiftsOfDay,
        response=list[ShiftView],
        problems=(422,),
    )
    async def replace(request: Request[ShiftsOfDay, NoQuery]) -> list[ShiftView]:
        return await service.replace(_day(request.path["day"]), request.body)

    @table.add(
        "POST",
        "/planned-shifts/copy",
        roles=LEADERS,
        summary="Replace the planned shifts of some days by those of others, such as the week before",
        body=ShiftCopy,
        response=list[ShiftView],
        problems=(422,),
    )
    async def copy(request: Request[ShiftCopy, NoQuery]) -> list[ShiftView]:
        return await service.copy(request.body)

    return table


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        problem = FieldProblem(field="day", rule="must be a day such as 2026-11-30")
        raise ShiftsInvalid("the shifts were not changed", [problem]) from error
