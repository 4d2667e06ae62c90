"""Staff accounts: no account is revealed, no secret is shown."""

import time
from typing import Any

import pytest
from pydantic import ValidationError

from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.staff.errors import NumberTaken, OwnAccount, StaffNotFound, UnknownDepartment, UnknownQueue
from crm.staff.http import routes
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.routes import NoQuery, Principal, Request, Role

PASSWORD = "a long password"
QUEUES = ("consult", "repair")


def somebody(staff_number: str = "1001", **changes: Any) -> StaffInput:
    given = {"staff_number": staff_number, "name": "刘芳", "role": Role.AGENT, "password": PASSWORD, **changes}
    return StaffInput(**given)


@pytest.fixture
def staff(database: Database) -> StaffService:
    return StaffService(database, QUEUES)


async def test_the_right_password_gives_the_account(staff: StaffService) -> None:
    created = await staff.create(somebody())

    assert await staff.authenticate("1001", PASSWORD) == Principal(created.id, "1001", "刘芳", Role.AGENT, None)


@pytest.mark.parametrize(
    ("number", "password"),
    [
        ("1001", "a wrong password"),
        ("1001", ""),
        ("1002", PASSWORD),
        ("", PASSWORD),
        ("1001' OR '1'='1", PASSWORD),
        ("','',sleep(6));#", PASSWORD),
        ("10\x0001", PASSWORD),
        ("1001\n", PASSWORD),
        ("１００１", PASSWORD),
        ("9" * 10_000, PASSWORD),
        ("1001", "\x00" * 10_000),
    ],
)
async def test_wrong_credentials_give_no_account(staff: StaffService, number: str, password: str) -> None:
    await staff.create(somebody())

    assert await staff.authenticate(number, password) is None


async def test_an_unknown_number_takes_as_long_as_a_wrong_password(staff: StaffService) -> None:
    await staff.create(somebody())

    async def cpu_seconds(number: str) -> float:
        began = time.process_time()
        await staff.authenticate(number, "a wrong password")
        return time.process_time() - began

    # The processor's time, the best of several taken in turn: how busy the machine is must not matter.
    rounds = [[await cpu_seconds(number) for number in ("1001", "1002", "' OR '1'='1")] for _ in range(8)]
    wrong, unknown, injected = (min(times) for times in zip(*rounds, strict=True))
    assert 0.4 < unknown / wrong < 2.5
    assert 0.4 < injected / wrong < 2.5


async def test_passwords_are_stored_as_argon2id_and_never_shown(staff: StaffService) -> None:
    created = await staff.create(somebody())

    assert created.password_hash.startswith("$argon2id$")
    (shown,) = await staff.all()
    assert created.sip_password is not None
    for secret in (created.password_hash, created.sip_password, PASSWORD):
        assert secret not in shown.model_dump_json()
    assert not {"password_hash", "sip_password", "password"} & set(type(shown).model_fields)


async def test_agents_and_supervisors_have_phones_with_secrets_of_their_own(
    staff: StaffService,
) -> None:
    first = await staff.create(somebody("1001"))
    second = await staff.create(somebody("1002"))
    third = await staff.create(somebody("3001", role=Role.SUPERVISOR))
    other = await staff.create(somebody("4001", role=Role.QUALITY), endpoint="desk", sip_password="given")

    assert (first.endpoint, second.endpoint, third.endpoint) == ("agent1001", "agent1002", "supervisor3001")
    assert first.sip_password != second.sip_password
    assert len(first.sip_password or "") >= 20
    assert (other.endpoint, other.sip_password) == (None, None)
    assert [one.staff_number for one in await staff.with_phones()] == ["1001", "1002", "3001"]


async def test_unknown_references_are_refused_and_change_nothing(staff: StaffService) -> None:
    with pytest.raises(UnknownQueue) as queue:
        await staff.create(somebody(queues=["repair", "sales"]))
    with pytest.raises(UnknownDepartment) as department:
        await staff.create(somebody(department_id="department-none"))
    with pytest.raises(UnknownDepartment) as missing:
        await staff.create(somebody(role=Role.DEPARTMENT))

    fields = [refused.value.errors[0].field for refused in (queue, department, missing)]
    assert fields == ["queues", "department_id", "department_id"]
    assert "consult, repair" in queue.value.errors[0].rule
    assert await staff.all() == []


async def test_account_with_a_queue_that_was_taken_out_can_be_changed(database: Database, staff: StaffService) -> None:
    created = await staff.create(somebody(queues=["repair", "consult"]))
    later = StaffService(database, ["repair"])

    changed = await later.update(created.id, StaffChange(language="en"))

    assert changed.language == "en"
    with pytest.raises(UnknownQueue):
        await later.update(created.id, StaffChange(queues=["repair", "consult"]))


async def test_a_staff_number_belongs_to_one(staff: StaffService) -> None:
    await staff.create(somebody())

    with pytest.raises(NumberTaken) as refused:
        await staff.create(somebody(name="another"))
    assert refused.value.errors[0].field == "staff_number"


