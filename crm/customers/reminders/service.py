"""Use cases of reminders of arrears (H5)."""

from collections.abc import Sequence

from crm.customers.errors import CustomerNotFound
from crm.customers.model import Customer
from crm.customers.reminders import store
from crm.customers.reminders.model import ArrearsReminder, ReminderInput, ReminderView
from crm.customers.store import head_of
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import FieldProblem
from foundation.routes import Principal


class ReminderService:
    """Reminders of arrears: one in a call, the last word counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remind(self, who: Principal, call_id: str, given: ReminderInput) -> ReminderView:
        """Store the outcome of the reminder in a call, or replace it.

        Raises:
            CustomerNotFound: there is no such customer.
        """
        async with self._database.write() as session:
            customer = await session.get(Customer, given.customer_id)
            if customer is None:
                problem = FieldProblem(field="customer_id", rule="must exist")
                raise CustomerNotFound(f"there is no customer {given.customer_id}", [problem])
            row = await session.get(ArrearsReminder, call_id)
            if row is not None and (row.customer_id, row.outcome) == (given.customer_id, given.outcome):
                # Said before: it keeps its time, which is within the call.
                return ReminderView.model_validate(row)
            facts = {
                **given.model_dump(),
                "arrears_cents": customer.arrears_cents,
                "staff_id": who.staff_id,
                "staff_name": who.name,
                "at": utc_now(),
            }
            if row is None:
                row = ArrearsReminder(call_id=call_id, **facts)
            else:
                row.sqlmodel_update(facts)
            session.add(row)
        return ReminderView.model_validate(row)

    async def of_customer(self, customer_id: str) -> Sequence[ReminderView]:
        """Return a customer's reminders, newest first; of a merged one, the head's."""
        return await self._database.look_up(
            lambda connection: store.of_customer(connection, head_of(connection, customer_id))
        )
