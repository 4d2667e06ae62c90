"""Sample data: complete for the demo, and loaded once."""

import asyncio

from sqlmodel import func, select

from crm import sample_data
from crm.appointments.model import AppointmentWindow
from crm.categories.model import Category
from crm.customers.service import CustomerService
from crm.departments.model import Department
from crm.history.service import HistoryService
from crm.kinds import TicketKind
from crm.outbox.model import OutboxEntry
from crm.sla.model import ServicePolicy, TicketClock
from crm.sla.policy import TicketFacts, choose
from crm.sla.service import SlaService
from crm.staff.model import Staff
from crm.staff.service import StaffService
from crm.tickets.model import Ticket, TicketLog, TicketStatus, Urgency
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery
from foundation.clock import utc_now
from foundation.database import Database

PASSWORD = "a-sample-password"
QUEUES = ("consult", "complaint", "repair")
TABLES = (Department, Category, Staff, Ticket, TicketLog, OutboxEntry, ServicePolicy, AppointmentWindow)


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {table.__name__: (await session.exec(select(func.count()).select_from(table))).one() for table in TABLES}


async def test_loading_again_and_at_once_adds_nothing(database: Database) -> None:
    await asyncio.gather(*(sample_data.load(database, PASSWORD, QUEUES) for _ in range(3)))
    first = await counts(database)
    await sample_data.load(database, PASSWORD, QUEUES)

    assert await counts(database) == first
    assert first["Staff"] == 11
    assert first["Ticket"] == 2
    assert first["OutboxEntry"] == 0
    assert first["ServicePolicy"] == 1
    assert first["AppointmentWindow"] == 2 * 7 * 4


async def test_a_caller_has_a_past_and_one_open_matter(database: Database) -> None:
    await sample_data.load(database, PASSWORD, QUEUES)

    found = await CustomerService(database).identify("013800000001")
    assert found.customer is not None
    history = await HistoryService(database).of_customer(found.customer.id)
    (open_ticket,) = await TicketService(database).open_for_customer(found.customer.id)

    assert [ticket.status for ticket in history.tickets] == [TicketStatus.DISPATCHED, TicketStatus.ARCHIVED]
    assert open_ticket.subject == "暖气不热"
    detail = await TicketService(database).get(open_ticket.id)
    assert [entry.version for entry in detail.log] == list(range(1, detail.version + 1))
    async with database.read() as session:
        due = (await session.exec(select(TicketClock.due_at).where(TicketClock.ticket_id == open_ticket.id))).all()
    assert [moment > utc_now() for moment in due] == [True, True]


async def test_a_neighbour_without_a_number_is_offered_no_strangers(database: Database) -> None:
    await sample_data.load(database, PASSWORD, QUEUES)

    customers = CustomerService(database)
    assert (await customers.identify("13800000003")).customers == []
    assert [found.name for found in (await customers.identify("13800000005")).customers] == ["孙丽", "孙丽商铺"]
    assert await TicketService(database).similar(SimilarQuery(address="幸福路12号3单元402")) == []


async def test_sample_staff_can_sign_in_and_agents_have_phones(database: Database) -> None:
    await sample_data.load(database, PASSWORD, QUEUES)
    staff = StaffService(database, QUEUES)

    agents = await staff.with_phones()
    phones = [f"agent100{digit}" for digit in range(1, 7)]
    assert [agent.endpoint for agent in agents] == [*phones, "supervisor3001"]
    assert {agent.sip_password for agent in agents} == {PASSWORD}
    for number in ("1001", "2001", "3001", "4001", "9001"):
        assert await staff.authenticate(number, PASSWORD) is not None


async def test_a_leak_is_more_pressing_than_cold_rooms_and_both_than_the_rest(database: Database) -> None:
    await sample_data.load(database, PASSWORD, QUEUES)
    service = SlaService(database)
    (policy, _) = await service.policies()
    async with database.read() as session:
        categories = dict((await session.exec(select(Category.name, Category.id))).all())
    above = categories["供热故障"]

    def resolve_minutes(*line: str, urgency: Urgency = Urgency.NORMAL) -> int:
        return choose(policy.policy, TicketFacts(TicketKind.FAULT, urgency, None, line)).resolve_minutes

    assert resolve_minutes(categories["管道漏水"], above) == 240
    assert resolve_minutes(categories["暖气不热"], above) == 1440
    assert resolve_minutes() == 2400
    # A more urgent ticket is never due later.
    for line in ((categories["管道漏水"], above), (categories["暖气不热"], above), ()):
        found = [resolve_minutes(*line, urgency=urgency) for urgency in Urgency]
        assert found == sorted(found, reverse=True)
    assert [view.owner == "default" for view in await service.hours()] == [True, False, False]
