"""Routes of customers."""

from typing import Annotated

from pydantic import BaseModel, Field

from crm.customers.model import CustomerChange, CustomerDetail, CustomerInput, CustomerView
from crm.customers.service import CustomerService
from crm.text import OneLine
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes

KEEPERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})


class CustomerSearch(BaseModel, extra="forbid"):
    """Which customers."""

    text: Annotated[OneLine, Field(min_length=2, max_length=100)]
    """A telephone number, or part of an account number, a name or an address."""


def routes(service: CustomerService) -> Routes:
    """What can be done with customers."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/customers",
        roles=KEEPERS,
        summary="Find customers by telephone, account number, name or address",
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
        summary="One customer with the telephones",
        response=CustomerDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> CustomerDetail:
        return await service.detail(request.path["customer_id"])

    @table.add(
        "POST",
        "/customers",
        roles=KEEPERS,
        summary="Add a customer",
        body=CustomerInput,
        response=CustomerDetail,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[CustomerInput, NoQuery]) -> CustomerDetail:
        return await service.create(request.body)

    @table.add(
        "PATCH",
        "/customers/{customer_id}",
        roles=KEEPERS,
        summary="Change a customer; what is left out stays, and telephones no longer named become former ones",
        body=CustomerChange,
        response=CustomerDetail,
        problems=(404, 409, 422),
    )
    async def update(request: Request[CustomerChange, NoQuery]) -> CustomerDetail:
        return await service.update(request.path["customer_id"], request.body)

    return table
