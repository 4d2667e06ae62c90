"""Corrections: the matter's key, the deadlines and the log follow."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from pydantic import ValidationError
from sqlmodel import col, select

from crm.categories.model import CategoryChange, CategoryInput
from crm.categories.service import CategoryService
from crm.customers.protection.service import ProtectionService
from crm.outbox.model import OutboxEntry
from crm.personal_data.serializer import masked
from crm.sla.policy import ClockKind
from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.errors import (
    ChangedMeanwhile,
    FormNotFilled,
    NotAllowedNow,
    NothingCorrected,
    SameMatterOpen,
    UnknownReference,
)
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import Urgency
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.database import Database
from foundation.problems import Forbidden
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, CALLER, SUPERVISOR, Place
from tests.unit.crm.customers import people
from tests.unit.crm.customers.test_protection import hospital
from tests.unit.crm.sla import clock_kit
from tests.unit.crm.sla.clock_kit import MONDAY, Clocks, local, minutes

OTHER_HOUSE = "幸福路12号3单元403"


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
async def clocks(database: Database, now: time_machine.Traveller) -> Clocks:
    made = clock_kit.node(database)
    await made.enter()
    return made


async def correct(tickets: TicketService, ticket: TicketView, **changes: Any) -> TicketView:
    return await tickets.corrections.correct(ticket.id, CorrectTicket.model_validate(changes), AGENT)


async def test_correction_changes_given_fields_and_logs_both_values(
    database: Database, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(category_id=None, description="不热"), AGENT)

    found = await correct(tickets, filed, category_id=place.cold, area="城西", subject="暖气不热", reason="网上报修")

    assert found == filed.model_copy(update={"category_id": place.cold, "area": "城西", "version": 2})
    entry = (await tickets.get(filed.id)).log[-1]
    assert (entry.action, entry.from_status, entry.to_status) == ("correct", "registered", "registered")
    assert entry.detail == {
        "corrected": ["category_id", "area"],
        "before": {"category": None, "area": "城东"},
        "after": {"category": "暖气不热", "area": "城西"},
        "reason": "网上报修",
    }
    async with database.read() as session:
        told = (await session.exec(select(OutboxEntry).where(col(OutboxEntry.kind) == "ticket.correct"))).one()
    assert (told.payload["corrected"], told.payload["category_id"]) == (["category_id", "area"], place.cold)


async def test_the_log_is_masked_as_the_ticket_is(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(description="请打13800000001"), AGENT)
    await correct(tickets, filed, address=OTHER_HOUSE, description="请打13800000002")

    seen = masked((await tickets.get(filed.id)).log[-1], Role.QUALITY).detail
    assert seen["before"] == {"address": "幸福路12号****", "description": "请打138****0001"}
    assert seen["after"] == {"address": "幸福路12号****", "description": "请打138****0002"}


async def test_the_address_is_compared_as_it_is_now(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await correct(tickets, filed, address=OTHER_HOUSE)

    there = await tickets.file(place.fault("+8613800000002", address="幸福路12号三单元403室"), AGENT)
    before = await tickets.file(place.fault("+8613800000003"), AGENT)
    assert there.id == filed.id
    assert before.id != filed.id


async def test_a_matter_that_another_open_ticket_has_is_refused_and_names_it(
    tickets: TicketService, place: Place
) -> None:
    first = await tickets.file(place.fault(), AGENT)
    second = await tickets.file(place.fault("+8613800000002", category_id=None), AGENT)

    with pytest.raises(SameMatterOpen) as refused:
        await correct(tickets, second, category_id=place.cold, subject="没有热水")
    assert first.number in refused.value.detail
    assert [problem.field for problem in refused.value.errors] == ["address", "category_id"]
    assert (await tickets.get(second.id)).model_dump(include=set(TicketView.model_fields)) == second.model_dump()

    # A merged ticket does not conflict with its own head, and a closed one with none.
    await tickets.merges.merge(second.id, MergeTicket(into=first.id), AGENT)
    assert (await correct(tickets, first, category_id=None)).category_id is None
    third = await tickets.file(place.fault("+8613800000003"), AGENT)
    assert third.id not in {first.id, second.id}
    await tickets.answer(third.id, "已解决", AGENT)
    assert (await correct(tickets, first, category_id=place.cold)).category_id == place.cold


async def test_of_two_that_become_one_matter_at_once_one_is_refused(tickets: TicketService, place: Place) -> None:
    filed = [await tickets.file(place.fault(address=f"幸福路12号{room}室"), AGENT) for room in (1, 2, 3)]

    found = await asyncio.gather(
        *(correct(tickets, ticket, address=OTHER_HOUSE) for ticket in filed), return_exceptions=True
    )

    assert [type(one) for one in found if not isinstance(one, TicketView)] == [SameMatterOpen] * 2


@pytest.mark.parametrize(
    ("changes", "refusal", "field"),
    [
        ({"category_id": "category-none"}, UnknownReference, "category_id"),
        ({"customer_id": "customer-none"}, UnknownReference, "customer_id"),
        ({"form": {"colour": "red"}}, FormNotFilled, "form.colour"),
        ({"subject": "暖气不热", "area": "城东"}, NothingCorrected, "subject"),
    ],
)
async def test_senseless_correction_is_refused_and_changes_nothing(
    tickets: TicketService, place: Place, changes: dict[str, Any], refusal: type[UnknownReference], field: str
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    with pytest.raises(refusal) as refused:
        await correct(tickets, filed, **{"description": "", **changes})
    assert field in [problem.field for problem in refused.value.errors]
    assert (await tickets.get(filed.id)).version == 1


@pytest.mark.parametrize("body", [{}, {"reason": "x"}, {"subject": ""}, {"urgency": None}, {"kind": "complaint"}])
def test_contradictory_correction_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CorrectTicket.model_validate(body)


async def test_a_category_out_of_use_is_none_to_correct_to(
    database: Database, tickets: TicketService, place: Place
) -> None:
    categories = CategoryService(database)
    old = await categories.create(CategoryInput(name="旧类别"))
    filed = await tickets.file(place.fault(category_id=old.id), AGENT)
    await categories.update(old.id, CategoryChange(active=False))

    with pytest.raises(UnknownReference):
        await correct(tickets, await tickets.file(place.fault(address=""), AGENT), category_id=old.id)
    # Tickets filed under the category before may be corrected in other fields.
    assert (await correct(tickets, filed, category_id=old.id, area="城西")).area == "城西"


async def test_the_form_is_filled_as_it_was_asked(tickets: TicketService, place: Place) -> None:
    form = {"product": "燃气热水器", "model": "JSQ-24"}
    filed = await tickets.file(place.fault(kind="after_sales", form=form), AGENT)

    with pytest.raises(FormNotFilled):
        await correct(tickets, filed, form={"model": "JSQ-24"})
    found = await correct(tickets, filed, form=form | {"product": "燃气灶"})

    assert found.form == form | {"product": "燃气灶"}
    assert (await tickets.get(filed.id)).log[-1].detail["before"] == {"form": form}


async def test_role_and_state_decide_about_corrections(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)
    given = CorrectTicket(area="城西")
    for stranger in (place.worker(place.east), CALLER):
        with pytest.raises(Forbidden):
            await tickets.corrections.correct(filed.id, given, stranger)
    with pytest.raises(ChangedMeanwhile):
        await tickets.corrections.correct(filed.id, given, AGENT, expected_version=1)
    assert (await tickets.corrections.correct(filed.id, given, AGENT, expected_version=2)).status == "dispatched"

    await tickets.cancel(filed.id, "重复登记", SUPERVISOR)
    with pytest.raises(NotAllowedNow):
        await correct(tickets, filed, area="城东")


async def test_h4_corrected_customer_becomes_the_reporter(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    assert (await correct(tickets, filed, customer_id=place.li.id)).customer_id == place.li.id
    assert [found.customer_id for found in (await tickets.get(filed.id)).reporters] == [place.li.id]

    await correct(tickets, filed, customer_id=place.wang.id)
    assert [found.customer_id for found in (await tickets.get(filed.id)).reporters] == [place.wang.id]
    assert [found.id for found in await tickets.open_for_customer(place.wang.id)] == [filed.id]
    assert await tickets.open_for_customer(place.li.id) == []


async def test_h25_ticket_corrected_to_a_protected_customer_is_critical(
    database: Database, tickets: TicketService, place: Place
) -> None:
    await ProtectionService(database).create(hospital(place.wang.id), people.SUPERVISOR)
    filed = await tickets.file(place.fault(number=None), AGENT)

    found = await correct(tickets, filed, customer_id=place.wang.id)
    assert found.urgency is Urgency.CRITICAL
    detail = (await tickets.get(filed.id)).log[-1].detail
    assert (detail["before"]["urgency"], detail["after"]["urgency"]) == ("normal", "critical")
    assert detail["protected"] is True
    with pytest.raises(NothingCorrected):
        await correct(tickets, filed, urgency="normal")


async def test_h18_deadlines_follow_what_was_corrected(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    now.shift(minutes(30))
    await correct(clocks.tickets, ticket, area="城西")
    assert await clocks.due(ticket.id) == local("2026-03-03 11:00")

    await correct(clocks.tickets, ticket, urgency="critical")
    # Half an hour of the hour is used, more than the ten minutes: the least share, half of them, is left.
    assert await clocks.due(ticket.id) == local("2026-03-02 10:00")
    assert (await clocks.of(ticket.id))[ClockKind.RESPOND].due_at == local("2026-03-02 09:35")

    # Corrected back from critical: the whole time, less the minutes of the share.
    await correct(clocks.tickets, ticket, urgency="normal")
    assert await clocks.due(ticket.id) == local("2026-03-03 11:00")


async def test_h18_a_deadline_that_has_passed_stays_passed(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await clocks.tickets.file(place.fault(urgency="critical"), AGENT)
    now.shift(minutes(90))
    await correct(clocks.tickets, ticket, urgency="normal")
    assert await clocks.due(ticket.id) == local("2026-03-02 10:00")


async def test_h18_a_category_with_a_term_of_its_own(clocks: Clocks, place: Place) -> None:
    rule = {"category_id": place.cold, "respond_minutes": 20, "resolve_minutes": 60}
    await clocks.enter(clock_kit.POLICY | {"rules": [*clock_kit.POLICY["rules"], rule]})
    ticket = await clocks.tickets.file(place.fault(category_id=None), AGENT)
    assert await clocks.due(ticket.id) == local("2026-03-03 11:00")
    await correct(clocks.tickets, ticket, category_id=place.cold)
    assert await clocks.due(ticket.id) == local("2026-03-02 10:00")
