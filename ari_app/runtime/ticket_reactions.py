"""Reactions to ticket changes that concern several packages: surveys, recordings, call records."""

from contextlib import suppress

import structlog

from ari_app.campaigns.service import ASKED, CampaignService
from crm.events import TicketChanged
from crm.history.service import HistoryService
from crm.tickets.errors import NotAllowedNow
from crm.tickets.service import TicketService
from foundation.signals import AsyncSignal, Signal
from recordings.service import RecordingService

log = structlog.get_logger()


class TicketReactions:
    """Outbox handlers; a repeated event changes nothing."""

    def __init__(
        self, tickets: TicketService, campaigns: CampaignService, recordings: RecordingService, history: HistoryService
    ) -> None:
        self._tickets = tickets
        self._campaigns = campaigns
        self._recordings = recordings
        self._history = history
        self.call_linked: AsyncSignal[str, str] = AsyncSignal()
        """Announces a call's id and the id of a ticket filed in it."""
        self.ticket_changed = Signal[[TicketChanged]]()
        """Announced once or more for each change of a ticket."""

    async def ask_customers(self, event: TicketChanged) -> None:
        """Plan the surveys after a department's reply (H8)."""
        await self._campaigns.plan_surveys(event)
        await self._await_survey(event)

    async def ask_again(self, event: TicketChanged) -> None:
        """Plan surveys of reporters who changed by a merge (H8)."""
        if event.status in ASKED:
            await self._campaigns.plan_again(event)
            await self._await_survey(event)

    async def link_call(self, event: TicketChanged) -> None:
        """Link recordings and record of a call to its ticket."""
        if event.call_id is not None:
            await self._recordings.link(event.call_id, ticket_id=event.ticket_id)
            await self._history.link_ticket(event.call_id, event.ticket_id)
            await self.call_linked.announce(event.call_id, event.ticket_id)

    async def tell_of_change(self, event: TicketChanged) -> None:
        """Write one log line about a change, and tell the desks."""
        log.info(
            "ticket_changed",
            ticket_id=event.ticket_id,
            ticket_number=event.number,
            action=event.action,
            status=event.status,
            call_id=event.call_id,
        )
        self.ticket_changed.announce(event)

    async def _await_survey(self, event: TicketChanged) -> None:
        """Await the survey where a reporter has a number."""
        if any(reporter.number for reporter in event.reporters):
            with suppress(NotAllowedNow):
                await self._tickets.survey(event.ticket_id)
