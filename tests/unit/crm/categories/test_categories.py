"""Catalogue of causes as a tree, and its proposals."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from crm.categories import store
from crm.categories.errors import CategoryNotFound
from crm.categories.http import routes
from crm.categories.model import CategoryChange, CategoryInput, ProposalReason
from crm.categories.service import CategoryService
from crm.departments.errors import Circle, NameTaken, OutOfUse, UnknownTreeReference
from crm.departments.model import DepartmentChange, DepartmentInput, DepartmentView
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.errors import CauseDoesNotFit
from crm.tickets.errors import UnknownReference as UnknownToTickets
from crm.tickets.refusals.model import RefusalReason
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, NOT_OURS, SUPERVISOR, Place


@pytest.fixture
def categories(database: Database) -> CategoryService:
    return CategoryService(database)


@pytest.fixture
def departments(database: Database) -> DepartmentService:
    return DepartmentService(database)


def change(**changes: Any) -> CategoryChange:
    return CategoryChange.model_validate(changes)


async def test_a_cause_is_renamed_moved_given_to_another_and_put_out_of_use(
    categories: CategoryService, departments: DepartmentService
) -> None:
    repairs = await departments.create(DepartmentInput(name="维修部"))
    faults = await categories.create(CategoryInput(name="供热故障"))
    cold = await categories.create(CategoryInput(name="暖气不热"))
    await categories.update(cold.id, change(name="不热", parent_id=faults.id, department_id=repairs.id))
    await categories.update(cold.id, change(active=False))

    (found,) = [found for found in await categories.all() if found.id == cold.id]
    assert (found.name, found.parent_id, found.department_id, found.active) == ("不热", faults.id, repairs.id, False)


async def test_change_that_breaks_the_tree_is_refused(categories: CategoryService) -> None:
    faults = await categories.create(CategoryInput(name="供热故障"))
    cold = await categories.create(CategoryInput(name="暖气不热", parent_id=faults.id))
    before = await categories.all()
    for wrong, refusal in (
        (change(parent_id=cold.id), Circle),
        (change(parent_id=faults.id), Circle),
        (change(active=False), OutOfUse),
        (change(name="暖气不热"), NameTaken),
        (change(parent_id="category-none"), UnknownTreeReference),
        (change(name="其他", department_id="department-none"), UnknownTreeReference),
    ):
        with pytest.raises(refusal):
            await categories.update(faults.id, wrong)
    with pytest.raises(NameTaken):
        await categories.create(CategoryInput(name="暖气不热"))
    for field in ("parent_id", "department_id"):
        with pytest.raises(UnknownTreeReference) as refused:
            await categories.create(CategoryInput.model_validate({"name": "x", field: "none"}))
        assert [problem.field for problem in refused.value.errors] == [field]
    with pytest.raises(CategoryNotFound):
        await categories.update("category-none", change(name="x"))
    assert await categories.all() == before


async def test_two_moves_at_once_make_no_circle(categories: CategoryService) -> None:
    one, other = [await categories.create(CategoryInput(name=name)) for name in ("甲", "乙")]
    outcomes = await asyncio.gather(
        categories.update(one.id, change(parent_id=other.id)),
        categories.update(other.id, change(parent_id=one.id)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CategoryView", "Circle"]


async def test_category_out_of_use_takes_no_ticket(
    categories: CategoryService, departments: DepartmentService, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await categories.update(place.cold, change(active=False))
    await departments.update(place.east, DepartmentChange(active=False))

    with pytest.raises(UnknownToTickets, match="category_id"):
        await tickets.file(place.fault(address=""), AGENT)
    with pytest.raises(UnknownToTickets, match="no department"):
        await tickets.dispatch(filed.id, place.east, AGENT)


async def proposed(categories: CategoryService, category_id: str, area: str = "") -> list[tuple[str, list[str]]]:
    found = await categories.proposed(category_id, area)
    return [(one.name, [str(reason) for reason in one.why]) for one in found]


async def test_the_cause_proposes_its_department_or_that_of_the_cause_above(
    categories: CategoryService, departments: DepartmentService
) -> None:
    repairs = await departments.create(DepartmentInput(name="维修部"))
    faults = await categories.create(CategoryInput(name="供热故障", department_id=repairs.id))
    cold = await categories.create(CategoryInput(name="暖气不热", parent_id=faults.id))
    other = await categories.create(CategoryInput(name="其他"))

    assert await proposed(categories, faults.id) == [("维修部", ["category"])]
    assert await proposed(categories, cold.id) == [("维修部", ["parent_category"])]
    assert await proposed(categories, other.id) == []
    with pytest.raises(CategoryNotFound):
        await proposed(categories, "category-none")
    await departments.update(repairs.id, DepartmentChange(active=False))
    assert await proposed(categories, cold.id) == []


async def test_of_departments_side_by_side_the_one_in_the_area_comes_first(
    categories: CategoryService, departments: DepartmentService, place: Place
) -> None:
    fees = await departments.create(DepartmentInput(name="收费科"))
    bill = await categories.create(CategoryInput(name="收费咨询", department_id=fees.id))

    assert await proposed(categories, place.cold, "城东") == [("城东维修工区", ["category", "area"])]
    assert await proposed(categories, place.cold, "城西") == [
        ("城西维修工区", ["area"]),
        ("城东维修工区", ["category"]),
    ]
    assert await proposed(categories, place.cold) == [("城东维修工区", ["category"])]
    assert await proposed(categories, bill.id, "城西") == [("收费科", ["category"])]
    west_fees = await departments.create(DepartmentInput(name="西收费组", parent_id=fees.id, area="城西"))
    assert (await categories.proposed(bill.id, "城西"))[0].department_id == west_fees.id


async def rule(tickets: TicketService, place: Place, to: DepartmentView, reason: RefusalReason) -> None:
    """Uphold a refusal of the eastern department."""
    filed = await tickets.file(place.fault(address=""), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)
    refused = NOT_OURS.model_copy(update={"reason": reason})
    await tickets.refusals.refuse(filed.id, refused, place.worker(place.east))
    await tickets.refusals.uphold(filed.id, to.id, "应由抢修队处理", SUPERVISOR)


async def test_rulings_correct_what_is_proposed(
    categories: CategoryService, departments: DepartmentService, tickets: TicketService, place: Place
) -> None:
    crew = await departments.create(DepartmentInput(name="抢修队"))
    for _ in range(3):
        await rule(tickets, place, crew, RefusalReason.DUPLICATE)
    assert await proposed(categories, place.cold, "城东") == [("城东维修工区", ["category", "area"])]

    await rule(tickets, place, crew, RefusalReason.NOT_OUR_DUTY)
    assert [name for name, _ in await proposed(categories, place.cold, "城东")] == ["城东维修工区", "抢修队"]
    await rule(tickets, place, crew, RefusalReason.NOT_OUR_DUTY)
    assert await proposed(categories, place.cold, "城东") == [
        ("抢修队", [ProposalReason.RULINGS]),
        ("城东维修工区", ["category", "area"]),
    ]
    # A ruling about one area does not count for another.
    assert [name for name, _ in await proposed(categories, place.cold, "城西")] == ["城西维修工区", "城东维修工区"]


async def test_rulings_at_once_the_other_way_round_are_all_counted(
    database: Database, tickets: TicketService, place: Place
) -> None:
    there_and_back = [(place.east, place.west), (place.west, place.east)] * 4
    rulings = []
    for refusing, other in there_and_back:
        filed = await tickets.file(place.fault(address=""), AGENT)
        await tickets.dispatch(filed.id, refusing, AGENT)
        await tickets.refusals.refuse(filed.id, NOT_OURS, place.worker(refusing))
        rulings.append(tickets.refusals.uphold(filed.id, other, "应由对方处理", SUPERVISOR))
    await asyncio.gather(*rulings)

    async with database.read() as session:
        counts = {found.department_id: found for found in await store.counts(session, place.cold, "城东")}
    assert {key: (found.theirs, found.not_theirs) for key, found in counts.items()} == {
        place.east: (4, 4),
        place.west: (4, 4),
    }


async def test_an_overruled_refusal_confirms_what_was_proposed(
    categories: CategoryService, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(address=""), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)
    await tickets.refusals.refuse(filed.id, NOT_OURS, place.worker(place.east))
    before = (await categories.proposed(place.cold, "城东"))[0].score
    await tickets.refusals.overrule(filed.id, "该户在本工区", SUPERVISOR)

    (one,) = await categories.proposed(place.cold, "城东")
    assert (one.department_id, one.score) == (place.east, before + 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\nb"])
def test_a_name_is_one_line(name: str) -> None:
    for kind in (CategoryInput, CategoryChange):
        with pytest.raises(ValidationError):
            kind(name=name)


def test_only_administrators_change_the_catalogue(sqlite_database: Database) -> None:
    table = routes(CategoryService(sqlite_database)).table
    assert {frozenset({Role.ADMINISTRATOR})} == {route.roles for route in table if route.method != "GET"}


async def test_a_cause_fits_its_kinds_else_those_above_it_else_all(
    categories: CategoryService, tickets: TicketService, place: Place
) -> None:
    heat = await categories.create(CategoryInput(name="供热故障", kinds=[TicketKind.FAULT, TicketKind.COMPLAINT]))
    leak = await categories.create(CategoryInput(name="管道漏水", parent_id=heat.id))
    rude = await categories.create(CategoryInput(name="服务投诉", parent_id=heat.id, kinds=[TicketKind.COMPLAINT]))
    fits = {one.name: one.fits for one in await categories.all()}
    assert fits == {
        "暖气不热": list(TicketKind),
        "供热故障": [TicketKind.COMPLAINT, TicketKind.FAULT],
        "管道漏水": [TicketKind.COMPLAINT, TicketKind.FAULT],
        "服务投诉": [TicketKind.COMPLAINT],
    }

    filed = await tickets.file(place.fault(category_id=leak.id), AGENT)
    with pytest.raises(CauseDoesNotFit) as refused:
        await tickets.file(place.fault(category_id=rude.id), AGENT)
    assert [one.field for one in refused.value.errors] == ["category_id"]
    with pytest.raises(CauseDoesNotFit):
        await tickets.corrections.correct(filed.id, CorrectTicket(category_id=rude.id), AGENT)
    # What was filed before the kinds were entered stays, and the rest of it can be corrected.
    await categories.update(leak.id, change(kinds=["complaint"]))
    await tickets.corrections.correct(filed.id, CorrectTicket(subject="漏水"), AGENT)
