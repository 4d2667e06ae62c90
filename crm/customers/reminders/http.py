"""Routes of reminders of arrears."""

from collections.abc import Sequence

from crm.customers.reminders.model import ReminderView
from crm.customers.reminders.service import ReminderService
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes


def routes(reminders: ReminderService) -> Routes:
    """Return the routes of reminders of arrears."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/customers/{customer_id}/arrears-reminders",
        roles=EVERYONE - {Role.DEPARTMENT, Role.CAMPAIGNS},
        summary="List the reminders of a customer's arrears with their outcomes, newest first",
        response=list[ReminderView],
    )
    async def of_customer(request: Request[None, NoQuery]) -> Sequence[ReminderView]:
        return await reminders.of_customer(request.path["customer_id"])

    return table
