"""Shift handover and recurring problems (H23)."""

from datetime import timedelta

import pytest

from crm.categories.model import CategoryInput
from crm.categories.service import CategoryService
from crm.handover.errors import AlreadyAcknowledged, NoSuchHandover, OwnHandover
from crm.handover.http import routes
from crm.handover.model import Acknowledge, HandOver, ListQuery, OpenQuery, RecurringQuery, TicketNote
from crm.handover.service import HandoverService
from crm.kinds import TicketKind
from crm.staff.model import StaffInput
from crm.staff.service import StaffService
from crm.tickets.errors import UnknownReference
from crm.tickets.inputs import Reporter
from crm.tickets.model import Actor
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import Forbidden
from foundation.routes import NoQuery, Principal, Request, Role
from tests.unit.crm.conftest import AGENT, CALLER, SUPERVISOR, Place


@pytest.fixture
def service(database: Database) -> HandoverService:
    return HandoverService(database)


async def principal(database: Database, number: str, role: Role, department_id: str | None = None) -> Principal:
    given = {"staff_number": number, "name": f"Staff {number}", "role": role, "password": "correct horse battery"}
    staff = await StaffService(database, {}).create(
        StaffInput.model_validate(given | ({"department_id": department_id} if department_id else {}))
    )
    return Principal(staff.id, number, staff.name, role, department_id)


async def several(tickets: TicketService, place: Place) -> dict[str, TicketView]:
    """File a ticket for each reason of a handover."""
    found = {
        name: await tickets.file(place.fault(address=f"幸福路{house}号", subject=name), AGENT)
        for house, name in enumerate(("new", "unsigned", "signed", "escalated", "closed", "urged"), start=1)
    }
    for name in ("unsigned", "signed", "escalated", "urged"):
        await tickets.dispatch(found[name].id, place.east, AGENT)
    await tickets.sign(found["signed"].id, place.worker(place.east))
    await tickets.escalate(found["escalated"].id, "媒体关注", SUPERVISOR)
    await tickets.answer(found["closed"].id, "当场答复", AGENT)
    await tickets.urge(found["urged"].id, CALLER, "ivr")
    return found


async def test_a_department_that_is_unknown_is_named(service: HandoverService, database: Database) -> None:
    agent = await principal(database, "6001", Role.AGENT)
    with pytest.raises(UnknownReference) as refused:
        await service.hand_over(HandOver(department_id="department-0"), agent)
    assert [problem.field for problem in refused.value.errors] == ["department_id"]


async def test_open_tickets_of_department_and_desk_are_listed(
    service: HandoverService, tickets: TicketService, place: Place
) -> None:
    await several(tickets, place)
    urgent = await tickets.file(place.fault(address="幸福路77号", subject="urgent", urgency="critical"), AGENT)

    department = await service.left_open(OpenQuery(department_id=place.east))
    desk = await service.left_open(OpenQuery())

    assert {open_.subject: [str(why) for why in open_.why] for open_ in department.tickets} == {
        "unsigned": ["unsigned"],
        "signed": ["in_work"],
        "escalated": ["escalated", "unsigned"],
        "urged": ["unsigned", "urged"],
    }
    assert (department.count, desk.count) == (4, 3)
    assert [open_.subject for open_ in desk.tickets] == ["urgent", "new", "escalated"]
    assert desk.tickets[0].ticket_id == urgent.id
    assert (await service.left_open(OpenQuery(department_id=place.west))).count == 0


async def test_open_tickets_of_one_shift_are_listed(
    service: HandoverService, tickets: TicketService, place: Place
) -> None:
    begun = utc_now()
    await tickets.file(place.fault(subject="mine"), AGENT)
    other = Actor(kind=AGENT.kind, id="staff-other", name="Other", role=Role.AGENT)
    await tickets.file(place.fault(address="幸福路99号", subject="theirs"), other)

    mine = await service.left_open(OpenQuery(staff_id=AGENT.id, since=begun))
    later = await service.left_open(OpenQuery(staff_id=AGENT.id, since=utc_now() + timedelta(minutes=1)))

    assert [open_.subject for open_ in mine.tickets] == ["mine"]
    assert later.count == 0


async def test_h23_handover_with_notes_is_acknowledged_by_another_person(
    service: HandoverService, tickets: TicketService, place: Place, database: Database
) -> None:
    found = await several(tickets, place)
    early = await principal(database, "2001", Role.DEPARTMENT, place.east)
    late = await principal(database, "2002", Role.DEPARTMENT, place.east)
    note = TicketNote(ticket_id=found["signed"].id, note="配件明早到")

    handed = await service.hand_over(HandOver(department_id=place.east, notes="今夜降温", tickets=[note]), early)

    assert (handed.left_open, handed.notes, handed.acknowledged_at) == (4, "今夜降温", None)
    assert {open_.subject: open_.note for open_ in handed.tickets}["signed"] == "配件明早到"
    with pytest.raises(OwnHandover):
        await service.acknowledge(handed.id, Acknowledge(), early)
    await tickets.reply(found["signed"].id, "已更换", place.worker(place.east))
    taken = await service.acknowledge(handed.id, Acknowledge(notes="收到"), late)
    assert (taken.acknowledged_by, taken.acknowledged_notes) == ("Staff 2002 (2002)", "收到")
    # The state at the end of the shift.
    assert {open_.subject: str(open_.status) for open_ in taken.tickets}["signed"] == "signed"
    with pytest.raises(AlreadyAcknowledged):
        await service.acknowledge(handed.id, Acknowledge(), late)
    waiting = await service.listed(ListQuery(department_id=place.east, waiting=True))
    assert (waiting, len(await service.listed(ListQuery(department_id=place.east)))) == ([], 1)


