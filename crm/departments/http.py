"""Routes of departments and the catalogue of causes."""

from crm.departments.model import CategoryInput, CategoryView, DepartmentInput, DepartmentView
from crm.departments.service import DepartmentService
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


def routes(service: DepartmentService) -> Routes:
    """What can be done with departments."""
    table = Routes("departments")

    @table.add("GET", "/departments", roles=EVERYONE, summary="Every department", response=list[DepartmentView])
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

    @table.add("GET", "/categories", roles=EVERYONE, summary="The catalogue of causes", response=list[CategoryView])
    async def categories(_: Request[None, NoQuery]) -> list[CategoryView]:
        return await service.categories()

    @table.add(
        "POST",
        "/categories",
        roles=ADMINISTRATORS,
        summary="Add a cause",
        body=CategoryInput,
        response=CategoryView,
        status=201,
        problems=(409, 422),
    )
    async def create_category(request: Request[CategoryInput, NoQuery]) -> CategoryView:
        return await service.create_category(request.body)

    return table
