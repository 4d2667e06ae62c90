"""Campaign contacts as explicit state machines, their attempts, and survey answers."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalName, PersonalNumber
from crm.personal_data.holdings import personal
from crm.text import Id, Lines
from foundation.database import UtcDateTime, text_enum


class ContactState(StrEnum):
    """State of one person's callback."""

    PLANNED = "planned"
    DIALLING = "dialling"
    """Leased by a node; the lease ends by itself if the node dies (F30)."""
    ANSWERED = "answered"
    """In conversation."""
    DONE = "done"
    """The survey was answered to its last necessary question."""
    EXHAUSTED = "exhausted"
    """Not reached in as many attempts as allowed."""
    CANCELLED = "cancelled"
    """No longer wanted: the ticket changed, or the number may not be called."""


TRANSITIONS: dict[ContactState, frozenset[ContactState]] = {
    # Done without being dialled: an agent asked, with the same script on the desk (H10).
    ContactState.PLANNED: frozenset({ContactState.DIALLING, ContactState.DONE, ContactState.CANCELLED}),
    ContactState.DIALLING: frozenset({ContactState.ANSWERED, ContactState.PLANNED, ContactState.EXHAUSTED}),
    ContactState.ANSWERED: frozenset({ContactState.DONE, ContactState.PLANNED, ContactState.EXHAUSTED}),
    ContactState.DONE: frozenset(),
    ContactState.EXHAUSTED: frozenset(),
    # A ticket that was merged is asked about again once it was taken out.
    ContactState.CANCELLED: frozenset({ContactState.PLANNED}),
}

FINAL = frozenset({ContactState.DONE, ContactState.EXHAUSTED, ContactState.CANCELLED})
"""States that end a contact."""


class AttemptOutcome(StrEnum):
    """Outcome of one dialling."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    """Answered, but hung up before the question everything depends on."""
    POSTPONED = "postponed"
    """Answered: not a good moment, call again at the time the customer chose."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


class Contact(SQLModel, table=True):
    """Person to call about a ticket, once per round of work."""

    __tablename__ = "campaign_contact"
    __table_args__ = (
        # A reporter is asked once for every time the work was reported done, however often the event is delivered.
        UniqueConstraint("ticket_id", "number", "round"),
        Index("ix_campaign_contact_due", "state", "next_at"),
    )

    id: str = Field(primary_key=True)
    flow: str
    ticket_id: str
    customer_id: str | None = None
    number: str
    name: str = ""
    language: str = "zh"
    round: int = 0
    state: ContactState = Field(default=ContactState.PLANNED, sa_type=text_enum(ContactState))
    attempts: int = 0
    next_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt_id: str | None = None
    held_by: str | None = None
    """Agent who calls instead of the machine."""
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


personal(Contact, "number", "name")


class Attempt(SQLModel, table=True):
    """One dialling of a contact."""

    __tablename__ = "campaign_attempt"

    id: str = Field(primary_key=True)
    contact_id: str = Field(foreign_key="campaign_contact.id", index=True)
    call_id: str
    number: str = Field(index=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: AttemptOutcome | None = Field(default=None, sa_type=text_enum(AttemptOutcome))


personal(Attempt, "number", through="contact_id")


class SurveyAnswers(SQLModel, table=True):
    """Answers to the callback survey (H10).

    None: not asked, or not answered.
    """

    __tablename__ = "survey_answers"

    contact_id: str = Field(primary_key=True, foreign_key="campaign_contact.id")
    ticket_id: str = Field(index=True)
    call_id: str | None = None
    """The call in which they were given, where it is known."""
    staff_id: str | None = None
    """The agent who asked; None: the machine did."""
    at: datetime = Field(sa_type=UtcDateTime)
    solved: bool | None = None
    attitude: str | None = None
    charged: bool | None = None
    score: int | None = None
    suggestion_recording_id: str | None = None


ANSWERS = SQLModel.metadata.tables[SurveyAnswers.__tablename__]
"""Table of answers, for reports that count them."""


class Attitude(StrEnum):
    """Attitude of the staff, or satisfaction with the answer."""

    SATISFIED = "satisfied"
    AVERAGE = "average"
    DISSATISFIED = "dissatisfied"


class AnswersInput(BaseModel, extra="forbid"):
    """Answers that an agent enters from the survey's script (H10)."""

    solved: bool
    attitude: Attitude | None = None
    charged: bool | None = None
    score: int | None = InputField(default=None, ge=1, le=10)
    suggestion: Lines = InputField(default="", max_length=2000)
    """Becomes a ticket of its own."""
    call_id: Id | None = None
    """The call in which it was said: its recording goes with a ticket that is sent back."""


class SurveyVerdict(StrEnum):
    """Effect of a survey's answers; several can hold at once."""

    CONFIRMED = "confirmed"
    """Solved, nothing wrong: archive."""
    SUPERVISOR = "supervisor"
    """Dissatisfied or charged: a supervisor looks at it, whatever else follows."""
    REDO = "redo"
    """Not solved: back to the department."""


class ContactView(BaseModel):
    """A contact as the API shows it."""

    id: str
    ticket_id: str
    number: PersonalNumber
    name: PersonalName
    round: int
    state: ContactState
    attempts: int
    next_at: datetime


class AnswersView(BaseModel):
    """A survey's answers as the API shows them."""

    contact_id: str
    ticket_id: str
    call_id: str | None
    staff_id: str | None
    asked_by: str = ""
    """Name of the agent who asked; empty: the machine did."""
    at: datetime
    solved: bool | None
    attitude: str | None
    charged: bool | None
    score: int | None
    suggestion_recording_id: str | None
