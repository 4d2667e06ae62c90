"""Co-handling departments, and tiers above and below (H16)."""

from typing import Any

import pytest
from sqlmodel import select

from crm.outbox.model import OutboxEntry
from crm.tickets.cohandling.model import CoHandlerState, CoTask
from crm.tickets.errors import (
    CannotHelp,
    CoHandlersPending,
    NoHigherTier,
    NotYours,
    NotYourTurn,
    UnknownReference,
)
from crm.tickets.listing import ListQuery
from crm.tickets.model import TicketStatus
from crm.tickets.service import TicketService
from crm.tickets.tiers.model import PassState
from crm.tickets.views import TicketView
from foundation.database import Database
from foundation.problems import Forbidden
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, NOT_OURS, SUPERVISOR, Place


async def last_told(database: Database) -> tuple[str, dict[str, Any]]:
    async with database.read() as session:
        entries = (await session.exec(select(OutboxEntry))).all()
    last = max(entries, key=lambda entry: entry.payload["version"])
    return last.kind, last.payload


async def helped(tickets: TicketService, place: Place) -> TicketView:
    """File a ticket that the east leads and the west helps with."""
    filed = await tickets.file(place.fault(), AGENT)
    task = CoTask(department_id=place.west, task="配合关闭阀门")
    return await tickets.dispatch(filed.id, place.east, AGENT, co_handlers=[task])


async def passed_up(tickets: TicketService, place: Place) -> TicketView:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)
    return await tickets.tiers.pass_up(filed.id, "需公司答复", place.worker(place.east))


async def test_each_co_handler_signs_and_replies_and_the_lead_after_them(
    database: Database, tickets: TicketService, place: Place
) -> None:
    ticket, lead, co_handler = await helped(tickets, place), place.worker(place.east), place.worker(place.west)
    kind, payload = await last_told(database)
    assert (kind, payload["co_department_ids"], payload["asked_departments"]) == (
        *("ticket.dispatch", [place.west], [place.west]),
    )
    await tickets.sign(ticket.id, lead)
    with pytest.raises(NotYourTurn):
        await tickets.co_handling.reply(ticket.id, "阀门已关", co_handler)
    await tickets.co_handling.sign(ticket.id, co_handler)
    with pytest.raises(CoHandlersPending) as pending:
        await tickets.reply(ticket.id, "已修复", lead)
    assert place.west in pending.value.detail
    await tickets.co_handling.reply(ticket.id, "阀门已关", co_handler)
    replied = await tickets.reply(ticket.id, "已修复", lead)

    assert (replied.status, replied.reply) == (TicketStatus.REPLIED, "已修复")
    (part,) = (await tickets.get(ticket.id)).co_handlers
    assert (part.department_id, part.state, part.task, part.reply) == (
        *(place.west, CoHandlerState.REPLIED, "配合关闭阀门", "阀门已关"),
    )


async def test_the_lead_may_reply_without_them_and_says_why(tickets: TicketService, place: Place) -> None:
    ticket, lead = await helped(tickets, place), place.worker(place.east)
    await tickets.sign(ticket.id, lead)
    replied = await tickets.reply(ticket.id, "已修复", lead, left_out_because="无需关闭阀门")

    assert replied.status is TicketStatus.REPLIED
    detail = await tickets.get(ticket.id)
    assert [part.state for part in detail.co_handlers] == [CoHandlerState.RELEASED]
    assert detail.log[-1].detail["left_out_because"] == "无需关闭阀门"
    assert detail.log[-1].detail["left_out"] == ["城西维修工区"]


async def test_a_co_handler_does_its_part_and_nothing_else(tickets: TicketService, place: Place) -> None:
    ticket, lead, co_handler = await helped(tickets, place), place.worker(place.east), place.worker(place.west)
    for attempt in (
        tickets.sign(ticket.id, co_handler),
        tickets.refusals.refuse(ticket.id, NOT_OURS, co_handler),
        tickets.tiers.pass_up(ticket.id, "x", co_handler),
        tickets.co_handling.sign(ticket.id, lead),
    ):
        with pytest.raises(Forbidden):
            await attempt
    with pytest.raises(NotYours):
        await tickets.co_handling.sign(ticket.id, place.worker(place.above))
    assert (await tickets.get(ticket.id)).version == ticket.version


async def test_lead_and_pending_co_handlers_cannot_be_asked(tickets: TicketService, place: Place) -> None:
    ticket = await helped(tickets, place)
    for department_id, refusal in (
        (place.east, CannotHelp),
        (place.west, CannotHelp),
        ("department-none", UnknownReference),
    ):
        with pytest.raises(refusal) as refused:
            await tickets.co_handling.ask(ticket.id, [CoTask(department_id=department_id)], AGENT)
        assert [problem.field for problem in refused.value.errors] == ["department_id"]
    with pytest.raises(CannotHelp):
        await tickets.co_handling.release(ticket.id, place.above, "x", AGENT)
    assert (await tickets.get(ticket.id)).version == ticket.version


