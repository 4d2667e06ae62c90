"""Contacts on real databases: no double calls, no early retries."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from msgspec.structs import replace

from ari_app.campaigns.errors import NoSuchContact, WrongState
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import AnswersInput, AttemptOutcome, Attitude, ContactState, SurveyAnswers
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.service import ATTEMPTS_PER_DAY, CampaignService
from ari_app.campaigns.settling import Suggestion
from crm.customers.model import CustomerInput
from crm.customers.service import CustomerService
from crm.events import EventReporter, SuggestionMade, SurveyFinished, TicketChanged
from crm.outbox.service import OutboxWorker
from crm.outbox.subscriptions import Subscriptions
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role

AGENT = Principal("staff-1", "1001", "李明", Role.AGENT)
ALWAYS = CallingHours(time_zone="UTC", from_hour=0, until_hour=24)
REPLIED = TicketChanged(
    action="reply",
    ticket_id="ticket-1",
    status="replied",
    reporters=(
        EventReporter("customer-1", "+8613800000001", "A"),
        EventReporter(None, "+8613800000002", "B"),
        EventReporter(None, None, "no number"),
    ),
)


class TicketsRemembering:
    """Fake of tickets: effects of surveys, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str | None]] = []

    async def confirmed(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        self.done.append(("confirmed", None))

    async def not_solved(self, ticket_id: str, answers: SurveyAnswers | None, recording_id: str | None) -> None:
        self.done.append(("redo", recording_id))

    async def for_supervisor(self, ticket_id: str, answers: SurveyAnswers | None) -> None:
        self.done.append(("supervisor", None))

    async def suggested(self, suggestion: Suggestion) -> None:
        self.done.append((f"suggestion {suggestion.key}: {suggestion.text}", suggestion.recording_id))


@pytest.fixture
def tickets() -> TicketsRemembering:
    return TicketsRemembering()


@pytest.fixture
def campaigns(database: Database, tickets: TicketsRemembering) -> CampaignService:
    async def recording_of(call_id: str) -> str:
        return f"recording-of-{call_id}"

    rules = CampaignRules(delay_s=0, attempts=2, retry_s=3600, parallel=5, hours=ALWAYS)
    return CampaignService(database, rules, tickets, recording_of)


class Outbox:
    """Delivery of all outbox entries."""

    def __init__(self, database: Database, campaigns: CampaignService) -> None:
        subscriptions = Subscriptions()
        subscriptions.on(SurveyFinished, campaigns.settle)
        subscriptions.on(SuggestionMade, campaigns.suggested)
        self._worker = OutboxWorker(database, subscriptions)

    async def deliver(self) -> None:
        now = utc_now()
        while entries := await self._worker.lease(now, now + timedelta(minutes=1), 10):
            for entry in entries:
                await self._worker.finish(entry, await self._worker.attempt(entry))


@pytest.fixture
def outbox(database: Database, campaigns: CampaignService) -> Outbox:
    return Outbox(database, campaigns)


async def test_an_event_delivered_twice_plans_once(campaigns: CampaignService) -> None:
    await asyncio.gather(*(campaigns.plan_surveys(REPLIED) for _ in range(5)))

    contacts, _ = await campaigns.of_ticket("ticket-1")
    assert sorted(contact.number for contact in contacts) == ["+8613800000001", "+8613800000002"]


async def test_survey_is_in_the_customers_language(database: Database, campaigns: CampaignService) -> None:
    given = CustomerInput(account_number="70000001", name="Smith", phones=["13800000003"], language="en")
    smith = await CustomerService(database).create(given)
    of_smith = EventReporter(smith.id, "+8613800000003", "Smith")
    await campaigns.plan_surveys(replace(REPLIED, reporters=(*REPLIED.reporters, of_smith)))

    languages = {dialling.number: dialling.language for dialling in await campaigns.lease(5)}
    assert languages == {"+8613800000001": "zh", "+8613800000002": "zh", "+8613800000003": "en"}


async def test_f30_no_contact_is_leased_twice(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(REPLIED)

    leased = await asyncio.gather(*(campaigns.lease(5) for _ in range(5)))

    attempts = [dialling for dialled in leased for dialling in dialled]
    assert sorted(dialling.number for dialling in attempts) == ["+8613800000001", "+8613800000002"]


async def test_s23_number_is_dialled_five_times_in_24_hours_at_most(campaigns: CampaignService) -> None:
    number, now = "+8613800000001", utc_now()
    for ticket in range(ATTEMPTS_PER_DAY + 2):
        reporters = (EventReporter(number=number),)
        await campaigns.plan_surveys(replace(REPLIED, ticket_id=f"ticket-{ticket}", reporters=reporters))

    dialled = 0
    for hour in range(12):
        with time_machine.travel(now + timedelta(hours=hour)):
            for dialling in await campaigns.lease(10):
                dialled += 1
                await campaigns.answered(dialling.attempt_id)
                await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)
    assert dialled == ATTEMPTS_PER_DAY

    with time_machine.travel(now + timedelta(hours=48)):
        assert await campaigns.lease(10)


async def test_f30_a_dead_dialler_never_means_a_second_ring_within_the_retry_gap(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(REPLIED)
    rang_at = utc_now()
    await campaigns.lease(5)

    with time_machine.travel(rang_at + timedelta(minutes=2)):
        assert await campaigns.lease(5) == []
    with time_machine.travel(rang_at + timedelta(minutes=59)):
        assert await campaigns.lease(5) == []
    with time_machine.travel(rang_at + timedelta(minutes=61)):
        assert len(await campaigns.lease(5)) == 2


async def test_not_solved_sends_the_ticket_back_with_the_recording(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(REPLIED)
    first, second = sorted(await campaigns.lease(5), key=lambda dialling: dialling.number)

    await campaigns.answered(first.attempt_id)
    await campaigns.store_answers(first.attempt_id, {"solved": "yes", "attitude": "satisfied", "score": "10"})
    await campaigns.finished(first.attempt_id, AttemptOutcome.COMPLETED)
    await outbox.deliver()
    assert tickets.done == []

    await campaigns.answered(second.attempt_id)
    await campaigns.store_answers(second.attempt_id, {"solved": "no"})
    await campaigns.finished(second.attempt_id, AttemptOutcome.COMPLETED)

    await outbox.deliver()
    assert tickets.done == [("redo", f"recording-of-{second.call_id}")]


async def test_h10_dissatisfaction_reaches_a_supervisor_beside_the_redo(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    (dialling,) = await campaigns.lease(5)
    await campaigns.store_answers(dialling.attempt_id, {"solved": "no", "attitude": "dissatisfied", "charged": "yes"})
    await campaigns.answered(dialling.attempt_id)
    await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)

    await outbox.deliver()

    assert [effect for effect, _ in tickets.done] == ["redo", "supervisor"]


async def test_dissatisfaction_of_one_reporter_reaches_a_supervisor_when_another_has_the_redo(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(REPLIED)
    first, second = await campaigns.lease(5)
    for dialling, given in ((first, {"solved": "yes", "charged": "yes"}), (second, {"solved": "no"})):
        await campaigns.answered(dialling.attempt_id)
        await campaigns.store_answers(dialling.attempt_id, given)
        await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)

    await outbox.deliver()

    assert {effect for effect, _ in tickets.done} == {"redo", "supervisor"}


def matter(ticket_id: str) -> TicketChanged:
    """Return a reply to a ticket of one and the same reporter."""
    return replace(REPLIED, ticket_id=ticket_id, reporters=REPLIED.reporters[:1])


async def test_two_matters_of_one_number_are_called_about_one_after_the_other(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(matter("ticket-1"))
    await campaigns.plan_surveys(matter("ticket-2"))
    start = utc_now()

    leased = await asyncio.gather(*(campaigns.lease(5) for _ in range(3)))
    (first,) = [dialling for dialled in leased for dialling in dialled]
    await campaigns.answered(first.attempt_id)
    assert await campaigns.lease(5) == []
    due = await campaigns.next_due()
    assert due is not None
    assert due > utc_now()

    await campaigns.finished(first.attempt_id, AttemptOutcome.COMPLETED)
    assert await campaigns.lease(5) == []
    with time_machine.travel(start + timedelta(minutes=2)):
        (second,) = await campaigns.lease(5)
    assert {first.ticket_id, second.ticket_id} == {"ticket-1", "ticket-2"}
    contacts, _ = await campaigns.of_ticket(second.ticket_id)
    assert [contact.attempts for contact in contacts] == [1]


@pytest.mark.parametrize("outcome", [AttemptOutcome.NO_ANSWER, AttemptOutcome.BUSY, AttemptOutcome.PARTIAL])
async def test_a_number_that_was_not_reached_is_not_rung_at_once_about_another_matter(
    campaigns: CampaignService, outcome: AttemptOutcome
) -> None:
    await campaigns.plan_surveys(matter("ticket-1"))
    await campaigns.plan_surveys(matter("ticket-2"))
    start = utc_now()
    (first,) = await campaigns.lease(5)
    await campaigns.finished(first.attempt_id, outcome)

    with time_machine.travel(start + timedelta(minutes=59)):
        assert await campaigns.lease(5) == []
    with time_machine.travel(start + timedelta(minutes=61)):
        assert len(await campaigns.lease(5)) == 1


async def test_a_chosen_time_holds_for_all_matters_of_the_number(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(matter("ticket-1"))
    await campaigns.plan_surveys(matter("ticket-2"))
    (first,) = await campaigns.lease(5)
    chosen = utc_now() + timedelta(hours=3)
    await campaigns.answered(first.attempt_id)
    await campaigns.finished(first.attempt_id, AttemptOutcome.POSTPONED, chosen)

    assert await campaigns.next_due() == chosen


async def test_f30_a_dead_dialler_frees_the_number_after_the_retry_gap(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(matter("ticket-1"))
    await campaigns.plan_surveys(matter("ticket-2"))
    start = utc_now()
    await campaigns.lease(5)

    with time_machine.travel(start + timedelta(minutes=2)):
        assert await campaigns.lease(5) == []
        assert await campaigns.lease(5) == []
    with time_machine.travel(start + timedelta(minutes=63)):
        assert len(await campaigns.lease(5)) == 1


async def test_not_reached_is_tried_again_then_given_to_a_supervisor(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    start = utc_now()
    for attempt in range(2):
        with time_machine.travel(start + timedelta(hours=2 * attempt, minutes=1)):
            (dialling,) = await campaigns.lease(5)
            await campaigns.finished(dialling.attempt_id, AttemptOutcome.NO_ANSWER)
            await outbox.deliver()

    contacts, _ = await campaigns.of_ticket("ticket-1")
    assert [contact.state for contact in contacts] == [ContactState.EXHAUSTED]
    assert tickets.done == [("supervisor", None)]


async def test_a_finished_attempt_is_finished_once(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    (dialling,) = await campaigns.lease(5)
    await campaigns.answered(dialling.attempt_id)
    await campaigns.store_answers(dialling.attempt_id, {"solved": "yes", "attitude": "satisfied"})

    for _ in range(2):
        await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)

    await outbox.deliver()
    assert tickets.done == [("confirmed", None)]


async def test_f30_a_ticket_is_settled_after_the_last_attempt_of_a_dead_dialler(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    start = utc_now()
    assert len(await campaigns.lease(5)) == 1
    with time_machine.travel(start + timedelta(hours=2)):
        assert await campaigns.lease(5) == []  # the attempt counts
        assert len(await campaigns.lease(5)) == 1
    with time_machine.travel(start + timedelta(hours=3)):
        assert await campaigns.lease(5) == []
        await outbox.deliver()

    assert tickets.done == [("supervisor", None)]


async def test_answers_are_carried_out_even_if_the_process_that_took_them_dies(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    (dialling,) = await campaigns.lease(5)
    await campaigns.answered(dialling.attempt_id)
    await campaigns.store_answers(dialling.attempt_id, {"solved": "no"})
    await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)
    assert tickets.done == []  # nothing but the commit above is needed for what follows

    await outbox.deliver()
    await outbox.deliver()

    assert tickets.done == [("redo", f"recording-of-{dialling.call_id}")]


async def test_a_ticket_sent_back_or_closed_is_asked_about_no_more(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(REPLIED)
    await campaigns.withdraw_surveys(REPLIED)
    assert len(await campaigns.lease(1)) == 1

    await campaigns.withdraw_surveys(replace(REPLIED, status="dispatched", redo_count=1))
    contacts, _ = await campaigns.of_ticket("ticket-1")
    # A call under way is not cut off.
    assert sorted(contact.state for contact in contacts) == [ContactState.CANCELLED, ContactState.DIALLING]
    await campaigns.plan_surveys(replace(REPLIED, redo_count=1))
    # The number of the call under way is not rung a second time.
    assert len(await campaigns.lease(9)) == 1

    await campaigns.plan_surveys(replace(REPLIED, ticket_id="ticket-2"))
    await campaigns.withdraw_surveys(replace(REPLIED, ticket_id="ticket-2", status="archived"))
    assert await campaigns.lease(9) == []


async def test_a_reporter_of_a_released_ticket_is_not_asked_about_the_head(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    survey = replace(REPLIED, status="survey")
    await campaigns.plan_surveys(survey)
    (dialling,) = await campaigns.lease(1)
    await campaigns.answered(dialling.attempt_id)
    await campaigns.store_answers(dialling.attempt_id, {"solved": "yes", "attitude": "satisfied"})
    await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)
    await outbox.deliver()
    assert tickets.done == []

    asked = tuple(found for found in REPLIED.reporters if found.number == dialling.number)
    await campaigns.withdraw_strangers(replace(survey, reporters=asked))
    await outbox.deliver()

    contacts, _ = await campaigns.of_ticket("ticket-1")
    assert {found.number == dialling.number: found.state for found in contacts} == {
        True: ContactState.DONE,
        False: ContactState.CANCELLED,
    }
    # The contact is over.
    assert tickets.done == [("confirmed", None)]


async def test_a_ticket_merged_while_it_was_asked_about_is_asked_about_again_once_it_was_taken_out(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(REPLIED)
    await campaigns.withdraw_surveys(replace(REPLIED, status="merged"))
    assert await campaigns.lease(5) == []

    for _ in range(2):
        await campaigns.plan_again(replace(REPLIED, status="survey"))
    await outbox.deliver()

    assert len(await campaigns.lease(5)) == 2
    assert tickets.done == []


async def test_h10_an_agent_may_ask_instead_and_the_machine_calls_no_more(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(REPLIED)
    contacts, _ = await campaigns.of_ticket("ticket-1")
    first, second = sorted(contacts, key=lambda contact: contact.number)
    satisfied = AnswersInput(solved=True, attitude=Attitude.SATISFIED, charged=False, score=9)

    await campaigns.asked_by_agent(first.id, satisfied, AGENT)
    (dialling,) = await campaigns.lease(5)
    await outbox.deliver()
    assert (dialling.contact_id, tickets.done) == (second.id, [])
    await campaigns.answered(dialling.attempt_id)
    await campaigns.store_answers(dialling.attempt_id, {"solved": "yes", "attitude": "satisfied"})
    await campaigns.finished(dialling.attempt_id, AttemptOutcome.COMPLETED)

    await outbox.deliver()
    assert tickets.done == [("confirmed", None)]
    _, answers = await campaigns.of_ticket("ticket-1")
    assert {(one.contact_id, one.staff_id, one.score) for one in answers} == {
        (first.id, AGENT.staff_id, 9),
        (second.id, None, None),
    }


async def test_h10_answers_to_an_agent_send_the_ticket_back_with_the_recording(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(REPLIED)
    contacts, _ = await campaigns.of_ticket("ticket-1")

    await campaigns.asked_by_agent(contacts[0].id, AnswersInput(solved=False, call_id="call-7"), AGENT)

    await outbox.deliver()
    assert tickets.done == [("redo", "recording-of-call-7")]
    assert await campaigns.lease(5) == []


async def test_h10_a_suggestion_to_an_agent_becomes_a_ticket(
    campaigns: CampaignService, tickets: TicketsRemembering, outbox: Outbox
) -> None:
    await campaigns.plan_surveys(replace(REPLIED, reporters=REPLIED.reporters[:1]))
    ((contact,), _) = await campaigns.of_ticket("ticket-1")
    given = AnswersInput(solved=True, attitude=Attitude.SATISFIED, suggestion="多派几个人", call_id="call-7")

    await campaigns.asked_by_agent(contact.id, given, AGENT)
    await outbox.deliver()

    assert tickets.done == [("confirmed", None), (f"suggestion {contact.id}: 多派几个人", "recording-of-call-7")]


async def test_h10_a_contact_asked_or_being_called_is_refused_to_an_agent(campaigns: CampaignService) -> None:
    await campaigns.plan_surveys(REPLIED)
    leased = await campaigns.lease(1)
    contacts, _ = await campaigns.of_ticket("ticket-1")
    (waiting,) = [contact.id for contact in contacts if contact.id != leased[0].contact_id]
    await campaigns.asked_by_agent(waiting, AnswersInput(solved=True), AGENT)

    for contact_id in (leased[0].contact_id, waiting):
        with pytest.raises(WrongState):
            await campaigns.asked_by_agent(contact_id, AnswersInput(solved=False), AGENT)
    await campaigns.answered(leased[0].attempt_id)
    with pytest.raises(WrongState):
        await campaigns.asked_by_agent(leased[0].contact_id, AnswersInput(solved=False), AGENT)
    with pytest.raises(NoSuchContact):
        await campaigns.asked_by_agent("contact-0", AnswersInput(solved=True), AGENT)
