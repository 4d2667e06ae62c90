"""Rules of campaigns, leased attempts, effects of surveys on tickets."""

from dataclasses import dataclass
from typing import Protocol

from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import SurveyAnswers
from ari_app.campaigns.settling import Suggestion


@dataclass(frozen=True)
class CampaignRules:
    """Rules for placing callbacks."""

    delay_s: float
    attempts: int
    retry_s: float
    parallel: int
    hours: CallingHours


@dataclass(frozen=True)
class Dialling:
    """One leased attempt: everything the call needs."""

    attempt_id: str
    call_id: str
    contact_id: str
    ticket_id: str
    customer_id: str | None
    number: str
    flow: str
    language: str


class SurveyedTickets(Protocol):
    """Effects of a survey on its ticket."""

    async def confirmed(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        """Archive the ticket: the customer confirmed."""

    async def not_solved(self, ticket_id: str, answers: SurveyAnswers | None, recording_id: str | None) -> None:
        """Send the ticket back to its department as redo, with the answers."""

    async def for_supervisor(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        """Escalate the ticket; without answers the customer was not reached."""

    async def suggested(self, suggestion: Suggestion) -> None:
        """Create a suggestion ticket. Idempotent."""
