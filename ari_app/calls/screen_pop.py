"""Screen pops: gathered while the caller waits, completed for the agent."""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from ari_app.calls.call_services import AgentDirectory, AgentPhone, PopMaker
from ari_app.calls.model import CallState
from ari_app.calls.wording import AgentWording
from ari_app.desk.pop import (
    CallerNumber,
    CustomerCard,
    HistoryView,
    Pop,
    PopCall,
    PopCallBack,
    PopNotice,
    PopSimilar,
    PopTicket,
    SpokenWording,
)
from crm.area_notices.model import AreaNoticeView
from crm.area_notices.store import in_force
from crm.customers.model import ChoiceView, CustomerView
from crm.customers.phone import describe
from crm.customers.service import CustomerService
from crm.history.model import DAYS, History, HistoryTicket
from crm.history.service import HistoryService
from crm.tickets.model import CLOSED
from crm.tickets.similar import SimilarQuery, SimilarTicket, find
from crm.tickets.views import TicketView
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.ids import new_id
from ivr.variables import read

GATHERING_S = 2.0
"""Longest time for the look-up: a caller must not wait for a slow database (F23, F25)."""

log = structlog.get_logger()


class CallerFacts:
    """Facts about a caller, as desks show them."""

    def __init__(self, number: CallerNumber | None = None) -> None:
        self.number = number
        self.customers: list[CustomerCard] = []
        self.customer_id: str | None = None
        self.history: HistoryView | None = None
        self.open_tickets: list[PopTicket] = []
        self.similar: list[PopSimilar] = []
        self.arrears: SpokenWording | None = None
        self.notices: list[PopNotice] = []


class PopService:
    """Gathers facts and words the greeting (H9) and the arrears reminder (H5)."""

    def __init__(
        self,
        database: Database,
        customers: CustomerService,
        history: HistoryService,
        wording: AgentWording,
        agents: AgentDirectory | None = None,
    ) -> None:
        self._agents = agents
        self._database = database
        self._customers = customers
        self._history = history
        self._wording = wording

    async def prepare(self, state: CallState) -> PopMaker:
        """Look the caller's facts up, once.

        Without the database the desk shows the number, the keys and the greeting.
        """
        try:
            async with asyncio.timeout(GATHERING_S):
                facts = await self._gather(state)
        except Exception:
            log.exception("pop_without_history")
            facts = CallerFacts(await self._number(state))
        return lambda now, phone, waited_ms: self._pop(facts, now, phone, waited_ms)

    async def _gather(self, state: CallState) -> CallerFacts:
        customers, choice = await self._candidates(state)
        customer = customers[0] if len(customers) == 1 else None
        # The origin of the number takes half a millisecond: meanwhile the database works.
        (history, (similar, notices)), number = await asyncio.gather(
            self._database.look_up_both(self._past(state, customer), self._around(state, customer, customers)),
            self._number(state),
        )
        facts = CallerFacts(number)
        facts.customers = [_card(customer, choice, self._agent_name(customer.agent_id)) for customer in customers]
        if customer is not None:
            facts.customer_id = customer.id
            facts.arrears = self._wording.arrears(customer.arrears_cents)
            facts.open_tickets = [_ticket(ticket) for ticket in history.tickets if ticket.status not in CLOSED]
        facts.history = _history(history)
        facts.notices = [_notice(notice) for notice in notices]
        known = {ticket.id for ticket in history.tickets}
        facts.similar = [_similar(found) for found in similar if found.ticket.id not in known]
        return facts

    def _agent_name(self, agent_id: str | None) -> str | None:
        phone = self._agents.phone(agent_id) if self._agents is not None and agent_id is not None else None
        return f"{phone.name} {phone.staff_number}" if phone is not None else None

    def _past(self, state: CallState, customer: CustomerView | None) -> Callable[[Connection], History]:
        if customer is not None:
            return self._history.past_of_customer(customer.id)
        return self._history.past_of_number(state.number or "")

    def _alike(self, state: CallState, customer: CustomerView | None) -> Callable[[Connection], list[SimilarTicket]]:
        query = SimilarQuery(number=state.number)
        if customer is not None:
            query = SimilarQuery(
                customer_id=customer.id, number=state.number, address=customer.address, area=customer.area
            )
        return lambda connection: find(connection, query)

    def _around(
        self, state: CallState, customer: CustomerView | None, candidates: Sequence[CustomerView]
    ) -> Callable[[Connection], tuple[list[SimilarTicket], list[AreaNoticeView]]]:
        """Look up what others reported, and what holds in the area."""
        alike, now = self._alike(state, customer), utc_now()
        areas = {candidate.area for candidate in candidates}
        return lambda connection: (alike(connection), in_force(connection, areas, now))

    async def _candidates(self, state: CallState) -> tuple[Sequence[CustomerView], ChoiceView | None]:
        if state.customer_id is not None:
            return [await self._customers.get(state.customer_id)], None
        if state.cursor is not None and read(state.cursor.variables, "customer.matches") == 0:
            return [], None  # the flow has looked the number up
        found = await self._customers.identify(state.number)
        return found.customers, found.choice

    async def _number(self, state: CallState) -> CallerNumber | None:
        if state.number is None:
            return None
        zh, en = [str(describe(state.number, language)) for language in ("zh", "en")]
        return CallerNumber(display=state.number, origin=SpokenWording(zh, en) if zh or en else None)

    def _pop(self, facts: CallerFacts, state: CallState, phone: AgentPhone, waited_ms: int) -> Pop:
        return Pop(
            id=new_id("pop"),
            call_id=state.id,
            offered_at_ms=milliseconds(utc_now()),
            queue=state.queue or "",
            waited_ms=waited_ms,
            greeting=self._wording.greeting(phone.staff_number),
            number=facts.number,
            customers=facts.customers,
            customer_id=facts.customer_id,
            history=facts.history,
            open_tickets=facts.open_tickets,
            similar=facts.similar,
            keys=[pressed.keys for pressed in state.cursor.pressed] if state.cursor is not None else [],
            kind=state.kind,
            arrears=facts.arrears,
            notices=facts.notices,
            call_back=_call_back(state),
        )


