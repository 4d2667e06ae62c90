"""Routes of customers."""

from pydantic import BaseModel, Field

from crm.customers.model import CustomerInput, CustomerView
from crm.customers.service import CustomerService
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes

KEEPERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})


class CustomerSearch(BaseModel, extra="forbid"):
    """Which customers."""

    text: str = Field(min_length=2, max_length=100)
    """Part of an account number, a name or an address."""


def routes(service: CustomerService) -> Routes:
    """What can be done with customers."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/customers",
        roles=KEEPERS,
        summary="Find customers by account number, name or address",
        query=CustomerSearch,
        response=list[CustomerView],
        problems=(422,),
    )
    async def search(request: Request[None, CustomerSearch]) -> list[CustomerView]:
        return await service.search(request.query.text)

    @table.add(
        "GET",
        "/customers/{customer_id}",
        roles=EVERYONE,
        summary="One customer",
        response=CustomerView,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> CustomerView:
        return await service.get(request.path["customer_id"])

    @table.add(
        "POST",
        "/customers",
        roles=KEEPERS,
        summary="Add a customer",
        body=CustomerInput,
        response=CustomerView,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[CustomerInput, NoQuery]) -> CustomerView:
        return await service.create(request.body)

    return table
