"""Steps of the escalation ladder reach the role that they name (H18)."""

from typing import Any

import pytest
from msgspec.structs import replace

from crm.events import DeadlineAlert
from crm.notices.errors import RecipientInvalid
from crm.notices.views import RecipientChange, RecipientCreated
from crm.outbox.subscriptions import EventEnvelope
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.routes import Role
from tests.unit.crm.conftest import Place
from tests.unit.crm.notices.conftest import House

ADDRESS = "https://desk.example.org/in"


async def employee(house: House, number: str, role: Role, department_id: str | None = None) -> Staff:
    given = StaffInput(
        staff_number=number, name=f"P{number}", role=role, password="long enough 1", department_id=department_id
    )
    return await StaffService(house.database, []).create(given)


async def bound(house: House, person: Staff, department_id: str | None = None, **changes: Any) -> RecipientCreated:
    return await house.webhook(ADDRESS, department_id, staff_id=person.id, **changes)


async def recipients_of(house: House, place: Place, role: Role | None, **changes: Any) -> list[str]:
    """Return the recipients of a step, sorted."""
    event_id = new_id("event")
    alert = DeadlineAlert(
        step_kind="escalation",
        ticket_id="ticket-1",
        department_id=place.east,
        held_by=place.east,
        role=role,
        number="26112300001",
        clock="resolve",
    )
    await house.planner.plan(EventEnvelope(event_id, replace(alert, **changes), utc_now()))
    return sorted(found.recipient_id or "" for found in await house.log() if found.event_id == event_id)


async def test_step_reaches_each_employee_of_its_role_once(house: House, place: Place) -> None:
    department, group = await house.webhook(ADDRESS, place.east), await house.webhook(ADDRESS, None)
    supervisors = [await bound(house, await employee(house, f"300{n}", Role.SUPERVISOR)) for n in (1, 2)]
    administrator = await bound(house, await employee(house, "9001", Role.ADMINISTRATOR))
    erp = await house.webhook(ADDRESS, None, switches={"clock.escalation": True})

    assert await recipients_of(house, place, Role.SUPERVISOR) == sorted([*(found.id for found in supervisors), erp.id])
    assert await recipients_of(house, place, Role.ADMINISTRATOR) == sorted([administrator.id, erp.id])
    # A step without a role goes to the ticket's department and to recipients of no department.
    all_recipients = [department, group, *supervisors, administrator, erp]
    assert await recipients_of(house, place, None) == sorted(found.id for found in all_recipients)


async def test_inactive_and_switched_off_recipients_get_no_step(house: House, place: Place) -> None:
    people = [await employee(house, f"300{n}", Role.SUPERVISOR) for n in range(4)]
    _, silent, off, there = [await bound(house, person) for person in people]
    await StaffService(house.database, []).update(people[0].id, StaffChange(active=False))
    await house.notices.update(silent.id, RecipientChange(switches={"clock.escalation": False}))
    await house.notices.update(off.id, RecipientChange(active=False))

    assert await recipients_of(house, place, Role.SUPERVISOR) == [there.id]
    await StaffService(house.database, []).update(people[3].id, StaffChange(role=Role.QUALITY))
    # No employee of the role can be reached: recipients of no department get the step, so that it is not lost.
    assert await recipients_of(house, place, Role.SUPERVISOR) == [there.id]


async def test_step_for_role_and_department_reaches_the_role_in_it(house: House, place: Place) -> None:
    east, west = [
        await bound(house, await employee(house, number, Role.SUPERVISOR, own), own)
        for number, own in (("3001", place.east), ("3002", place.west))
    ]
    assert await recipients_of(
        house, place, Role.SUPERVISOR, department_id=place.west, role_department_id=place.west
    ) == [west.id]
    assert await recipients_of(house, place, Role.SUPERVISOR) == sorted([east.id, west.id])


async def test_s7_employee_of_a_department_gets_only_its_steps(house: House, place: Place) -> None:
    east, _ = [
        await bound(house, await employee(house, number, Role.DEPARTMENT, own), own)
        for number, own in (("2001", place.east), ("2002", place.west))
    ]
    assert await recipients_of(house, place, Role.DEPARTMENT) == [east.id]
    with pytest.raises(RecipientInvalid) as refused:
        await bound(house, await employee(house, "2003", Role.DEPARTMENT, place.east))
    assert [problem.field for problem in refused.value.errors] == ["department_id"]
