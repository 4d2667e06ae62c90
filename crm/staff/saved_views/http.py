"""Routes of saved views."""

from crm.staff.saved_views.model import FindViews, SavedViewInput, SavedViewView
from crm.staff.saved_views.service import SavedViewService
from foundation.routes import EVERYONE, NoQuery, Request, Routes


def routes(service: SavedViewService) -> Routes:
    """Declare the routes of saved views."""
    table = Routes("people")

    @table.add(
        "GET",
        "/saved-views",
        roles=EVERYONE,
        summary="List the saved views of a list: the own ones and those that are shared",
        query=FindViews,
        response=list[SavedViewView],
    )
    async def listed(request: Request[None, FindViews]) -> list[SavedViewView]:
        return await service.listed(request.query.place, request.actor)

    @table.add(
        "POST",
        "/saved-views",
        roles=EVERYONE,
        summary="Save the filters of a list under a name; a supervisor may share them",
        body=SavedViewInput,
        response=SavedViewView,
        status=201,
        problems=(403, 422),
    )
    async def save(request: Request[SavedViewInput, NoQuery]) -> SavedViewView:
        return await service.save(request.body, request.actor)

    @table.add(
        "DELETE",
        "/saved-views/{view_id}",
        roles=EVERYONE,
        summary="Remove a saved view",
        response=None,
        status=204,
        problems=(403, 404),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await service.remove(request.path["view_id"], request.actor)

    return table
