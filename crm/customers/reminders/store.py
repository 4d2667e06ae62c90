"""Queries over reminders of arrears."""

from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from crm.customers.reminders.model import ArrearsReminder, ReminderView

MOST = 20
"""Reminders of a customer: older ones are no news to an agent."""
_REMINDER = SQLModel.metadata.tables[ArrearsReminder.__tablename__]


def of_customer(connection: Connection, customer_id: str) -> Sequence[ReminderView]:
    """Return a customer's reminders, newest first."""
    statement = (
        select(_REMINDER)
        .where(_REMINDER.c.customer_id == customer_id)
        .order_by(_REMINDER.c.at.desc(), _REMINDER.c.call_id)
        .limit(MOST)
    )
    return [ReminderView.model_validate(row, from_attributes=True) for row in connection.execute(statement)]


def of_call(connection: Connection, call_id: str) -> ReminderView | None:
    """Return the reminder in a call."""
    row = connection.execute(select(_REMINDER).where(_REMINDER.c.call_id == call_id)).one_or_none()
    return None if row is None else ReminderView.model_validate(row, from_attributes=True)
