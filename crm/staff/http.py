"""Routes of staff accounts."""

from crm.staff.model import PhoneSecret, StaffChange, StaffCreated, StaffInput, StaffView
from crm.staff.service import StaffService
from foundation.routes import ADMINISTRATORS, NoQuery, Request, Role, Routes


def routes(service: StaffService) -> Routes:
    """Return the routes of accounts."""
    table = Routes("staff")

    @table.add(
        "GET",
        "/staff",
        roles=ADMINISTRATORS | {Role.SUPERVISOR},
        summary="Return every account",
        response=list[StaffView],
    )
    async def everybody(_: Request[None, NoQuery]) -> list[StaffView]:
        return await service.all()

    @table.add(
        "POST",
        "/staff",
        roles=ADMINISTRATORS,
        summary="Create an account; an agent's phone is configured in Asterisk at once",
        body=StaffInput,
        response=StaffCreated,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[StaffInput, NoQuery]) -> StaffCreated:
        return StaffCreated.model_validate(await service.create(request.body))

    @table.add(
        "POST",
        "/staff/{staff_id}/phone-secret",
        roles=ADMINISTRATORS,
        summary="Give an agent's phone a new secret; Asterisk takes it over at once",
        response=PhoneSecret,
        problems=(404, 409),
    )
    async def renew_phone_secret(request: Request[None, NoQuery]) -> PhoneSecret:
        return PhoneSecret.model_validate(await service.renew_phone_secret(request.path["staff_id"]))

    @table.add(
        "PATCH",
        "/staff/{staff_id}",
        roles=ADMINISTRATORS,
        summary="Change or close an account; what is left out stays",
        body=StaffChange,
        response=StaffView,
        problems=(404, 409, 422),
    )
    async def update(request: Request[StaffChange, NoQuery]) -> StaffView:
        changed = await service.update(request.path["staff_id"], request.body, by=request.actor.staff_id)
        return StaffView.model_validate(changed)

    return table
