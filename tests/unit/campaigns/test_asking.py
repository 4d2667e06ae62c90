"""Agents who ask customers instead of the machine, on real databases."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import update
from sqlmodel import col

from ari_app.campaigns.asking import HELD_FOR, AskingAgents
from ari_app.campaigns.asking_model import ScriptPart, SurveysQuery
from ari_app.campaigns.errors import HeldByAnother, NoSuchContact
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import AnswersInput
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.script import parts_of, without_keys, words
from ari_app.campaigns.service import CampaignService
from crm.events import EventReporter, TicketChanged
from crm.kinds import TicketKind
from crm.tickets.inputs import FileTicket
from crm.tickets.model import SYSTEM, Ticket, TicketStatus
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from ivr.prompts import LANGUAGES, read_catalogue
from tests.unit.campaigns.test_service import TicketsRemembering

FIRST, SECOND = [Principal(f"staff-{n}", f"100{n}", "李明", Role.AGENT) for n in (1, 2)]
RULES = CampaignRules(
    delay_s=0, attempts=2, retry_s=3600, parallel=5, hours=CallingHours(time_zone="UTC", from_hour=0, until_hour=24)
)
CATALOGUE, _ = read_catalogue(Path("callflows"), {"zh": "供热公司", "en": "heating company"})
MINE = SurveysQuery(mine=True)


async def replied(database: Database, campaigns: CampaignService) -> str:
    """File a replied ticket; return the id of its contact."""
    ticket = await TicketService(database, "UTC").file(FileTicket(kind=TicketKind.FAULT, subject="北屋不热"), SYSTEM)
    async with database.write() as session:
        await session.exec(update(Ticket).where(col(Ticket.id) == ticket.id).values(status=TicketStatus.REPLIED))
    reporter = EventReporter(None, "+8613800000001", "王秀英")
    await campaigns.plan_surveys(
        TicketChanged(action="reply", ticket_id=ticket.id, status="replied", reporters=(reporter,))
    )
    ((contact,), _) = await campaigns.of_ticket(ticket.id)
    return contact.id


async def no_recording(_: str) -> None:
    return None


async def test_h10_a_customer_whom_an_agent_took_is_not_called_by_the_machine(database: Database) -> None:
    campaigns = CampaignService(database, RULES, TicketsRemembering(), no_recording)
    asking = AskingAgents(database, RULES, CATALOGUE, hotline_number="96001")
    contact = await replied(database, campaigns)
    (listed,) = await asking.listed(SurveysQuery(), FIRST)
    assert (listed.contact_id, listed.subject, listed.name, listed.held_by) == (contact, "北屋不热", "王秀英", None)

    await asking.claim(contact, FIRST)
    assert await campaigns.lease(5) == []
    assert [one.contact_id for one in await asking.listed(MINE, FIRST)] == [contact]
    assert await asking.listed(MINE, SECOND) == []
    for refused in (
        asking.claim(contact, SECOND),
        asking.release(contact, SECOND),
        asking.postpone(contact, utc_now() + timedelta(days=1), SECOND),
        campaigns.asked_by_agent(contact, AnswersInput(solved=True), SECOND),
    ):
        with pytest.raises(HeldByAnother):
            await refused
    with pytest.raises(NoSuchContact):
        await asking.claim("contact-0", FIRST)

    # A customer whom an agent forgets does not wait for ever.
    with time_machine.travel(utc_now() + HELD_FOR + timedelta(seconds=1), tick=True):
        await asking.claim(contact, SECOND)
        await asking.postpone(contact, utc_now() + timedelta(hours=2), SECOND)
        assert await campaigns.lease(5) == []
        assert await asking.listed(MINE, SECOND) == []
    await asking.claim(contact, FIRST)
    await campaigns.asked_by_agent(contact, AnswersInput(solved=True), FIRST)
    assert await asking.listed(SurveysQuery(), FIRST) == []


async def test_h10_a_customer_given_back_is_called_by_the_machine(database: Database) -> None:
    campaigns = CampaignService(database, RULES, TicketsRemembering(), no_recording)
    asking = AskingAgents(database, RULES, CATALOGUE, hotline_number="96001")
    contact = await replied(database, campaigns)
    await asking.claim(contact, FIRST)
    await asking.release(contact, FIRST)
    assert [one.contact_id for one in await campaigns.lease(5)] == [contact]


async def test_h10_the_script_has_the_machines_questions_in_the_customers_language(database: Database) -> None:
    campaigns = CampaignService(database, RULES, TicketsRemembering(), no_recording)
    asking = AskingAgents(database, RULES, CATALOGUE, hotline_number="96001")
    script = await asking.script(await replied(database, campaigns))
    assert {line.part.value: line.text for line in script.lines} == {
        "opening": "您好，这里是供热公司。关于您家北屋不热的维修，想请您做一个简短的回访。",
        "solved": "请问问题解决了吗？",
        "attitude": "维修人员的服务态度怎么样？",
        "charged": "维修人员向您收费了吗？",
        "score": "请为我们的服务打分，最低1分，最高10分。",
        "suggestion": "您还有什么意见或者建议？",
        "closing": "感谢您的配合。如有问题，请拨打供热公司96001。再见。",
    }


def test_h10_no_word_of_the_script_names_a_key() -> None:
    given = {"subject": "heating", "hotline_number": "96001"}
    said = [
        words(CATALOGUE, part, kind, language, given)
        for language in LANGUAGES
        for kind in TicketKind
        for part in parts_of(kind, remind_payment=True)
    ]
    assert all(said)
    assert [one for one in said if "按" in one or "press" in one.lower() or "{" in one] == []
    assert without_keys("Press 1 for yes.", "en") == "Press 1 for yes."
    assert ScriptPart.CHARGED not in parts_of(TicketKind.CONSULTATION, remind_payment=True)
