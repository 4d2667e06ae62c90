"""How a ticket was passed up, and what came back."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime, text_enum


class PassState(StrEnum):
    """What became of a ticket that was passed up."""

    WAITING = "waiting"
    """The department below waits for the answer."""
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    """The ticket went elsewhere in the meantime."""


class TicketPass(SQLModel, table=True):
    """One step up. Several may wait for each other, the last one is answered first."""

    __tablename__ = "ticket_pass"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    version: int
    """The ticket's version that the step made: the order of the steps."""
    from_department_id: str = Field(foreign_key="department.id", index=True)
    from_person_id: str | None = Field(default=None, foreign_key="staff.id")
    """To whom in it the ticket was dispatched, so that the answer comes back to them."""
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
    """A step up as shown."""

    from_department_id: str
    to_department_id: str
    state: PassState
    reason: PersonalText
    passed_by: str
    passed_at: datetime
    answer: PersonalText
    answered_by: str
    answered_at: datetime | None
