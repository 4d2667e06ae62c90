"""Routes of staff accounts."""

from crm.staff.model import StaffInput, StaffView
from crm.staff.service import StaffService
from foundation.routes import NoQuery, Request, Role, Routes

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


def routes(service: StaffService) -> Routes:
    """What can be done with accounts."""
    table = Routes("staff")

    @table.add(
        "GET",
        "/staff",
        roles=ADMINISTRATORS | {Role.SUPERVISOR},
        summary="Every account",
        response=list[StaffView],
    )
    async def everybody(_: Request[None, NoQuery]) -> list[StaffView]:
        return await service.all()

    @table.add(
        "POST",
        "/staff",
        roles=ADMINISTRATORS,
        summary="Add an account; an agent's phone is told to Asterisk at once",
        body=StaffInput,
        response=StaffView,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[StaffInput, NoQuery]) -> StaffView:
        return StaffView.model_validate(await service.create(request.body))

    return table
