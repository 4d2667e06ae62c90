"""Routes of protected customers."""

from crm.customers.protection.model import ProtectedListInput, ProtectedListView
from crm.customers.protection.service import ProtectionService
from foundation.routes import DESKS, LEADERS, NoQuery, Request, Routes


def routes(service: ProtectionService) -> Routes:
    """Lists in force for a time."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/protected-lists",
        roles=DESKS,
        summary="Return the lists of protected customers, the latest first",
        response=list[ProtectedListView],
    )
    async def protected_lists(_: Request[None, NoQuery]) -> list[ProtectedListView]:
        return await service.listed()

    @table.add(
        "POST",
        "/protected-lists",
        roles=LEADERS,
        summary="Create a list: its customers' calls and tickets come first while it is in force",
        body=ProtectedListInput,
        response=ProtectedListView,
        status=201,
        problems=(422,),
    )
    async def create_protected_list(request: Request[ProtectedListInput, NoQuery]) -> ProtectedListView:
        return await service.create(request.body, request.actor)

    @table.add(
        "PUT",
        "/protected-lists/{list_id}",
        roles=LEADERS,
        summary="Replace a list: its name, time and customers",
        body=ProtectedListInput,
        response=ProtectedListView,
        problems=(404, 422),
    )
    async def replace_protected_list(request: Request[ProtectedListInput, NoQuery]) -> ProtectedListView:
        return await service.replace(request.path["list_id"], request.body, request.actor)

    @table.add(
        "DELETE",
        "/protected-lists/{list_id}",
        roles=LEADERS,
        summary="Remove a list",
        response=None,
        status=204,
        problems=(404,),
    )
    async def remove_protected_list(request: Request[None, NoQuery]) -> None:
        await service.remove(request.path["list_id"])

    return table
