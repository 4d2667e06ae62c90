"""Tickets of messages that callers left instead of waiting for an agent."""

from contextlib import suppress

import structlog

from ari_app.calls.model import CallState
from crm.customers.errors import CustomerNotFound
from crm.customers.model import CustomerView
from crm.customers.service import CustomerService
from crm.kinds import TicketKind
from crm.tickets.inputs import FileTicket, Reporter
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from foundation.database import out_of_reach
from ivr.prompts import PromptCatalogue

SUBJECT, DESCRIPTION = "message_subject", "message_description"
LANGUAGE = "zh"
"""The language of tickets."""
_KINDS = {kind.value: kind for kind in TicketKind}

log = structlog.get_logger()


class VoiceMessages:
    """Files one ticket for all messages of a call. Idempotent."""

    def __init__(self, tickets: TicketService, customers: CustomerService, catalogue: PromptCatalogue) -> None:
        self._tickets = tickets
        self._customers = customers
        self._catalogue = catalogue

    async def file(self, state: CallState) -> None:
        """File the ticket of a call that has ended.

        Raises:
            SQLAlchemyError: the database is out of reach.
        """
        try:
            await self._file(state)
        except Exception as error:
            if out_of_reach(error):
                raise
            log.exception("message_not_filed", call_id=state.id, recordings=state.message_ids)

    async def _file(self, state: CallState) -> None:
        customer = await self._customer(state.customer_id)
        given = FileTicket(
            kind=_KINDS.get(state.kind or "", TicketKind.CONSULTATION),
            subject=self._text(SUBJECT),
            description=self._text(DESCRIPTION),
            address=customer.address if customer is not None else "",
            area=customer.area if customer is not None else "",
            reporter=Reporter(
                customer_id=state.customer_id,
                number=state.number,
                name=customer.name if customer is not None else "",
            ),
            call_id=state.id,
        )
        filed = await self._tickets.file(given, SYSTEM, f"message:{state.id}")
        for recording_id in state.message_ids:
            await self._tickets.attach(filed.id, recording_id, self._text(SUBJECT))
        log.info("message_filed", call_id=state.id, ticket_number=filed.number)

    async def _customer(self, customer_id: str | None) -> CustomerView | None:
        if customer_id is None:
            return None
        with suppress(CustomerNotFound):
            return await self._customers.get(customer_id)
        return None

    def _text(self, name: str) -> str:
        return self._catalogue.text(name, LANGUAGE, {}) or name
