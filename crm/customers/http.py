"""Routes of customers."""

from typing import Annotated

from pydantic import BaseModel, Field

from crm.customers.audit import AuditView
from crm.customers.model import (
    Choose,
    ConfirmPhone,
    CustomerChange,
    CustomerDetail,
    CustomerInput,
    CustomerView,
    Identification,
    OwnAgent,
)
from crm.customers.service import CustomerService
from crm.personal_data.fields import SEES, Personal
from crm.text import OneLine
from foundation.routes import DESKS, EVERYONE, LEADERS, NoQuery, Request, Role, Routes


class CustomerSearch(BaseModel, extra="forbid"):
    """Query of a search for customers."""

    text: Annotated[OneLine, Field(min_length=1, max_length=100)]
    """Any part of an account number, a name, an address or a telephone number."""


def routes(service: CustomerService) -> Routes:
    """Return the routes of customers."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/customers",
        roles=DESKS,
        summary="Find customers by telephone, account number, name or address",
        query=CustomerSearch,
        response=list[CustomerView],
        problems=(422,),
    )
    async def search(request: Request[None, CustomerSearch]) -> list[CustomerView]:
        numbers = Personal.NUMBER in SEES[request.actor.role]
        return await service.search(request.query.text, numbers=numbers)

    @table.add(
        "GET",
        "/customers/{customer_id}",
        roles=EVERYONE - {Role.DEPARTMENT, Role.CAMPAIGNS},
        summary="Return a customer with the telephones",
        response=CustomerDetail,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> CustomerDetail:
        return await service.detail(request.path["customer_id"])

    @table.add(
        "POST",
        "/customers",
        roles=DESKS,
        summary="Create a customer",
        body=CustomerInput,
        response=CustomerDetail,
        status=201,
        problems=(409, 422),
    )
    async def create(request: Request[CustomerInput, NoQuery]) -> CustomerDetail:
        return await service.create(request.body, request.actor)

    @table.add(
        "PATCH",
        "/customers/{customer_id}",
        roles=DESKS,
        summary="Change a customer; what is left out stays, and telephones no longer named become former ones",
        body=CustomerChange,
        response=CustomerDetail,
        problems=(404, 409, 422),
    )
    async def update(request: Request[CustomerChange, NoQuery]) -> CustomerDetail:
        return await service.update(request.path["customer_id"], request.body, request.actor)

    @table.add(
        "DELETE",
        "/customers/{customer_id}",
        roles=LEADERS,
        summary="Remove a customer entered by mistake; one with a history is refused",
        response=None,
        status=204,
        problems=(404, 409),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await service.remove(request.path["customer_id"], request.actor)

    @table.add(
        "PUT",
        "/customers/{customer_id}/agent",
        roles=LEADERS,
        summary="Set the customer's own agent, who is rung first while the queue's time for it lasts",
        body=OwnAgent,
        response=CustomerDetail,
        problems=(404, 409, 422),
    )
    async def give_agent(request: Request[OwnAgent, NoQuery]) -> CustomerDetail:
        return await service.give_agent(request.path["customer_id"], request.body, request.actor)

    @table.add(
        "POST",
        "/customers/{customer_id}/confirmed-phones",
        roles=DESKS,
        summary="Confirm a telephone of a customer, known or new",
        body=ConfirmPhone,
        response=CustomerDetail,
        problems=(404, 409, 422),
    )
    async def confirm_phone(request: Request[ConfirmPhone, NoQuery]) -> CustomerDetail:
        return await service.confirm_phone(request.path["customer_id"], request.body, request.actor)

    @table.add(
        "POST",
        "/phone-choices",
        roles=DESKS,
        summary="Choose the customer of a shared number; the next call proposes that one first",
        body=Choose,
        response=Identification,
        problems=(409, 422),
    )
    async def choose(request: Request[Choose, NoQuery]) -> Identification:
        return await service.choose(request.body, request.actor)

    @table.add(
        "GET",
        "/customers/{customer_id}/audit",
        roles=LEADERS - {Role.ADMINISTRATOR},
        summary="Return the actions on a customer's data with account and time, newest first",
        response=list[AuditView],
        problems=(404,),
    )
    async def audited(request: Request[None, NoQuery]) -> list[AuditView]:
        return await service.audit(request.path["customer_id"])

    return table
