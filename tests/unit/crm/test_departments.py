"""Departments and causes: named once, and under what exists."""

import asyncio

import pytest
from pydantic import ValidationError

from crm.departments.errors import NameTaken, UnknownReference
from crm.departments.model import CategoryInput, DepartmentInput
from crm.departments.service import DepartmentService
from foundation.database import Database


@pytest.fixture
def departments(database: Database) -> DepartmentService:
    return DepartmentService(database)


async def test_a_tree_of_departments_and_what_a_cause_proposes(departments: DepartmentService) -> None:
    repairs = await departments.create(DepartmentInput(name="维修部"))
    east = await departments.create(DepartmentInput(name=" 城东维修工区 ", parent_id=repairs.id, area="城东"))
    faults = await departments.create_category(CategoryInput(name="供热故障"))
    cold = await departments.create_category(CategoryInput(name="暖气不热", parent_id=faults.id, department_id=east.id))

    assert {found.name: found.parent_id for found in await departments.all()} == {
        "维修部": None,
        "城东维修工区": repairs.id,
    }
    assert await departments.get(east.id) == east
    assert {found.id: found.department_id for found in await departments.categories()} == {
        faults.id: None,
        cold.id: east.id,
    }
    assert await departments.get("department-none") is None


async def test_of_many_who_take_a_name_at_once_one_gets_it(departments: DepartmentService) -> None:
    outcomes = await asyncio.gather(
        *(departments.create(DepartmentInput(name="收费科")) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DepartmentView", *["NameTaken"] * 4]
    await departments.create_category(CategoryInput(name="收费咨询"))
    with pytest.raises(NameTaken):
        await departments.create_category(CategoryInput(name="收费咨询"))


@pytest.mark.parametrize("field", ["parent_id", "department_id"])
async def test_what_does_not_exist_is_named(departments: DepartmentService, field: str) -> None:
    with pytest.raises(UnknownReference) as refusal:
        await departments.create_category(CategoryInput.model_validate({"name": "x", field: "department-none"}))
    assert [problem.field for problem in refusal.value.errors] == [field]
    with pytest.raises(UnknownReference):
        await departments.create(DepartmentInput(name="x", parent_id="department-none"))
    assert await departments.all() == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\nb"])
def test_a_name_is_one_line(name: str) -> None:
    for kind in (DepartmentInput, CategoryInput):
        with pytest.raises(ValidationError):
            kind(name=name)
