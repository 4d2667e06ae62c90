"""Routes of departments."""

from crm.departments.model import DepartmentChange, DepartmentInput, DepartmentView
from crm.departments.service import DepartmentService
from foundation.routes import ADMINISTRATORS, EVERYONE, NoQuery, Request, Routes


def routes(service: DepartmentService) -> Routes:
    """Declare the routes of departments."""
    table = Routes("departments")

    @table.add(
        "GET",
        "/departments",
        roles=EVERYONE,
        summary="List all departments",
        response=list[DepartmentView],
        revalidated=True,
    )
    async def departments(_: Request[None, NoQuery]) -> list[DepartmentView]:
        return await service.all()

    @table.add(
        "POST",
        "/departments",
        roles=ADMINISTRATORS,
        summary="Add a department",
        body=DepartmentInput,
        response=DepartmentView,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[DepartmentInput, NoQuery]) -> DepartmentView:
        return await service.create(request.body)

    @table.add(
        "PATCH",
        "/departments/{department_id}",
        roles=ADMINISTRATORS,
        summary="Rename or move a department, or take it in or out of use; fields left out stay",
        body=DepartmentChange,
        response=DepartmentView,
        problems=(404, 409, 422),
    )
    async def update(request: Request[DepartmentChange, NoQuery]) -> DepartmentView:
        return await service.update(request.path["department_id"], request.body)

    return table
