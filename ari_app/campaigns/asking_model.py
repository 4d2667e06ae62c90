"""Callbacks that agents make: input and views."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, model_validator

from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import PersonalName, PersonalNumber, PersonalText
from foundation.clock import utc_now

LATEST_DAYS = 60


class ScriptPart(StrEnum):
    """Part of a survey's script (H10)."""

    OPENING = "opening"
    SOLVED = "solved"
    ATTITUDE = "attitude"
    CHARGED = "charged"
    SCORE = "score"
    SUGGESTION = "suggestion"
    REMIND_PAYMENT = "remind_payment"
    CLOSING = "closing"


class SurveysQuery(BaseModel, extra="forbid"):
    """Filters of surveys to be asked."""

    mine: bool = False
    """Only those that the asking person took."""


class SurveyToAsk(BaseModel):
    """Customer who is to be asked about finished work."""

    contact_id: str
    ticket_id: str
    ticket_number: str
    kind: TicketKind
    subject: PersonalText
    name: PersonalName
    number: PersonalNumber
    customer_id: str | None
    round: int
    attempts: int
    """Calls of the machine so far."""
    next_at: datetime
    """When the machine calls."""
    held_by: str | None
    """Staff id of the agent who calls instead."""
    held_by_name: str | None
    held_until: datetime | None


class ScriptLine(BaseModel):
    """Words of a survey's script, as the machine says them."""

    part: ScriptPart
    text: PersonalText


class SurveyScript(BaseModel):
    """Customer to be asked, and the words in the customer's language."""

    contact: SurveyToAsk
    language: str
    lines: list[ScriptLine]


class PostponeInput(BaseModel, extra="forbid"):
    """Time at which the customer is to be called instead."""

    until: Moment

    @model_validator(mode="after")
    def _within_sixty_days(self) -> "PostponeInput":
        if not utc_now() <= self.until <= utc_now() + timedelta(days=LATEST_DAYS):
            raise ValueError("until: must be within the next 60 days")
        return self
