"""Texts for people are in one language."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import pytest
from sqlmodel import col, select

from ari_app.desk.board import AlertFigure
from crm.events import decode
from crm.kinds import TicketKind
from crm.notices.catalogue import NoticeCatalogue
from crm.outbox.model import OutboxEntry
from crm.outbox.subscriptions import EventEnvelope
from crm.sla.policy import ClockKind
from crm.tickets.inputs import AppendToTicket
from crm.tickets.model import SYSTEM, Actor, ActorKind, Channel, TicketStatus, Urgency
from crm.tickets.refusals.model import RefusalReason
from crm.tickets.refusals.service import RefuseTicket
from crm.tickets.transitions import TicketAction
from crm.tickets.views import TicketView
from foundation.reader import reading
from foundation.routes import Role
from tests.unit.crm.conftest import Place
from tests.unit.crm.notices.conftest import LINK, House

LATIN = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"{[a-z_.]+}")
CODES: dict[str, Iterable[StrEnum | str]] = {
    "kind": TicketKind,
    "status": TicketStatus,
    "urgency": Urgency,
    "clock": ClockKind,
    "reason": RefusalReason,
    "actor": [SYSTEM.name],
    "figure": AlertFigure,
}


def texts(catalogue: NoticeCatalogue, language: str) -> Iterator[tuple[str, str]]:
    for kind, notice in catalogue.events.items():
        wording = notice.wording(language)
        yield kind, notice.event_name(language)
        yield kind, wording.subject
        yield kind, wording.text
        if notice.reporter is not None:
            yield kind, getattr(notice.reporter, language)
    for change, reporter in catalogue.visits.items():
        yield change, getattr(reporter, language)


@pytest.mark.parametrize(("language", "foreign"), [("zh", LATIN), ("en", HAN)])
def test_catalogue_texts_have_no_letters_of_the_other_language(
    catalogue: NoticeCatalogue, language: str, foreign: re.Pattern[str]
) -> None:
    found = {kind: text for kind, text in texts(catalogue, language) if foreign.search(PLACEHOLDER.sub("", text))}
    assert found == {}


@pytest.mark.parametrize(("language", "foreign"), [("zh", LATIN), ("en", HAN)])
@pytest.mark.parametrize("variable", CODES)
def test_every_code_in_a_notice_has_words_in_each_language(
    catalogue: NoticeCatalogue, variable: str, language: str, foreign: re.Pattern[str]
) -> None:
    for code in CODES[variable]:
        facts: dict[str, Any] = {variable: str(code), "number": "26112900001"}
        for kind in catalogue.events:
            notice = catalogue.render(kind, language, facts)
            said = notice.subject + notice.text
            assert not foreign.search(said), (kind, code, said)


def test_every_action_has_a_notice_of_its_own(catalogue: NoticeCatalogue) -> None:
    assert {f"ticket.{action}" for action in TicketAction} <= catalogue.events.keys()


WRITTEN = {"text", "instruction", "explanation", "grounds", "finding", "decision", "note"}
"""Facts of a log entry that are texts; `reason` is one too, but for a refusal's code."""


async def test_log_and_notices_of_a_chinese_ticket_have_no_english(house: House, place: Place) -> None:
    switches = {f"ticket.{action}": True for action in TicketAction}
    for department_id in (place.east, place.west, None):
        await house.webhook("https://erp.example.org/hook", department_id, name="系统", switches=switches)
    ticket = await complained(house, place)

    await planned(house)

    found = await house.tickets.get(ticket.id)
    words = [
        text
        for entry in found.log
        for name, text in entry.detail.items()
        if name in WRITTEN or (name == "reason" and entry.action != TicketAction.REFUSE)
    ]
    notes = [attachment.note for attachment in found.attachments]
    assert len(words) > 8
    assert notes == ["退单证据"]
    with reading("en"):
        assert [one.note for one in (await house.tickets.get(ticket.id)).attachments] == ["Evidence of the refusal"]
    sent = await house.log()
    assert {message.kind for message in sent} == {f"ticket.{entry.action}" for entry in found.log}
    texts = [f"{message.subject} {message.text.replace(LINK.format(number=ticket.number), '')}" for message in sent]
    assert [text for text in (*words, *notes, *texts, found.reply, found.closing_reason) if LATIN.search(text)] == []


async def complained(house: House, place: Place) -> TicketView:
    """Take a complaint through its states, with words in Chinese only."""
    tickets, desk = house.tickets, Actor(kind=ActorKind.STAFF, id="staff-1", name="刘芳", role=Role.SUPERVISOR)
    east, west = (
        Actor(kind=ActorKind.STAFF, id=f"staff-{number}", name="孙师傅", role=Role.DEPARTMENT, department_id=department)
        for number, department in ((2, place.east), (3, place.west))
    )
    ticket = await tickets.file(place.fault(kind="complaint", address="幸福路12号"), desk)
    await tickets.dispatch(ticket.id, place.east, desk)
    refusal = RefuseTicket(
        reason=RefusalReason.NOT_OUR_AREA, explanation="不在我区范围", evidence_recording_id="rec-" + "0" * 26
    )
    await tickets.refusals.refuse(ticket.id, refusal, east)
    await tickets.refusals.uphold(ticket.id, place.west, "情况属实", desk)
    await tickets.urge(ticket.id, SYSTEM, Channel.IVR)
    await tickets.append(ticket.id, AppendToTicket(text="还没有人来"), desk)
    await tickets.sign(ticket.id, west)
    await tickets.park(ticket.id, "等用户回家", west)
    await tickets.unpark(ticket.id, west)
    await tickets.supervise(ticket.id, "今天办结", desk)
    await tickets.escalate(ticket.id, "用户再次来电")
    await tickets.reply(ticket.id, "已更换阀门", west)
    await tickets.redo(ticket.id, "还是不热", None, SYSTEM)
    await tickets.cancel(ticket.id, "重复登记", desk)
    return ticket


async def planned(house: House) -> None:
    """Plan the notices of all stored events."""
    async with house.database.read() as session:
        entries = (await session.exec(select(OutboxEntry).order_by(col(OutboxEntry.sequence)))).all()
    for entry in entries:
        event = decode(entry.kind, entry.key, entry.payload)
        await house.planner.plan(EventEnvelope(f"event-{entry.sequence}", event, entry.created_at))
