"""Effects of a settled survey on its ticket (H8, H10)."""

from dataclasses import dataclass

import structlog

from ari_app.campaigns.model import SurveyAnswers
from ari_app.campaigns.survey import given_answers
from ari_app.campaigns.wording import SurveyWording
from crm.kinds import TicketKind
from crm.tickets import store
from crm.tickets.errors import NotAllowedNow
from crm.tickets.inputs import FileTicket, Reporter
from crm.tickets.model import SYSTEM, Actor, ActorKind, Channel
from crm.tickets.service import TicketService

SUBJECT_LENGTH = 200

log = structlog.get_logger()


@dataclass(frozen=True)
class Suggestion:
    """Suggestion of a customer who was called back (H10)."""

    key: str
    """The same on every delivery: it becomes one ticket."""
    ticket_id: str
    """The ticket of the survey."""
    customer_id: str | None
    number: str | None
    call_id: str | None
    text: str = ""
    """As an agent wrote it down; empty where it was only spoken."""
    recording_id: str | None = None


class SurveyedTicketsByRule:
    """Rules for archiving, redo and escalation. Safe to repeat.

    A ticket that moved on meanwhile stays as it is.
    """

    def __init__(self, tickets: TicketService, wording: SurveyWording) -> None:
        self._tickets = tickets
        self._wording = wording

    async def confirmed(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        """Archive the ticket: the customer confirmed (H19)."""
        try:
            asker, reason = await self._asker(answers), self._wording.result(answers)
            await self._tickets.archive(ticket_id, reason, asker, answers=given_answers(answers))
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def not_solved(self, ticket_id: str, answers: SurveyAnswers | None, recording_id: str | None) -> None:
        """Send the ticket back as redo, with the answers and their recording."""
        try:
            asker, reason = await self._asker(answers), self._wording.result(answers)
            await self._tickets.redo(ticket_id, reason, recording_id, asker, answers=given_answers(answers))
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def for_supervisor(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        """Escalate the ticket, unless it is already."""
        if (await self._tickets.get(ticket_id)).escalated:
            return
        try:
            asker, reason = await self._asker(answers), self._wording.result(answers)
            await self._tickets.escalate(ticket_id, reason, asker, answers=given_answers(answers))
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def _asker(self, answers: SurveyAnswers | None) -> Actor:
        """Return the actor: the system, with the agent who asked (H6).

        The rules act, whatever the agent's role.
        """
        if answers is None or answers.staff_id is None:
            return SYSTEM
        async with self._tickets.database.read() as session:
            names = await store.names_of_people(session, [answers.staff_id])
        return Actor(kind=ActorKind.SYSTEM, id=answers.staff_id, name=names.get(answers.staff_id, SYSTEM.name))

    async def suggested(self, suggestion: Suggestion) -> None:
        """Create a suggestion ticket (H10). Idempotent by the suggestion's key."""
        about = await self._tickets.get(suggestion.ticket_id)
        given = FileTicket(
            kind=TicketKind.SUGGESTION,
            channel=Channel.SURVEY,
            subject=self._wording.suggestion_subject(about.subject)[:SUBJECT_LENGTH],
            description=self._wording.suggestion_text(about.number, suggestion.text),
            reporter=Reporter(customer_id=suggestion.customer_id, number=suggestion.number),
            call_id=suggestion.call_id,
        )
        filed = await self._tickets.file(given, SYSTEM, f"suggestion:{suggestion.key}")
        if suggestion.recording_id is not None:
            await self._tickets.attach(filed.id, suggestion.recording_id, self._wording.suggestion_note())
