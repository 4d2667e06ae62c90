"""Entry points of conversations: flow, step and variables."""

import structlog

from ari_app.calls.model import CallState
from ari_app.campaigns.service import SURVEY_FLOW, CampaignService
from ari_app.campaigns.survey import prompts_for
from ari_app.desk.call_states import Direction
from callflows.calendar import ServiceCalendar
from callflows.numbers import UNKNOWN_NUMBER_FLOW, AccessNumbers
from crm.customers.service import CustomerService
from crm.tickets.service import TicketService
from ivr.cursor import Cursor
from ivr.grammar import Flow
from ivr.variables import JSON

log = structlog.get_logger()


class EntryPoints:
    """First cursors of calls: of the number dialled, and of the survey."""

    def __init__(
        self,
        flows: dict[str, Flow],
        numbers: AccessNumbers,
        calendar: ServiceCalendar,
        tickets: TicketService,
        customers: CustomerService,
        campaigns: CampaignService,
        hotline_number: str,
    ) -> None:
        self._flows = flows
        self._numbers = numbers
        self._calendar = calendar
        self._tickets = tickets
        self._customers = customers
        self._campaigns = campaigns
        self._hotline_number = hotline_number

    async def cursor(self, state: CallState) -> Cursor:
        """Return the first cursor of a call."""
        variables = self._variables(state)
        if state.outgoing is not None:
            # An agent made the call and sent the other party to a queue, as if that party had dialled.
            return self._at_start(self._dialled(state), {**variables, "customer": {"id": state.customer_id}})
        if state.direction is Direction.INBOUND:
            return self._at_start(self._dialled(state), variables)
        return await self._survey(state, variables)

    def of_flow(self, state: CallState, flow: str) -> Cursor:
        """Return the first cursor of a flow that an agent chose."""
        return self._at_start(flow, self._variables(state))

    def _variables(self, state: CallState) -> dict[str, object]:
        calendar = self._calendar.variables()
        call: dict[str, JSON] = {
            "id": state.id,
            "number": state.number,
            "access_number": state.access_number,
            "attempt_id": state.attempt_id,
            **calendar["call"],
        }
        return {**calendar, "call": call}

    def _dialled(self, state: CallState) -> str:
        flow = self._numbers.flow_of(state.access_number)
        if flow is None:
            log.warning("number_unknown", access_number=state.access_number, remedy="add it to numbers.yaml")
        return flow or UNKNOWN_NUMBER_FLOW

    async def _survey(self, state: CallState, given: dict[str, object]) -> Cursor:
        assert state.attempt_id is not None, "an outbound call carries out an attempt"
        assert state.ticket_id is not None, "a survey is about a ticket"
        await self._campaigns.answered(state.attempt_id)
        ticket = await self._tickets.get(state.ticket_id)
        customer = await self._customers.get(state.customer_id) if state.customer_id is not None else None
        variables = {
            **given,
            "customer": {"language": customer.language if customer is not None else "zh"},
            "survey": {
                "ticket_number": ticket.number,
                "subject": ticket.subject,
                "kind": ticket.kind,
                **prompts_for(ticket.kind),
                "remind_payment": customer is not None and customer.arrears_cents > 0,
                "hotline_number": self._hotline_number,
            },
        }
        return self._at_start(SURVEY_FLOW, variables)

    def _at_start(self, name: str, variables: dict[str, object]) -> Cursor:
        flow = self._flows[name]
        return Cursor(flow=name, step=flow.start, language=flow.languages[0], variables=variables)
