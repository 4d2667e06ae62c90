"""Routes of own settings."""

from crm.staff.preferences.model import OwnSettings
from crm.staff.preferences.service import PreferencesService
from foundation.routes import EVERYONE, NoQuery, Request, Routes


def routes(service: PreferencesService) -> Routes:
    """Declare the routes of own settings."""
    table = Routes("people")

    @table.add("GET", "/me/settings", roles=EVERYONE, summary="Return the own settings", response=OwnSettings)
    async def own(request: Request[None, NoQuery]) -> OwnSettings:
        return await service.of(request.actor.staff_id)

    @table.add(
        "PUT",
        "/me/settings",
        roles=EVERYONE,
        summary="Replace the own settings",
        body=OwnSettings,
        response=OwnSettings,
    )
    async def replace(request: Request[OwnSettings, NoQuery]) -> OwnSettings:
        return await service.replace(request.actor.staff_id, request.body)

    return table
