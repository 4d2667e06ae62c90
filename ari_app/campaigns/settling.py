"""What a settled survey does to its ticket (H8, H10), safe to repeat."""

from dataclasses import dataclass

import structlog

from crm.tickets.errors import NotAllowedNow
from crm.tickets.model import SYSTEM, Channel, FileTicket, Reporter, TicketKind
from crm.tickets.service import TicketService

SPOKEN = "见录音"
"""What stands for the text of what was only spoken."""
SUBJECT_LENGTH = 200

log = structlog.get_logger()


@dataclass(frozen=True)
class Suggestion:
    """What a customer suggested when asked (H10)."""

    key: str
    """The same however often it is told: it becomes one ticket."""
    ticket_id: str
    """What the customer was asked about."""
    customer_id: str | None
    number: str | None
    call_id: str | None
    text: str = ""
    """As an agent took it down; empty where it was only spoken."""
    recording_id: str | None = None


class SurveyedTicketsByRule:
    """Archives, sends back, or asks a supervisor; a ticket that moved on in the meantime is left as it is."""

    def __init__(self, tickets: TicketService) -> None:
        self._tickets = tickets

    async def confirmed(self, ticket_id: str, grounds: str) -> None:
        """Archive it: the customer confirmed (H19)."""
        try:
            await self._tickets.archive(ticket_id, grounds, SYSTEM)
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def not_solved(self, ticket_id: str, reason: str, recording_id: str | None) -> None:
        """Back to its department as redo, with the recording of what the customer said."""
        try:
            await self._tickets.redo(ticket_id, reason, recording_id)
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def for_supervisor(self, ticket_id: str, reason: str) -> None:
        """A supervisor decides."""
        try:
            await self._tickets.escalate(ticket_id, reason)
        except NotAllowedNow as refusal:
            log.info("survey_not_applied", ticket_id=ticket_id, why=refusal.detail)

    async def suggested(self, suggestion: Suggestion) -> None:
        """What the customer suggested becomes a ticket of its own (H10)."""
        about = await self._tickets.get(suggestion.ticket_id)
        given = FileTicket(
            kind=TicketKind.SUGGESTION,
            channel=Channel.SURVEY,
            subject=f"回访建议：{about.subject}"[:SUBJECT_LENGTH],
            description=f"工单 {about.number} 回访：{suggestion.text or SPOKEN}",
            reporter=Reporter(customer_id=suggestion.customer_id, number=suggestion.number),
            call_id=suggestion.call_id,
        )
        filed = await self._tickets.file(given, SYSTEM, f"suggestion:{suggestion.key}")
        if suggestion.recording_id is not None:
            await self._tickets.attach(filed.id, suggestion.recording_id, "survey suggestion")
