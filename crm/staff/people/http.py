"""Route of colleagues."""

from crm.staff.people.model import FindPeople, PersonView
from crm.staff.people.service import PeopleService
from foundation.routes import EVERYONE, Request, Routes


def routes(service: PeopleService) -> Routes:
    """Declare the route of colleagues."""
    table = Routes("people")

    @table.add(
        "GET",
        "/people",
        roles=EVERYONE,
        summary="List colleagues, by department and role",
        query=FindPeople,
        response=list[PersonView],
        revalidated=True,
    )
    async def people(request: Request[None, FindPeople]) -> list[PersonView]:
        return await service.find(request.query)

    return table