async def test_a_change_leaves_other_fields_and_is_announced(database: Database, staff: StaffService) -> None:
    department = await DepartmentService(database).create(DepartmentInput(name="客户服务科"))
    created = await staff.create(somebody(queues=["consult"], department_id=department.id))
    heard: list[Staff] = []
    signed_out: list[str] = []

    async def sign_out(staff_id: str) -> None:
        signed_out.append(staff_id)

    staff.account_changed.add_listener(heard.append)
    staff.access_changed.add_listener(sign_out)
    await staff.update(created.id, StaffChange(queues=["repair"], language="en"))

    (shown,) = await staff.all()
    assert (shown.queues, shown.language, shown.name, shown.department_id) == (
        ["repair"],
        "en",
        "刘芳",
        department.id,
    )
    assert [changed.queues for changed in heard] == [["repair"]]
    assert signed_out == []
    assert await staff.authenticate("1001", PASSWORD) is not None

    await staff.update(created.id, StaffChange(department_id=None))
    assert (await staff.all())[0].department_id is None
    assert signed_out == [created.id]


async def test_a_new_password_replaces_the_old_and_ends_sessions(staff: StaffService) -> None:
    created = await staff.create(somebody())
    signed_out: list[str] = []

    async def sign_out(staff_id: str) -> None:
        signed_out.append(staff_id)

    staff.access_changed.add_listener(sign_out)
    await staff.update(created.id, StaffChange(password="another password"))

    assert await staff.authenticate("1001", PASSWORD) is None
    assert await staff.authenticate("1001", "another password") is not None
    assert signed_out == [created.id]


async def test_a_closed_account_opens_nothing_and_rings_nowhere(staff: StaffService) -> None:
    created = await staff.create(somebody())
    closed = await staff.update(created.id, StaffChange(active=False))

    assert await staff.authenticate("1001", PASSWORD) is None
    assert await staff.with_phones() == []
    # The provisioning of phones needs the SIP user that it removes.
    assert closed.endpoint == "agent1001"

    await staff.update(created.id, StaffChange(active=True))
    assert await staff.authenticate("1001", PASSWORD) is not None


async def test_an_account_that_becomes_an_agents_gets_a_phone(staff: StaffService) -> None:
    created = await staff.create(somebody("4001", role=Role.QUALITY))
    changed = await staff.update(created.id, StaffChange(role=Role.AGENT))

    assert changed.endpoint == "agent4001"
    assert changed.sip_password


async def test_a_refused_change_changes_nothing(staff: StaffService) -> None:
    created = await staff.create(somebody(queues=["consult"]))
    heard: list[Staff] = []
    staff.account_changed.add_listener(heard.append)

    with pytest.raises(UnknownQueue):
        await staff.update(created.id, StaffChange(name="another", queues=["sales"]))
    with pytest.raises(UnknownDepartment):
        await staff.update(created.id, StaffChange(name="another", department_id="department-none"))
    with pytest.raises(UnknownDepartment):
        await staff.update(created.id, StaffChange(role=Role.DEPARTMENT))
    with pytest.raises(StaffNotFound):
        await staff.update("staff-none", StaffChange(name="another"))

    (shown,) = await staff.all()
    assert (shown.name, shown.queues, shown.role) == ("刘芳", ["consult"], Role.AGENT)
    assert heard == []


async def test_an_administrator_cannot_close_the_own_account(staff: StaffService) -> None:
    created = await staff.create(somebody("9001", role=Role.ADMINISTRATOR))
    route = next(found for found in routes(staff).table if found.method == "PATCH")

    async def asked(change: StaffChange) -> None:
        await route.handler(Request(created.principal(), {"staff_id": created.id}, NoQuery(), change))

    for change in (StaffChange(active=False), StaffChange(role=Role.AGENT)):
        with pytest.raises(OwnAccount):
            await asked(change)
    await asked(StaffChange(name="改名", role=Role.ADMINISTRATOR, active=True))
    assert (await staff.all())[0].name == "改名"


def test_only_administrators_make_and_change_accounts(staff: StaffService) -> None:
    writing = [route for route in routes(staff).table if route.method != "GET"]

    assert {route.method for route in writing} == {"POST", "PATCH"}
    assert all(route.roles == {Role.ADMINISTRATOR} for route in writing)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("staff_number", "12"),
        ("staff_number", "1001x"),
        ("staff_number", "１００１"),
        ("name", " "),
        ("name", "a\u202eb"),
        ("role", "root"),
        ("password", "short"),
        ("password", "x" * 201),
        ("queues", ["q"] * 51),
        ("language", "fr"),
        ("endpoint", "trunk"),
    ],
)
def test_bad_input_names_the_field(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        somebody(**{field: value})
    assert refused.value.errors()[0]["loc"][0] == field
    with pytest.raises(ValidationError):
        StaffChange.model_validate({field: value})


async def test_supervisor_from_before_supervisors_had_phones_gets_one(staff: StaffService, database: Database) -> None:
    created = await staff.create(somebody("3001", role=Role.SUPERVISOR))
    async with database.write() as session:
        former = await session.get(Staff, created.id)
        assert former is not None
        former.endpoint = former.sip_password = None
    (given,) = await staff.with_phones()
    assert given.endpoint == "supervisor3001"
    assert given.sip_password
    assert [one.sip_password for one in await staff.with_phones()] == [given.sip_password]
