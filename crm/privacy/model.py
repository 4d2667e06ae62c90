"""Input and views of personal data."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as InputField

from crm.customers import audit
from crm.moments import Moment
from crm.personal_data.fields import Personal
from crm.text import Id, OneLine

Why = Annotated[OneLine, InputField(min_length=3, max_length=200)]


class Look(BaseModel, extra="forbid"):
    """Reason for a look at masked data, stored with the look."""

    reason: Why


class Person(BaseModel):
    """A person unmasked: answered only where the look was noted."""

    name: str
    numbers: list[str]
    address: str


class LooksQuery(BaseModel, extra="forbid"):
    """Query of looks, newest first."""

    staff_id: Id | None = None
    subject_id: Id | None = None
    """A customer, or a ticket with reporters who are no customers."""
    since: Moment | None = None
    limit: int = InputField(default=100, ge=1, le=audit.MOST)


class LookView(BaseModel):
    """A look at data that are masked for the role."""

    at: datetime
    staff_id: str | None
    staff_name: str
    subject_id: str
    """The customer, or the ticket with reporters who are no customers."""
    ticket_number: str | None
    """The ticket that was looked at, where it was one."""
    fields: list[str]
    reason: Annotated[str, Personal.TEXT]
    """Empty once the person's data were erased."""


class Hold(BaseModel, extra="forbid"):
    """Reason that forbids the erasure of a customer; empty: allowed."""

    reason: OneLine = InputField(default="", max_length=200)


class Erase(BaseModel, extra="forbid"):
    """On what grounds a person's data are erased."""

    reason: Why


class StoredData(BaseModel):
    """Everything that is stored about a customer, by what it is."""

    customer_id: str
    at: datetime
    data: dict[str, list[dict[str, Any]]]