def _call_back(state: CallState) -> PopCallBack | None:
    outgoing = state.outgoing
    if outgoing is None or outgoing.call_back_id is None:
        return None
    return PopCallBack(outgoing.asked_at_ms or state.started_at_ms, outgoing.window)


def _card(customer: CustomerView, choice: ChoiceView | None, own_agent: str | None) -> CustomerCard:
    is_chosen = choice is not None and choice.customer_id == customer.id
    return CustomerCard(
        id=customer.id,
        account_number=customer.account_number,
        name=customer.name,
        address=customer.address,
        area=customer.area,
        grade=customer.grade,
        arrears_cents=customer.arrears_cents,
        contract_active=customer.contract_active,
        missing=customer.missing,
        own_agent=own_agent,
        why=_why(choice) if is_chosen and choice is not None else None,
    )


def _why(choice: ChoiceView) -> SpokenWording:
    """Explain why a customer is proposed first among those with the number."""
    day = choice.at.date().isoformat()
    return SpokenWording(
        zh=f"{choice.staff_name} 于 {day} 选定，已连续 {choice.times} 次",
        en=f"chosen by {choice.staff_name} on {day}, {choice.times} time(s) in a row",
    )


def _history(history: History) -> HistoryView:
    calls = [
        PopCall(
            id=call.id,
            direction=call.direction,
            started_at_ms=milliseconds(call.started_at),
            outcome=call.outcome,
            queue=call.queue,
            talk_ms=call.talk_ms or 0,
            ticket_id=call.ticket_id,
        )
        for call in history.calls
    ]
    return HistoryView(days=DAYS, tickets=[_ticket(ticket) for ticket in history.tickets], calls=calls)


def _ticket(ticket: HistoryTicket | TicketView) -> PopTicket:
    return PopTicket(
        id=ticket.id,
        number=ticket.number,
        kind=ticket.kind,
        status=ticket.status,
        subject=ticket.subject,
        registered_at_ms=milliseconds(ticket.registered_at),
        urge_count=ticket.urge_count,
        joined=isinstance(ticket, HistoryTicket) and ticket.joined_at is not None,
    )


def _notice(notice: AreaNoticeView) -> PopNotice:
    return PopNotice(
        id=notice.id,
        area=notice.area,
        text=SpokenWording(notice.zh, notice.en or notice.zh),
        ends_at_ms=milliseconds(notice.ends_at),
    )


def _similar(found: SimilarTicket) -> PopSimilar:
    return PopSimilar(
        ticket=_ticket(found.ticket),
        score=found.score,
        why=[SpokenWording(reason.zh, reason.en) for reason in found.why],
    )
