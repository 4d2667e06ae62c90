"""Colleagues for everyone, found by pinyin, and own settings."""

import pytest
from pydantic import ValidationError

from crm.staff.errors import StaffNotFound
from crm.staff.model import StaffChange, StaffInput
from crm.staff.people.initials import initials
from crm.staff.people.model import FindPeople
from crm.staff.people.service import PeopleService
from crm.staff.preferences.model import OwnSettings, StaffSettings, Theme
from crm.staff.preferences.service import PreferencesService
from crm.staff.service import StaffService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Role
from tests.unit.crm.conftest import Place

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张小明", "zxm"),
        ("曾国藩", "zgf"),
        ("刘鑫", "lx"),
        ("啊座", "az"),
        ("John Smith", "js"),
        ("Agent (1001)", "a"),
        ("欧阳 娜", "oyn"),
        ("\U00020000", ""),
    ],
)
def test_initials_are_those_of_the_pinyin(name: str, letters: str) -> None:
    assert initials(name) == letters


async def test_people_are_those_in_use_with_their_departments(database: Database, place: Place) -> None:
    staff, people = StaffService(database, ["repair"]), PeopleService(database)
    agent = StaffInput(staff_number="1001", name="张小明", role=Role.AGENT, password=PASSWORD, queues=["repair"])
    await staff.create(agent)
    worker = StaffInput(
        staff_number="2001", name="李建国", role=Role.DEPARTMENT, password=PASSWORD, department_id=place.east
    )
    worker_id = (await staff.create(worker)).id
    gone = await staff.create(StaffInput(staff_number="2002", name="走了", role=Role.QUALITY, password=PASSWORD))
    await staff.update(gone.id, StaffChange(active=False))

    found = await people.find(FindPeople())
    assert [(one.staff_number, one.initials, one.queues) for one in found] == [
        ("1001", "zxm", ["repair"]),
        ("2001", "ljg", []),
    ]
    (one,) = await people.find(FindPeople(department_id=place.east, role=Role.DEPARTMENT))
    assert one.department_name
    assert await people.find(FindPeople(department_id=place.west)) == []
    profile = await people.profile(worker_id)
    assert profile is not None
    assert (profile.language, profile.department_name) == ("zh", one.department_name)
    assert await people.profile("nothing") is None


async def test_settings_are_the_usual_ones_until_replaced(database: Database) -> None:
    staff = StaffService(database, [])
    own = PreferencesService(database, staff)
    given = StaffInput(staff_number="1001", name="张小明", role=Role.AGENT, password=PASSWORD)
    staff_id = (await staff.create(given)).id
    assert await own.of(staff_id) == OwnSettings()
    for theme in (Theme.DARK, Theme.LIGHT):
        wanted = OwnSettings(
            language="en",
            theme=theme,
            ring_volume=30,
            columns={"tickets": ["number", "subject"]},
            favourites=["queue:repair"],
        )
        assert await own.replace(staff_id, wanted) == wanted
        assert await own.of(staff_id) == wanted
    assert (await staff.of_number("1001")).language == "en"
    with pytest.raises(StaffNotFound):
        await own.of("nothing")


async def test_stored_settings_that_no_longer_fit_are_the_usual_ones(database: Database) -> None:
    staff = StaffService(database, [])
    given = StaffInput(staff_number="1001", name="张小明", role=Role.AGENT, password=PASSWORD)
    staff_id = (await staff.create(given)).id
    async with database.write() as session:
        session.add(StaffSettings(staff_id=staff_id, stored={"theme": "pink"}, changed_at=utc_now()))
    assert await PreferencesService(database, staff).of(staff_id) == OwnSettings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"ring_volume": 101},
        {"ring_tone": "../x"},
        {"columns": {"tickets": ["x"] * 41}},
        {"columns": {f"list{n}": [] for n in range(41)}},
        {"colour": "red"},
        {"favourites": ["number:13800000001"]},
        {"favourites": ["queue:x"] * 51},
    ],
)
def test_settings_are_bounded(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OwnSettings.model_validate(wrong)
