"""Callback surveys: planned when a department replies, dialled within hours, settled when everybody was asked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.campaigns import store
from ari_app.campaigns.errors import NoSuchContact, WrongState
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import (
    FINAL,
    AnswersInput,
    AnswersView,
    Attempt,
    AttemptOutcome,
    Contact,
    ContactState,
    ContactView,
    SurveyAnswers,
    SurveyVerdict,
)
from ari_app.campaigns.settling import Suggestion
from ari_app.campaigns.survey import read_answers, together, verdict
from crm.events import SuggestionMade, SurveyFinished, TicketChanged
from crm.outbox.service import enqueue
from crm.privacy.errors import MustBeKept
from crm.tickets.model import CLOSED, TicketStatus
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal
from foundation.signals import Signal

SURVEY_FLOW = "survey"
RING_LEASE = timedelta(seconds=90)
"""Longer than any ringing: a lease that runs out means that its node died."""
TALK_LEASE = timedelta(minutes=20)
ATTEMPTS_PER_DAY = 5
"""No number is dialled more often in 24 hours, over all campaigns (S23)."""

ASKED = frozenset({TicketStatus.REPLIED, TicketStatus.SURVEY})
"""Where a ticket waits for what its customers say."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CampaignRules:
    """How callbacks are placed."""

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
    """What settling a survey does to a ticket."""

    async def confirmed(self, ticket_id: str, grounds: str) -> None:
        """Archive it: the customer confirmed."""

    async def not_solved(self, ticket_id: str, reason: str, recording_id: str | None) -> None:
        """Send it back to its department as redo, with what the customer said."""

    async def for_supervisor(self, ticket_id: str, reason: str) -> None:
        """Tell a supervisor; the ticket waits for a decision."""

    async def suggested(self, suggestion: Suggestion) -> None:
        """File what the customer suggested; told twice, once."""


