"""Table, inputs and views of co-handlers."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from crm.text import Id, Lines
from foundation.database import UtcDateTime, text_enum


class CoHandlerState(StrEnum):
    """State of a co-handler's part."""

    ASKED = "asked"
    SIGNED = "signed"
    REPLIED = "replied"
    RELEASED = "released"
    """Released by the desk, or left out of the lead's reply."""


PENDING = frozenset({CoHandlerState.ASKED, CoHandlerState.SIGNED})


class TicketCoHandler(SQLModel, table=True):
    """Part of one department in the ticket of another."""

    __tablename__ = "ticket_co_handler"
    __table_args__ = (UniqueConstraint("ticket_id", "department_id"),)

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id")
    department_id: str = Field(foreign_key="department.id", index=True)
    state: CoHandlerState = Field(default=CoHandlerState.ASKED, sa_type=text_enum(CoHandlerState))
    task: str = ""
    reply: str = ""
    asked_at: datetime = Field(sa_type=UtcDateTime)
    signed_by: str = ""
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    replied_by: str = ""
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(TicketCoHandler, "task", "reply")


class CoTask(BaseModel, extra="forbid"):
    """Department that is asked to help, and its task."""

    department_id: Id
    task: Lines = InputField(default="", max_length=1000)


class CoHandlerView(BaseModel, from_attributes=True):
    """Co-handler as shown."""

    department_id: str
    state: CoHandlerState
    task: PersonalText
    reply: PersonalText
    asked_at: datetime
    signed_by: str
    signed_at: datetime | None
    replied_by: str
    replied_at: datetime | None
