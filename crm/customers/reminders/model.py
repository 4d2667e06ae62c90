"""Table, input and view of reminders of arrears."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from crm.personal_data.holdings import personal
from crm.text import Id
from foundation.database import UtcDateTime, text_enum


class ReminderOutcome(StrEnum):
    """Outcome of a reminder of arrears."""

    PROMISED = "promised"
    """The customer will pay."""
    PAID = "paid"
    """The customer has paid already, and the sum is not up to date."""
    DISPUTED = "disputed"
    """The customer does not agree with the sum."""
    NOTED = "noted"
    """The customer heard it and said nothing to it."""
    NOT_REMINDED = "not_reminded"
    """The agent left it out, such as in an emergency."""


class ArrearsReminder(SQLModel, table=True):
    """Reminder of arrears in a call, with its outcome."""

    __tablename__ = "arrears_reminder"
    __table_args__ = (Index("ix_arrears_reminder_customer_id_at", "customer_id", "at"),)

    call_id: str = Field(primary_key=True)
    """Without a foreign key: the call's record may be stored later, from the spool."""
    customer_id: str = Field(foreign_key="customer.id")
    outcome: ReminderOutcome = Field(sa_type=text_enum(ReminderOutcome))
    arrears_cents: int = Field(sa_type=BigInteger)
    """The arrears at that time."""
    staff_id: str
    staff_name: str
    at: datetime = Field(sa_type=UtcDateTime)


personal(ArrearsReminder, arrears_cents=0)


class ReminderInput(BaseModel, extra="forbid"):
    """Outcome of a reminder as entered."""

    customer_id: Id
    """The customer who was reminded."""
    outcome: ReminderOutcome


class ReminderView(BaseModel, from_attributes=True):
    """Reminder of arrears as shown."""

    call_id: str
    customer_id: str
    outcome: ReminderOutcome
    arrears_cents: int
    staff_name: str
    at: datetime
