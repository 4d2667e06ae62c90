"""What a settled survey does to its ticket (H8, H10), safe to repeat."""

import structlog

from crm.tickets.errors import NotAllowedNow
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService

log = structlog.get_logger()


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
