"""Routes of the catalogue of causes."""

from pydantic import BaseModel, Field

from crm.categories.model import CategoryChange, CategoryInput, CategoryView, ProposedDepartment
from crm.categories.service import CategoryService
from crm.text import Id, OneLine
from foundation.routes import ADMINISTRATORS, DESKS, EVERYONE, NoQuery, Request, Routes


class ProposalQuery(BaseModel, extra="forbid"):
    """Cause and area of a matter."""

    category_id: Id
    area: OneLine = Field(default="", max_length=60)


def routes(service: CategoryService) -> Routes:
    """Declare the routes of categories."""
    table = Routes("categories")

    @table.add(
        "GET",
        "/categories",
        roles=EVERYONE,
        summary="List the catalogue of causes",
        response=list[CategoryView],
        revalidated=True,
    )
    async def categories(_: Request[None, NoQuery]) -> list[CategoryView]:
        return await service.all()

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
    async def create(request: Request[CategoryInput, NoQuery]) -> CategoryView:
        return await service.create(request.body)

    @table.add(
        "PATCH",
        "/categories/{category_id}",
        roles=ADMINISTRATORS,
        summary="Rename or move a cause, or take it in or out of use; fields left out stay",
        body=CategoryChange,
        response=CategoryView,
        problems=(404, 409, 422),
    )
    async def update(request: Request[CategoryChange, NoQuery]) -> CategoryView:
        return await service.update(request.path["category_id"], request.body)

    @table.add(
        "GET",
        "/department-proposals",
        roles=DESKS,
        summary="Propose departments for a matter by cause and area, each with the reasons",
        query=ProposalQuery,
        response=list[ProposedDepartment],
        problems=(404, 422),
    )
    async def proposed(request: Request[None, ProposalQuery]) -> list[ProposedDepartment]:
        return await service.proposed(request.query.category_id, request.query.area)

    return table