async def test_a_note_about_what_is_not_open_changes_nothing(
    service: HandoverService, tickets: TicketService, place: Place, database: Database
) -> None:
    found = await several(tickets, place)
    agent = await principal(database, "1001", Role.AGENT)
    note = TicketNote(ticket_id=found["closed"].id, note="?")

    with pytest.raises(UnknownReference) as refusal:
        await service.hand_over(HandOver(tickets=[note]), agent)

    assert refusal.value.errors[0].field == f"tickets.{found['closed'].id}"
    assert await service.listed(ListQuery()) == []


async def test_a_departments_shift_is_taken_over_by_its_people_or_a_supervisor_and_not_by_the_desk(
    service: HandoverService, tickets: TicketService, place: Place, database: Database
) -> None:
    await several(tickets, place)
    east = await principal(database, "2001", Role.DEPARTMENT, place.east)
    agent = await principal(database, "1001", Role.AGENT)
    other_agent = await principal(database, "1002", Role.AGENT)
    supervisor = await principal(database, "3001", Role.SUPERVISOR)
    theirs = await service.hand_over(HandOver(department_id=place.east), east)

    with pytest.raises(Forbidden):
        await service.acknowledge(theirs.id, Acknowledge(), agent)
    waiting = await service.listed(ListQuery(department_id=place.east, waiting=True))
    assert [one.id for one in waiting] == [theirs.id]
    assert (await service.acknowledge(theirs.id, Acknowledge(), supervisor)).acknowledged_at

    of_the_desk = await service.hand_over(HandOver(), agent)
    assert (await service.acknowledge(of_the_desk.id, Acknowledge(), other_agent)).acknowledged_at


async def test_s7_a_department_sees_and_hands_over_its_own_only(
    service: HandoverService, tickets: TicketService, place: Place, database: Database
) -> None:
    await several(tickets, place)
    east = await principal(database, "2001", Role.DEPARTMENT, place.east)
    west = await principal(database, "2002", Role.DEPARTMENT, place.west)
    handed = await service.hand_over(HandOver(department_id=place.east), east)
    table = {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in routes(service).table}

    for work in (service.get(handed.id, west), service.acknowledge(handed.id, Acknowledge(), west)):
        with pytest.raises(NoSuchHandover):
            await work
    asked = OpenQuery(department_id=place.east)
    assert (await table["GET /left-open"].handler(Request(west, {}, asked, None))).count == 0
    listed = ListQuery(department_id=place.east)
    assert await table["GET /handovers"].handler(Request(west, {}, listed, None)) == []
    theirs = await table["POST /handovers"].handler(Request(west, {}, NoQuery(), HandOver(department_id=place.east)))
    assert (theirs.department_id, theirs.left_open) == (place.west, 0)
    nobodys = Principal("staff-x", "2009", "X", Role.DEPARTMENT, None)
    with pytest.raises(Forbidden):
        await table["GET /left-open"].handler(Request(nobodys, {}, OpenQuery(), None))
    assert table["GET /recurring"].roles == {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.QUALITY}


async def test_h23_recurring_complaints_are_listed(
    service: HandoverService, tickets: TicketService, place: Place, database: Database
) -> None:
    noise = await CategoryService(database).create(CategoryInput(name="噪音"))
    wang, li = Reporter(customer_id=place.wang.id), Reporter(customer_id=place.li.id)
    for turn in range(4):
        await tickets.file(place.fault(kind="complaint", reporter=wang if turn % 2 else li), AGENT)
        await tickets.file(place.fault(None, kind="complaint", category_id=noise.id, area=f"片区{turn}"), AGENT)
        await tickets.file(place.fault(address=f"幸福路{turn}号"), AGENT)
    cancelled = await tickets.file(place.fault(kind="complaint", reporter=wang), AGENT)
    await tickets.cancel(cancelled.id, "误登记", SUPERVISOR)

    (found,) = await service.recurring(RecurringQuery(kind=TicketKind.COMPLAINT))
    lower = await service.recurring(RecurringQuery(kind=TicketKind.COMPLAINT, more_than=1))

    assert (found.category_id, found.area, found.count, found.customers) == (place.cold, "城东", 4, 2)
    assert found.first_at <= found.last_at
    assert next((one.category_id, one.customer_id, one.count) for one in lower) == (place.cold, None, 4)
    assert {one.customer_id for one in lower if one.customer_id} == {place.wang.id, place.li.id}
    assert await service.recurring(RecurringQuery(kind=TicketKind.COMPLAINT, more_than=4)) == []


async def test_h23_recurring_faults_are_found_without_a_kind_and_count_each_number(
    service: HandoverService, tickets: TicketService, place: Place
) -> None:
    for turn in range(5):
        await tickets.file(place.fault(f"+861390000000{turn}", address=f"幸福路{turn}号"), AGENT)
    for _ in range(4):
        reporter = Reporter(number="+8613900000009")
        await tickets.file(place.fault(kind="consultation", category_id=None, reporter=reporter), AGENT)

    by_cause, by_number = await service.recurring(RecurringQuery())

    assert (by_cause.category_id, by_cause.count, by_cause.customers) == (place.cold, 5, 5)
    assert (by_number.number, by_number.count, by_number.customers) == ("+8613900000009", 4, 1)
