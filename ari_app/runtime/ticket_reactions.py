"""Reactions to ticket changes that concern several packages: surveys, recordings, call records."""

from contextlib import suppress
from typing import Any

from ari_app.campaigns.service import ASKED, CampaignService
from crm.history.service import HistoryService
from crm.tickets.errors import NotAllowedNow
from crm.tickets.service import TicketService
from recordings.service import RecordingService


class TicketReactions:
    """Outbox handlers. Each may be called again with the same entry, and then changes nothing."""

    def __init__(
        self, tickets: TicketService, campaigns: CampaignService, recordings: RecordingService, history: HistoryService
    ) -> None:
        self._tickets = tickets
        self._campaigns = campaigns
        self._recordings = recordings
        self._history = history

    async def ask_customers(self, payload: dict[str, Any]) -> None:
        """Plan the surveys after a department's reply (H8)."""
        await self._campaigns.plan_surveys(payload)
        await self._await_survey(payload)

    async def ask_again(self, payload: dict[str, Any]) -> None:
        """Plan surveys of reporters who came or left by a merge or its reversal (H8)."""
        if payload["status"] in ASKED:
            await self._campaigns.plan_again(payload)
            await self._await_survey(payload)

    async def link_call(self, payload: dict[str, Any]) -> None:
        """Link the recordings and the record of a call to the ticket that was created in it."""
        call_id = payload.get("call_id")
        if call_id is not None:
            await self._recordings.link(call_id, ticket_id=payload["ticket_id"])
            await self._history.link_ticket(call_id, payload["ticket_id"])

    async def _await_survey(self, payload: dict[str, Any]) -> None:
        """Move the ticket to its survey state where at least one reporter can be called."""
        if any(reporter["number"] for reporter in payload["reporters"]):
            with suppress(NotAllowedNow):
                await self._tickets.survey(payload["ticket_id"])
