"""Surveys of merged tickets, before and after a separation (H8)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from ari_app.campaigns.model import AnswersInput, Attitude
from ari_app.runtime.domain import DomainServices
from ari_app.settings import Settings
from crm.selfservice.limits import Unlimited
from crm.staff.model import Staff
from crm.tickets.merges.model import MergeTicket
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from recordings.service import RecordingService
from tests.callflows import shipped
from tests.unit.crm.conftest import AGENT, Place, furnish

FIRST, SECOND = "+8613800000001", "+8613800000002"


@pytest.fixture
async def business(database: Database, tmp_path: Path) -> AsyncIterator[DomainServices]:
    settings = Settings(ari_password=SecretStr("x"), database_url=database.url, spool=tmp_path / "spool")
    recorded = RecordingService(database, tmp_path / "recordings", minimum_free_bytes=1)
    made = DomainServices(settings, database, recorded, shipped(), Unlimited())
    yield made
    await made.aclose()
    await recorded.aclose()


async def deliver(business: DomainServices) -> None:
    """Deliver all outbox entries."""
    now = utc_now()
    while entries := await business.outbox.lease(now, now + timedelta(minutes=1), 10):
        for entry in entries:
            await business.outbox.finish(entry, await business.outbox.attempt(entry))
        now = utc_now()


async def asked(business: DomainServices, ticket: TicketView) -> dict[str, str]:
    """Return the states of a ticket's contacts by number."""
    contacts, _ = await business.campaigns.of_ticket(ticket.id)
    return {contact.number: contact.state for contact in contacts}


async def replied(business: DomainServices, place: Place, ticket: TicketView) -> None:
    worker = place.worker(place.east)
    await business.tickets.dispatch(ticket.id, place.east, AGENT)
    await business.tickets.sign(ticket.id, worker)
    await business.tickets.reply(ticket.id, "已更换阀门", worker)
    await deliver(business)


async def test_a_reporter_of_a_separated_ticket_is_not_asked_about_the_other(
    business: DomainServices, database: Database
) -> None:
    place = await furnish(database)
    head, other = [
        await business.tickets.file(place.fault(number, address=f"幸福路{house}号"), AGENT)
        for house, number in enumerate((FIRST, SECOND), start=1)
    ]
    await business.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    await replied(business, place, head)
    assert await asked(business, head) == {FIRST: "planned", SECOND: "planned"}

    await business.tickets.merges.unmerge(other.id, AGENT)
    await deliver(business)

    assert await asked(business, head) == {FIRST: "planned", SECOND: "cancelled"}
    assert [(await business.tickets.get(ticket.id)).status for ticket in (head, other)] == ["survey", "registered"]


async def test_a_ticket_merged_during_its_survey_is_asked_about_after_its_separation(
    business: DomainServices, database: Database
) -> None:
    place = await furnish(database)
    head, other = [
        await business.tickets.file(place.fault(number, address=f"幸福路{house}号"), AGENT)
        for house, number in enumerate((FIRST, SECOND), start=1)
    ]
    for ticket in (head, other):
        await replied(business, place, ticket)

    await business.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    await deliver(business)
    assert await asked(business, head) == {FIRST: "planned", SECOND: "planned"}
    assert await asked(business, other) == {SECOND: "cancelled"}

    await business.tickets.merges.unmerge(other.id, AGENT)
    await deliver(business)
    assert await asked(business, head) == {FIRST: "planned", SECOND: "cancelled"}
    assert await asked(business, other) == {SECOND: "planned"}


async def test_h6_the_log_names_the_agent_who_asked(business: DomainServices, database: Database) -> None:
    place = await furnish(database)
    async with database.write() as session:
        session.add(
            Staff(
                id="staff-1", staff_number="1001", name="刘芳", role=Role.AGENT, password_hash="-", created_at=utc_now()
            )
        )
    ticket = await business.tickets.file(place.fault(FIRST), AGENT)
    await replied(business, place, ticket)
    ((contact,), _) = await business.campaigns.of_ticket(ticket.id)
    by = Principal(staff_id="staff-1", staff_number="1001", name="刘芳", role=Role.AGENT, department_id=None)
    given = AnswersInput(solved=False, attitude=Attitude.DISSATISFIED)
    assert (await business.campaigns.asked_by_agent(contact.id, given, by)).asked_by == "刘芳"
    await deliver(business)

    _, (answers,) = await business.campaigns.of_ticket(ticket.id)
    assert answers.asked_by == "刘芳"
    log = (await business.tickets.get(ticket.id)).log
    done = {entry.action: (entry.actor_kind, entry.actor_name) for entry in log}
    assert done["redo"] == done["escalate"] == ("system", "刘芳")
