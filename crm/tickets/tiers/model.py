"""Table and view of steps up the tiers."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime, text_enum


class PassState(StrEnum):
    """State of a step up the tiers."""

    WAITING = "waiting"
    """The department below waits for the answer."""
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    """The ticket was dispatched elsewhere before an answer."""


class TicketPass(SQLModel, table=True):
    """Step of a ticket up the tiers; the last is answered first."""

    __tablename__ = "ticket_pass"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    version: int
    """Version of the ticket after the step: the order of the steps."""
    from_department_id: str = Field(foreign_key="department.id", index=True)
    from_person_id: str | None = Field(default=None, foreign_key="staff.id")
    """Person in the department below, who gets the answer."""
    to_department_id: str = Field(foreign_key="department.id")
    state: PassState = Field(default=PassState.WAITING, sa_type=text_enum(PassState))
    reason: str
    passed_by: str
    passed_at: datetime = Field(sa_type=UtcDateTime)
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


personal(TicketPass, "reason", "answer")


class PassView(BaseModel, from_attributes=True):
    """Step up as shown."""

    from_department_id: str
    to_department_id: str
    state: PassState
    reason: PersonalText
    passed_by: str
    passed_at: datetime
    answer: PersonalText
    answered_by: str
    answered_at: datetime | None
