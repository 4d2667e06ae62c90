"""Departments as a tree with unique names."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from crm.departments.errors import Circle, DepartmentNotFound, NameTaken, OutOfUse, UnknownTreeReference
from crm.departments.http import routes
from crm.departments.model import DepartmentChange, DepartmentInput, DepartmentView
from crm.departments.service import DepartmentService
from foundation.database import Database
from foundation.edits import EditedMeanwhile
from foundation.problems import Problem
from foundation.routes import Role


@pytest.fixture
def departments(database: Database) -> DepartmentService:
    return DepartmentService(database)


def change(**changes: Any) -> DepartmentChange:
    return DepartmentChange.model_validate(changes)


async def line(departments: DepartmentService, *names: str) -> list[DepartmentView]:
    """Create departments, each under the one before."""
    made: list[DepartmentView] = []
    for name in names:
        parent_id = made[-1].id if made else None
        made.append(await departments.create(DepartmentInput(name=name, parent_id=parent_id)))
    return made


async def test_a_tree_of_departments(departments: DepartmentService) -> None:
    repairs = await departments.create(DepartmentInput(name="维修部"))
    east = await departments.create(DepartmentInput(name=" 城东维修工区 ", parent_id=repairs.id, area="城东"))

    assert {found.name: found.parent_id for found in await departments.all()} == {
        "维修部": None,
        "城东维修工区": repairs.id,
    }
    assert await departments.get(east.id) == east
    assert await departments.get("department-none") is None


async def test_of_many_who_take_a_name_at_once_one_gets_it(departments: DepartmentService) -> None:
    outcomes = await asyncio.gather(
        *(departments.create(DepartmentInput(name="收费科")) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DepartmentView", *["NameTaken"] * 4]


async def test_a_department_is_renamed_moved_and_put_out_of_use(departments: DepartmentService) -> None:
    (city,), (county,) = await line(departments, "市局"), await line(departments, "县局")
    renamed = await departments.update(county.id, change(name="东县局"))
    moved = await departments.update(county.id, change(parent_id=city.id, area="东县"))
    closed = await departments.update(county.id, change(active=False))

    assert (renamed.name, renamed.parent_id) == ("东县局", None)
    assert (moved.name, moved.parent_id, moved.area) == ("东县局", city.id, "东县")
    assert (closed.active, closed.parent_id) == (False, city.id)
    assert (await departments.update(county.id, change(parent_id=None))).parent_id is None


@pytest.mark.parametrize("under", [0, 1, 2])
async def test_no_department_is_under_itself(departments: DepartmentService, under: int) -> None:
    chain = await line(departments, "省", "市", "县")
    with pytest.raises(Circle) as refused:
        await departments.update(chain[0].id, change(parent_id=chain[under].id))
    assert [problem.field for problem in refused.value.errors] == ["parent_id"]
    assert [found.parent_id for found in (await departments.all()) if found.id == chain[0].id] == [None]


async def test_two_moves_at_once_make_no_circle(departments: DepartmentService) -> None:
    for attempt in range(5):
        (one,), (other,) = await line(departments, f"甲{attempt}"), await line(departments, f"乙{attempt}")
        outcomes = await asyncio.gather(
            departments.update(one.id, change(parent_id=other.id)),
            departments.update(other.id, change(parent_id=one.id)),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Circle", "DepartmentView"]


async def test_department_in_use_is_not_under_one_out_of_use(departments: DepartmentService) -> None:
    city, county = await line(departments, "市", "县")
    with pytest.raises(OutOfUse, match="县"):
        await departments.update(city.id, change(active=False))
    await departments.update(county.id, change(active=False))
    await departments.update(city.id, change(active=False))
    with pytest.raises(OutOfUse):
        await departments.update(county.id, change(active=True))
    with pytest.raises(OutOfUse):
        await departments.create(DepartmentInput(name="区", parent_id=city.id))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": "县"}, NameTaken),
        ({"parent_id": "department-none"}, UnknownTreeReference),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    departments: DepartmentService, changes: dict[str, Any], refusal: type[Problem]
) -> None:
    city, _ = await line(departments, "市", "县")
    with pytest.raises(refusal):
        await departments.update(city.id, change(**changes, area="城东"))
    assert await departments.get(city.id) == city
    with pytest.raises(DepartmentNotFound):
        await departments.update("department-none", change(name="区"))
    with pytest.raises(UnknownTreeReference):
        await departments.create(DepartmentInput(name="x", parent_id="department-none"))


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\nb"])
def test_a_name_is_one_line(name: str) -> None:
    for kind in (DepartmentInput, DepartmentChange):
        with pytest.raises(ValidationError):
            kind(name=name)


def test_only_administrators_change_departments(sqlite_database: Database) -> None:
    table = routes(DepartmentService(sqlite_database)).table
    assert {frozenset({Role.ADMINISTRATOR})} == {route.roles for route in table if route.method != "GET"}


async def test_of_two_edits_of_one_field_the_second_is_refused(departments: DepartmentService) -> None:
    (east,) = await line(departments, "东区")
    await departments.update(east.id, change(area="城东", before={"area": ""}))
    with pytest.raises(EditedMeanwhile) as refused:
        await departments.update(east.id, change(area="城北", name_en="East", before={"area": "", "name_en": ""}))
    assert [one.field for one in refused.value.errors] == ["area"]
    # Another field, and a client that does not say what it saw.
    await departments.update(east.id, change(name_en="East", before={"name_en": ""}))
    await departments.update(east.id, change(area="城西"))
    (found,) = await departments.all()
    assert (found.area, found.name_en) == ("城西", "East")