async def test_released_co_handler_may_be_asked_again(tickets: TicketService, place: Place) -> None:
    ticket = await helped(tickets, place)
    await tickets.co_handling.release(ticket.id, place.west, "不再需要", AGENT)
    assert await tickets.page(ListQuery(limit=9), place.west) == []
    await tickets.co_handling.ask(ticket.id, [CoTask(department_id=place.west, task="又需要了")], AGENT)

    (part,) = (await tickets.get(ticket.id)).co_handlers
    assert (part.state, part.task) == (CoHandlerState.ASKED, "又需要了")


async def test_co_handler_that_becomes_lead_is_released(tickets: TicketService, place: Place) -> None:
    ticket = await helped(tickets, place)
    await tickets.dispatch(ticket.id, place.west, AGENT)

    assert [part.state for part in (await tickets.get(ticket.id)).co_handlers] == [CoHandlerState.RELEASED]
    signed = await tickets.sign(ticket.id, place.worker(place.west))
    assert signed.status is TicketStatus.SIGNED


async def test_s7_departments_with_a_part_see_a_ticket_and_no_others(tickets: TicketService, place: Place) -> None:
    mine = await helped(tickets, place)
    theirs = await tickets.file(place.fault(address=""), AGENT)
    await tickets.dispatch(theirs.id, place.above, AGENT)

    for department, seen in ((place.east, {mine.id}), (place.west, {mine.id}), (place.above, {theirs.id})):
        assert {found.id for found in await tickets.page(ListQuery(limit=9), department)} == seen
        for ticket_id in (mine.id, theirs.id):
            ticket = await tickets.get(ticket_id)
            assert await tickets.may_see(ticket, Role.DEPARTMENT, department) == (ticket_id in seen)
            assert not await tickets.may_see(ticket, Role.DEPARTMENT, None)
            assert await tickets.may_see(ticket, Role.AGENT, None)


async def test_a_department_s_pages_go_on_where_the_last_one_ended(tickets: TicketService, place: Place) -> None:
    ids = []
    for number in range(6):
        filed = await tickets.file(place.fault(address=""), AGENT)
        lead, co_handler = (place.east, place.west) if number % 2 else (place.west, place.east)
        await tickets.dispatch(filed.id, lead, AGENT, co_handlers=[CoTask(department_id=co_handler)])
        ids.append(filed.id)
    seen: list[str] = []
    while page := await tickets.page(ListQuery(after=seen[-1] if seen else None, limit=2), place.east):
        seen += [found.id for found in page]

    assert seen == ids[::-1]


async def test_h16_the_answer_of_the_tier_above_travels_back_down(
    database: Database, tickets: TicketService, place: Place
) -> None:
    ticket, east, above = await passed_up(tickets, place), place.worker(place.east), place.worker(place.above)
    assert (ticket.status, ticket.department_id) == (TicketStatus.DISPATCHED, place.above)
    kind, payload = await last_told(database)
    assert (kind, payload["department_id"], payload["from_department"]) == ("ticket.pass_up", place.above, place.east)
    # A department that waits for the answer sees the ticket and cannot change it.
    assert [found.id for found in await tickets.page(ListQuery(limit=9), place.east)] == [ticket.id]
    with pytest.raises(Forbidden):
        await tickets.sign(ticket.id, east)

    await tickets.sign(ticket.id, above)
    answered = await tickets.reply(ticket.id, "公司同意更换主管道", above)
    assert (answered.status, answered.department_id, answered.reply) == (TicketStatus.DISPATCHED, place.east, "")
    kind, payload = await last_told(database)
    assert (kind, payload["department_id"]) == ("ticket.answer_down", place.east)
    await tickets.sign(ticket.id, east)
    replied = await tickets.reply(ticket.id, "已更换主管道", east)

    assert (replied.status, replied.department_id, replied.reply) == (
        *(TicketStatus.REPLIED, place.east, "已更换主管道"),
    )
    (step,) = (await tickets.get(ticket.id)).passes
    assert (step.state, step.answer, step.answered_by) == (PassState.ANSWERED, "公司同意更换主管道", above.name)


async def test_highest_tier_cannot_pass_up(tickets: TicketService, place: Place) -> None:
    ticket = await passed_up(tickets, place)
    with pytest.raises(NoHigherTier):
        await tickets.tiers.pass_up(ticket.id, "需上级答复", place.worker(place.above))


async def test_a_ticket_dispatched_elsewhere_is_waited_for_no_longer(tickets: TicketService, place: Place) -> None:
    ticket, west = await passed_up(tickets, place), place.worker(place.west)
    await tickets.dispatch(ticket.id, place.west, AGENT)
    assert await tickets.page(ListQuery(limit=9), place.east) == []
    await tickets.sign(ticket.id, west)

    assert (await tickets.reply(ticket.id, "已修复", west)).status is TicketStatus.REPLIED
    assert [step.state for step in (await tickets.get(ticket.id)).passes] == [PassState.WITHDRAWN]


async def test_a_tier_above_that_is_overruled_still_answers_who_waits(tickets: TicketService, place: Place) -> None:
    ticket, above = await passed_up(tickets, place), place.worker(place.above)
    await tickets.refusals.refuse(ticket.id, NOT_OURS, above)
    await tickets.refusals.overrule(ticket.id, "应由公司答复", SUPERVISOR)
    await tickets.sign(ticket.id, above)

    assert (await tickets.reply(ticket.id, "同意", above)).department_id == place.east
