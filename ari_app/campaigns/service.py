"""Callback surveys: planned on reply, dialled within hours, settled together."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.campaigns import store
from ari_app.campaigns.errors import HeldByAnother, NoSuchContact, WrongState
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
from ari_app.campaigns.rules import CampaignRules, Dialling, SurveyedTickets
from ari_app.campaigns.settling import Suggestion
from ari_app.campaigns.survey import read_answers, verdicts
from crm.customers import store as customers_store
from crm.events import SuggestionMade, SurveyFinished, TicketChanged
from crm.outbox.service import enqueue
from crm.privacy.errors import MustBeKept
from crm.tickets.model import CLOSED, TicketStatus
from crm.tickets.store import names_of_people
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

BETWEEN_MATTERS = timedelta(seconds=60)
"""From the end of a survey to the call about another matter of the same number; the retry gap where that is shorter."""
ASKED_OUT = frozenset({ContactState.DONE, ContactState.EXHAUSTED})
"""No more answers come from these; those that were given count."""

ASKED = frozenset({TicketStatus.REPLIED, TicketStatus.SURVEY})
"""Where a ticket waits for what its customers say."""

log = structlog.get_logger()


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
        async with self._database.read() as session:
            customer_ids = {reporter.customer_id for reporter in event.reporters if reporter.customer_id is not None}
            languages = await customers_store.languages(session, customer_ids)
        rows = [
            {
                "id": new_id("contact"),
                "flow": SURVEY_FLOW,
                "ticket_id": event.ticket_id,
                "customer_id": reporter.customer_id,
                "number": reporter.number,
                "name": reporter.name,
                "language": languages.get(reporter.customer_id or "", "zh"),
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
        """Plan callbacks to reporters after a merge or its undoing."""
        await self.plan_surveys(event)
        numbers, round_ = {reporter.number for reporter in event.reporters}, event.redo_count
        async with self._database.write() as session:
            for contact in await store.of_ticket(session, event.ticket_id, round_):
                if contact.state is ContactState.CANCELLED and contact.number in numbers:
                    store.move(contact, ContactState.PLANNED)
            # All reporters may have been asked by now.
            _tell_over(session, event.ticket_id, round_)
        self.attempts_planned.announce()
        self.outbox_written.announce()

    async def withdraw_strangers(self, event: TicketChanged) -> None:
        """Cancel callbacks to reporters of a ticket that was taken out."""
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
        """Cancel the callbacks of a customer before erasure.

        Raises:
            MustBeKept: the customer is being called at this moment.
        """
        for contact in await store.unfinished(session, customer_id):
            if contact.state is not ContactState.PLANNED:
                raise MustBeKept("the customer is being called back right now: try again once that is over")
            _end(session, contact, ContactState.CANCELLED)

    async def lease(self, limit: int) -> list[Dialling]:
        """Take up to `limit` contacts that are due, one for each number.

        Each has its attempt stored before anything rings (F30). Several matters of one number are asked about one after
        the other; a matter that waits uses up no attempt.
        """
        now, is_over = utc_now(), False
        async with self._database.write() as session:
            if not self._database.is_sqlite:
                await store.lock_leasing(session)
            taken: list[Dialling] = []
            for contact in await store.due(session, now, limit):
                if contact.state != ContactState.PLANNED:
                    is_over |= await self._give_back(session, contact)
                elif not self.rules.hours.allowed(now):
                    contact.next_at = self.rules.hours.next_allowed(now)
                elif await store.attempts_today(session, contact.number, now) >= ATTEMPTS_PER_DAY:
                    contact.next_at = self.rules.hours.next_allowed(now + timedelta(days=1))
                elif contact.number not in {dialling.number for dialling in taken}:
                    taken.append(_take(session, contact, now))
        if is_over:
            self.outbox_written.announce()
        return taken

    async def next_due(self) -> datetime | None:
        """Return when the next contact or lease is due."""
        async with self._database.read() as session:
            return await store.next_due(session)

    async def answered(self, attempt_id: str) -> None:
        """Mark an attempt as answered. Idempotent."""
        async with self._database.write() as session:
            contact = await self._contact_of(session, attempt_id)
            if contact.state is not ContactState.ANSWERED:
                store.move(contact, ContactState.ANSWERED)
            contact.lease_until = utc_now() + TALK_LEASE

    async def store_answers(self, attempt_id: str, given: Mapping[str, Any]) -> None:
        """Store the answers, replacing earlier ones of the contact."""
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
        """Store answers that an agent asked for (H10).

        The machine calls this contact no more; the answers count the same.

        Raises:
            NoSuchContact: there is no such contact.
            WrongState: the customer is being called, was asked before, or is not asked any more.
            HeldByAnother: another agent took the customer.
        """
        async with self._database.write() as session:
            contact = await session.get(Contact, contact_id, with_for_update=True)
            if contact is None:
                raise NoSuchContact(f"there is no contact {contact_id}")
            if contact.state is not ContactState.PLANNED:
                raise WrongState(f"contact {contact_id} is {contact.state}: only who waits to be called can be asked")
            if store.holder(contact, utc_now()) not in (None, by.staff_id):
                raise HeldByAnother(f"{contact.held_by} asks this customer")
            _end(session, contact, ContactState.DONE)
            contact.held_by = contact.held_until = None
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
            view = AnswersView(asked_by=by.name, **answers.model_dump())
        self.outbox_written.announce()
        return view

    async def finished(self, attempt_id: str, outcome: AttemptOutcome, call_again_at: datetime | None = None) -> None:
        """End an attempt: the contact is over, or planned again."""
        async with self._database.write() as session:
            attempt = await session.get_one(Attempt, attempt_id)
            if attempt.outcome is not None:
                return
            attempt.outcome, attempt.ended_at = outcome, utc_now()
            contact = await store.contact(session, attempt.contact_id)
            again = self._next_call_at(outcome, call_again_at)
            if outcome is AttemptOutcome.COMPLETED:
                _end(session, contact, ContactState.DONE)
            elif contact.attempts >= self.rules.attempts and call_again_at is None:
                _end(session, contact, ContactState.EXHAUSTED)
            else:
                store.move(contact, ContactState.PLANNED)
                contact.next_at = again
            contact.lease_until = None
            for other in await store.planned_for_number(session, contact.number, before=again):
                other.next_at = again
        self.attempts_planned.announce()
        self.outbox_written.announce()

    def _next_call_at(self, outcome: AttemptOutcome, chosen: datetime | None) -> datetime:
        """Return when the number may be called again.

        That is for another try, or about another matter.
        """
        pause = timedelta(seconds=self.rules.retry_s)
        if outcome is AttemptOutcome.COMPLETED:
            pause = min(pause, BETWEEN_MATTERS)
        return self.rules.hours.next_allowed(chosen or utc_now() + pause)

    async def settle(self, event: SurveyFinished) -> None:
        """Carry out what the answers mean for the ticket.

        One "not solved" is enough to send it back; a supervisor is notified of dissatisfaction and charges as well.
        Anything else waits until all reporters were asked. Safe to repeat: the ticket's state refuses a second time.
        """
        ticket_id, round_ = event.ticket_id, event.round
        async with self._database.write() as session:
            contacts = await store.of_ticket(session, ticket_id, round_)
            answers = await store.answers_of(session, [contact.id for contact in contacts])
            asked = {contact.id for contact in contacts if contact.state in ASKED_OUT}
            found = {kind: answer for answer in answers if answer.contact_id in asked for kind in verdicts(answer)}
            if SurveyVerdict.REDO in found:
                for contact in contacts:
                    if contact.state is ContactState.PLANNED:
                        store.move(contact, ContactState.CANCELLED)
            elif any(contact.state not in FINAL for contact in contacts):
                return
        await self._carry_out(ticket_id, found)

    async def suggested(self, event: SuggestionMade) -> None:
        """Create a ticket of a suggestion, with the call's recording (H10)."""
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
        """Return the contacts of a ticket and their answers."""
        async with self._database.read() as session:
            contacts = (await session.exec(select(Contact).where(Contact.ticket_id == ticket_id))).all()
            answers = await store.answers_of(session, [contact.id for contact in contacts])
            names = await names_of_people(session, {one.staff_id for one in answers})
        return (
            [ContactView.model_validate(contact, from_attributes=True) for contact in contacts],
            [AnswersView(asked_by=names.get(one.staff_id or "", ""), **one.model_dump()) for one in answers],
        )

    async def _carry_out(self, ticket_id: str, found: Mapping[SurveyVerdict, SurveyAnswers]) -> None:
        """Apply the verdicts to the ticket, with their answers."""
        redo, supervisor = found.get(SurveyVerdict.REDO), found.get(SurveyVerdict.SUPERVISOR)
        if redo is not None:
            recording_id = await self._recording_of(redo.call_id) if redo.call_id is not None else None
            await self._tickets.not_solved(ticket_id, redo, recording_id)
        if supervisor is not None:
            await self._tickets.for_supervisor(ticket_id, supervisor)
        elif redo is None:
            if (confirmed := found.get(SurveyVerdict.CONFIRMED)) is not None:
                await self._tickets.confirmed(ticket_id, confirmed)
            else:
                await self._tickets.for_supervisor(ticket_id, None)

    async def _contact_of(self, session: AsyncSession, attempt_id: str) -> Contact:
        attempt = await session.get_one(Attempt, attempt_id)
        return await store.contact(session, attempt.contact_id)

    async def _give_back(self, session: AsyncSession, contact: Contact) -> bool:
        """End an expired lease; return whether the contact is over.

        The attempt counts, and the retry gap begins at its ringing.
        """
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
        again = self._next_call_at(AttemptOutcome.FAILED, None)
        for other in await store.planned_for_number(session, contact.number, before=again):
            other.next_at = max(other.next_at, contact.next_at)
        contact.lease_until = None
        return is_over


def _end(session: AsyncSession, contact: Contact, state: ContactState) -> None:
    """End a contact; the outbox carries out the effect on the ticket."""
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