class CampaignService:
    """Plans, leases and settles survey contacts."""

    def __init__(
        self,
        database: Database,
        rules: CampaignRules,
        tickets: SurveyedTickets,
        recording_of: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self.rules = rules
        self._database = database
        self._tickets = tickets
        self._recording_of = recording_of
        """The recording of a call, by its id."""
        self.attempts_planned = Signal[[]]()
        """Attempts were planned or became due earlier."""
        self.outbox_written = Signal[[]]()
        """A commit wrote to the outbox."""

    async def plan_surveys(self, event: TicketChanged) -> None:
        """Plan a callback to every reporter with a number. Idempotent."""
        now = utc_now()
        first = self.rules.hours.next_allowed(now + timedelta(seconds=self.rules.delay_s))
        rows = [
            {
                "id": new_id("contact"),
                "flow": SURVEY_FLOW,
                "ticket_id": event.ticket_id,
                "customer_id": reporter.customer_id,
                "number": reporter.number,
                "name": reporter.name,
                "language": "zh",
                "round": event.redo_count,
                "state": ContactState.PLANNED,
                "attempts": 0,
                "next_at": first,
                "created_at": now,
            }
            for reporter in event.reporters
            if reporter.number
        ]
        if not rows:
            log.warning("survey_without_number", ticket_id=event.ticket_id)
            return
        dialect = sqlite if self._database.is_sqlite else postgresql
        async with self._database.write() as session:
            await session.exec(dialect.insert(Contact).values(rows).on_conflict_do_nothing())
        self.attempts_planned.announce()

    async def plan_again(self, event: TicketChanged) -> None:
        """Plan callbacks to reporters who joined a ticket by a merge, or left one."""
        await self.plan_surveys(event)
        numbers, round_ = {reporter.number for reporter in event.reporters}, event.redo_count
        async with self._database.write() as session:
            for contact in await store.of_ticket(session, event.ticket_id, round_):
                if contact.state is ContactState.CANCELLED and contact.number in numbers:
                    store.move(contact, ContactState.PLANNED)
            # Everybody may have been asked by now.
            _tell_over(session, event.ticket_id, round_)
        self.attempts_planned.announce()
        self.outbox_written.announce()

    async def withdraw_strangers(self, event: TicketChanged) -> None:
        """Cancel callbacks about a ticket to persons who reported only the one taken out of it."""
        numbers, ticket_id = {reporter.number for reporter in event.reporters}, event.ticket_id
        async with self._database.write() as session:
            gone = [found for found in await store.planned(session, ticket_id) if found.number not in numbers]
            for contact in gone:
                store.move(contact, ContactState.CANCELLED)
            if gone and event.status in ASKED:
                _tell_over(session, ticket_id, event.redo_count)
        self.outbox_written.announce()

    async def withdraw_surveys(self, event: TicketChanged) -> None:
        """Cancel callbacks about a reply that does not count any more."""
        over = event.status in CLOSED
        async with self._database.write() as session:
            for contact in await store.planned(session, event.ticket_id):
                if over or contact.round < event.redo_count:
                    store.move(contact, ContactState.CANCELLED)

    async def forget(self, session: AsyncSession, customer_id: str) -> None:
        """Nobody calls a customer back any more whose data are about to be erased.

        Raises:
            MustBeKept: the customer is being called at this moment.
        """
        for contact in await store.unfinished(session, customer_id):
            if contact.state is not ContactState.PLANNED:
                raise MustBeKept("the customer is being called back right now: try again once that is over")
            _end(session, contact, ContactState.CANCELLED)

    async def lease(self, limit: int) -> list[Dialling]:
        """Take up to `limit` contacts that are due; each has its attempt stored before anything rings (F30)."""
        now, is_over = utc_now(), False
        async with self._database.write() as session:
            taken = []
            for contact in await store.due(session, now, limit):
                if contact.state != ContactState.PLANNED:
                    is_over |= await self._give_back(session, contact)
                elif not self.rules.hours.allowed(now):
                    contact.next_at = self.rules.hours.next_allowed(now)
                elif await store.attempts_today(session, contact.number, now) >= ATTEMPTS_PER_DAY:
                    contact.next_at = self.rules.hours.next_allowed(now + timedelta(days=1))
                else:
                    taken.append(_take(session, contact, now))
        if is_over:
            self.outbox_written.announce()
        return taken

    async def next_due(self) -> datetime | None:
        """When the dialler must look again."""
        async with self._database.read() as session:
            return await store.next_due(session)

    async def answered(self, attempt_id: str) -> None:
        """Somebody picked up; said twice by who does not know whether it was said."""
        async with self._database.write() as session:
            contact = await self._contact_of(session, attempt_id)
            if contact.state is not ContactState.ANSWERED:
                store.move(contact, ContactState.ANSWERED)
            contact.lease_until = utc_now() + TALK_LEASE

    async def store_answers(self, attempt_id: str, given: Mapping[str, Any]) -> None:
        """Keep the answers as they stand; called again with more of them, it replaces them."""
        async with self._database.write() as session:
            attempt = await session.get_one(Attempt, attempt_id)
            contact = await session.get_one(Contact, attempt.contact_id)
            answers = SurveyAnswers(
                contact_id=contact.id,
                ticket_id=contact.ticket_id,
                call_id=attempt.call_id,
                at=utc_now(),
                **read_answers(given),
            )
            await session.merge(answers)

    async def asked_by_agent(self, contact_id: str, given: AnswersInput, by: Principal) -> AnswersView:
        """An agent asked instead of the machine, which does not call any more; the answers count the same (H10).

        Raises:
            NoSuchContact: nobody is to be asked under this id.
            WrongState: the customer is being called, was asked before, or is not asked any more.
        """
        async with self._database.write() as session:
            contact = await session.get(Contact, contact_id, with_for_update=True)
            if contact is None:
                raise NoSuchContact(f"there is no contact {contact_id}")
            if contact.state is not ContactState.PLANNED:
                raise WrongState(f"contact {contact_id} is {contact.state}: only who waits to be called can be asked")
            _end(session, contact, ContactState.DONE)
            answers = SurveyAnswers(
                contact_id=contact_id,
                ticket_id=contact.ticket_id,
                staff_id=by.staff_id,
                at=utc_now(),
                **given.model_dump(exclude={"suggestion"}),
            )
            if given.suggestion:
                enqueue(session, _suggested(contact, given))
            # What was said to the machine before the customer hung up gives way.
            answers = await session.merge(answers)
            view = AnswersView.model_validate(answers, from_attributes=True)
        self.outbox_written.announce()
        return view

    async def finished(self, attempt_id: str, outcome: AttemptOutcome, call_again_at: datetime | None = None) -> None:
        """An attempt is over: so is the contact, or the next attempt is planned."""
        async with self._database.write() as session:
            attempt = await session.get_one(Attempt, attempt_id)
            if attempt.outcome is not None:
                return
            attempt.outcome, attempt.ended_at = outcome, utc_now()
            contact = await store.contact(session, attempt.contact_id)
            if outcome is AttemptOutcome.COMPLETED:
                _end(session, contact, ContactState.DONE)
            elif contact.attempts >= self.rules.attempts and call_again_at is None:
                _end(session, contact, ContactState.EXHAUSTED)
            else:
                again = call_again_at or utc_now() + timedelta(seconds=self.rules.retry_s)
                store.move(contact, ContactState.PLANNED)
                contact.next_at = self.rules.hours.next_allowed(again)
            contact.lease_until = None
        self.attempts_planned.announce()
        self.outbox_written.announce()

    async def settle(self, event: SurveyFinished) -> None:
        """Carry out what the answers mean. One "not solved" is enough; anything else waits until all were asked.

        Safe to repeat: what was already carried out is refused by the ticket's own state.
        """
        ticket_id, round_ = event.ticket_id, event.round
        async with self._database.write() as session:
            contacts = await store.of_ticket(session, ticket_id, round_)
            answers = await store.answers_of(session, [contact.id for contact in contacts])
            done = {contact.id for contact in contacts if contact.state is ContactState.DONE}
            by_verdict = {verdict(answer): answer for answer in answers if answer.contact_id in done}
            decided = together(found for found in by_verdict if found is not None)
            if decided is SurveyVerdict.REDO:
                for contact in contacts:
                    if contact.state is ContactState.PLANNED:
                        store.move(contact, ContactState.CANCELLED)
            elif any(contact.state not in FINAL for contact in contacts):
                return
        await self._carry_out(ticket_id, decided, by_verdict.get(decided))

    async def suggested(self, event: SuggestionMade) -> None:
        """Create a ticket of a suggestion, with the recording of the call where it is known (H10)."""
        recording_id = await self._recording_of(event.call_id) if event.call_id is not None else None
        suggestion = Suggestion(
            key=event.contact_id,
            ticket_id=event.ticket_id,
            customer_id=event.customer_id,
            number=event.number,
            call_id=event.call_id,
            text=event.text,
            recording_id=recording_id,
        )
        await self._tickets.suggested(suggestion)

    async def of_ticket(self, ticket_id: str) -> tuple[list[ContactView], list[AnswersView]]:
        """Everybody asked about a ticket, and what they said."""
        async with self._database.read() as session:
            contacts = (await session.exec(select(Contact).where(Contact.ticket_id == ticket_id))).all()
            answers = await store.answers_of(session, [contact.id for contact in contacts])
        return (
            [ContactView.model_validate(contact, from_attributes=True) for contact in contacts],
            [AnswersView.model_validate(answer, from_attributes=True) for answer in answers],
        )

    async def _carry_out(self, ticket_id: str, decided: SurveyVerdict, answers: SurveyAnswers | None) -> None:
        call_id = answers.call_id if answers is not None else None
        recording_id = await self._recording_of(call_id) if call_id is not None else None
        match decided:
            case SurveyVerdict.REDO:
                await self._tickets.not_solved(ticket_id, "callback survey: not solved", recording_id)
            case SurveyVerdict.CONFIRMED:
                await self._tickets.confirmed(ticket_id, "callback survey: solved and satisfied")
            case SurveyVerdict.SUPERVISOR:
                await self._tickets.for_supervisor(ticket_id, "callback survey: dissatisfied or charged")
            case SurveyVerdict.UNREACHED:
                await self._tickets.for_supervisor(ticket_id, "callback survey: nobody was reached")

    async def _contact_of(self, session: AsyncSession, attempt_id: str) -> Contact:
        attempt = await session.get_one(Attempt, attempt_id)
        return await store.contact(session, attempt.contact_id)

    async def _give_back(self, session: AsyncSession, contact: Contact) -> bool:
        """A lease that ran out: the attempt counts, the retry gap runs from when it rang; whether it was the last."""
        attempt = await session.get(Attempt, contact.attempt_id)
        if attempt is not None and attempt.outcome is None:
            attempt.outcome, attempt.ended_at = AttemptOutcome.FAILED, utc_now()
        is_over = contact.attempts >= self.rules.attempts
        if is_over:
            _end(session, contact, ContactState.EXHAUSTED)
        else:
            store.move(contact, ContactState.PLANNED)
            rang_at = attempt.started_at if attempt is not None else utc_now()
            contact.next_at = self.rules.hours.next_allowed(rang_at + timedelta(seconds=self.rules.retry_s))
        contact.lease_until = None
        return is_over


def _end(session: AsyncSession, contact: Contact, state: ContactState) -> None:
    """A contact is over. What that means for the ticket is carried out from the outbox, even if this process dies."""
    store.move(contact, state)
    _tell_over(session, contact.ticket_id, contact.round)


def _tell_over(session: AsyncSession, ticket_id: str, round_: int) -> None:
    enqueue(session, SurveyFinished(ticket_id=ticket_id, round=round_))


def _suggested(contact: Contact, given: AnswersInput) -> SuggestionMade:
    return SuggestionMade(
        contact_id=contact.id,
        ticket_id=contact.ticket_id,
        customer_id=contact.customer_id,
        number=contact.number,
        call_id=given.call_id,
        text=given.suggestion,
    )


def _take(session: AsyncSession, contact: Contact, now: datetime) -> Dialling:
    store.move(contact, ContactState.DIALLING)
    contact.attempts += 1
    contact.lease_until = now + RING_LEASE
    attempt = Attempt(
        id=new_id("attempt"), contact_id=contact.id, call_id=new_id("call"), number=contact.number, started_at=now
    )
    contact.attempt_id = attempt.id
    session.add(attempt)
    return Dialling(
        attempt_id=attempt.id,
        call_id=attempt.call_id,
        contact_id=contact.id,
        ticket_id=contact.ticket_id,
        customer_id=contact.customer_id,
        number=contact.number,
        flow=contact.flow,
        language=contact.language,
    )
