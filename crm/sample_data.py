"""Sample data: the starter set with invented people and tickets.

Its passwords are known: never load it into a service that others can reach.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.appointments import sample_data as visits_sample
from crm.appointments.service import AppointmentService
from crm.customers.errors import AccountTaken
from crm.customers.model import Customer, CustomerInput, Grade
from crm.customers.service import CustomerService
from crm.kinds import TicketKind
from crm.notices.model import DutyRota, NoticeChannel, NoticeRecipient
from crm.sla import sample_data as clocks_sample
from crm.sla.service import SlaService
from crm.sla.timing import StepKind
from crm.staff.errors import NumberTaken
from crm.staff.model import Staff, StaffInput
from crm.staff.service import StaffService
from crm.starter import service as starter
from crm.starter.model import read_starter_set
from crm.tickets import store
from crm.tickets.address import address_key, address_tail
from crm.tickets.log_facts import LogFacts
from crm.tickets.model import Actor, Ticket, TicketLog, TicketReporter, TicketRequest, TicketStatus
from crm.tickets.service import TicketService
from crm.tickets.state_change import StateChange
from crm.tickets.transitions import TicketAction
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Role

EAST, WEST, FEES, SERVICE = "城东维修工区", "城西维修工区", "收费科", "客户服务科"

AGENTS = {"1001": "刘芳", "1002": "陈静", "1003": "周婷", "1004": "吴敏", "1005": "郑洁", "1006": "冯娟"}
OTHERS: dict[str, tuple[str, Role, str | None]] = {
    "2001": ("马师傅", Role.DEPARTMENT, EAST),
    "2002": ("朱师傅", Role.DEPARTMENT, WEST),
    "3001": ("何主管", Role.SUPERVISOR, SERVICE),
    "4001": ("许质检", Role.QUALITY, SERVICE),
    "9001": ("系统管理员", Role.ADMINISTRATOR, None),
}
DUTY_PHONE = "recipient-sample-east"
QUEUES = ("consult", "complaint", "repair")

FAMILY_HOME = "幸福路12号3单元402"
CUSTOMERS = [
    CustomerInput(
        account_number="6001000001",
        name="王秀英",
        address="建设街8号2单元301",
        area="城东",
        grade=Grade.B,
        phones=["+8613800000001"],
    ),
    CustomerInput(
        account_number="6001000002",
        name="李建国",
        address=FAMILY_HOME,
        area="城东",
        arrears_cents=128050,
        phones=["+8613800000002"],
    ),
    # No telephone: a call from +8613800000003 is a stranger's at 李建国's address.
    CustomerInput(account_number="6001000003", name="张敏", address=FAMILY_HOME, area="城东"),
    CustomerInput(
        account_number="6001000004",
        name="赵磊",
        address="和平路56号1单元1102",
        area="城西",
        grade=Grade.VIP,
        phones=["+8613800000004"],
    ),
    # Two accounts on one telephone: only the agent can ask which one is meant.
    CustomerInput(
        account_number="6001000005",
        name="孙丽",
        address="人民路21号4单元602",
        area="城西",
        phones=["+8613800000005"],
    ),
    CustomerInput(
        account_number="6001000006",
        name="孙丽商铺",
        address="人民路23号底商7号",
        area="城西",
        grade=Grade.A,
        phones=["+8613800000005"],
    ),
]


async def load(database: Database, password: str, queues: Collection[str]) -> None:
    """Load the missing sample data. Idempotent, also in several processes at once.

    `password` is that of every account and agent's phone, `queues` are the configured ones.

    Raises:
        ValidationError: the password breaks the rules for passwords.
    """
    started = await starter.load(database, read_starter_set())
    departments, categories = started.departments, started.categories
    await _staff(database, StaffService(database, queues), password, departments, queues)
    await _customers(database)
    await clocks_sample.load(database, categories, [departments[EAST], departments[WEST]])
    await visits_sample.load(
        AppointmentService(database, TicketService(database)), [departments[EAST], departments[WEST]]
    )
    await _tickets(database, departments, categories)
    await _duty(database, departments[EAST])


async def _staff(
    database: Database, service: StaffService, password: str, departments: dict[str, str], queues: Collection[str]
) -> None:
    served = [queue for queue in QUEUES if queue in queues]
    people = [
        StaffInput(
            staff_number=number,
            name=name,
            role=Role.AGENT,
            password=password,
            department_id=departments[SERVICE],
            queues=served,
        )
        for number, name in AGENTS.items()
    ] + [
        StaffInput(
            staff_number=number,
            name=name,
            role=role,
            password=password,
            department_id=departments[department] if department else None,
        )
        for number, (name, role, department) in OTHERS.items()
    ]
    async with database.read() as session:
        known = set((await session.exec(select(Staff.staff_number))).all())
    for given in people:
        if given.staff_number not in known:
            try:
                await service.create(given, sip_password=password)
            except NumberTaken:
                continue


async def _duty(database: Database, department_id: str) -> None:
    """Put a telephone on duty, day and night."""
    kinds = [f"ticket.{action.value}" for action in TicketAction] + [f"clock.{kind.value}" for kind in StepKind]
    on_duty = NoticeRecipient(
        id=DUTY_PHONE,
        department_id=department_id,
        name="城东值班手机",
        channel=NoticeChannel.SMS,
        address="+8613900000001",
        # It is called; the sample service has no gateway that would send it messages.
        switches=dict.fromkeys([*kinds, "notice.call_link"], False),
        created_at=utc_now(),
    )
    all_day = {"from_time": "00:00:00", "until_time": "00:00:00", "recipient_ids": [DUTY_PHONE]}
    shifts = [{"weekday": weekday, **all_day} for weekday in range(1, 8)]
    async with database.read() as session:
        if await session.get(NoticeRecipient, DUTY_PHONE) is not None:
            return
    try:
        async with database.write() as session:
            session.add(on_duty)
            session.add(DutyRota(department_id=department_id, time_zone="Asia/Shanghai", shifts=shifts, version=1))
    except IntegrityError:
        # Another process loads the same data at this moment.
        return


async def _customers(database: Database) -> None:
    service = CustomerService(database)
    for given in CUSTOMERS:
        if await service.by_account(given.account_number) is None:
            try:
                await service.create(given)
            except AccountTaken:
                continue


@dataclass(frozen=True)
class _Step:
    """Log entry of a past ticket."""

    action: TicketAction
    to: TicketStatus
    hours_after: float
    by: str
    """Staff number of the actor."""
    detail: dict[str, str]


async def _tickets(database: Database, departments: dict[str, str], categories: dict[str, str]) -> None:
    now = utc_now()
    asked = Ticket(
        id=new_id("ticket"),
        number="",
        kind=TicketKind.CONSULTATION,
        category_id=categories["收费咨询"],
        subject="咨询本采暖季缴费方式",
        description="询问能否在手机上缴纳采暖费，已告知缴费渠道。",
        closing_reason="当场解答，用户表示满意",
        registered_at=now - timedelta(days=18, hours=3),
    )
    cold = Ticket(
        id=new_id("ticket"),
        number="",
        kind=TicketKind.FAULT,
        category_id=categories["暖气不热"],
        department_id=departments[EAST],
        subject="暖气不热",
        description="卧室暖气片上半部不热，室温约十六度。",
        # Its first deadline is ahead when the service starts, and passes while it is tried out.
        registered_at=now - timedelta(minutes=20),
    )
    answered = {"reason": asked.closing_reason}
    await _past(
        database,
        "sample:asked",
        asked,
        [
            _Step(TicketAction.FILE, TicketStatus.REGISTERED, 0, "1002", {"subject": asked.subject}),
            _Step(TicketAction.ANSWER, TicketStatus.ARCHIVED, 0.05, "1002", answered),
        ],
    )
    await _past(
        database,
        "sample:cold",
        cold,
        [
            _Step(TicketAction.FILE, TicketStatus.REGISTERED, 0, "1001", {"subject": cold.subject}),
            _Step(TicketAction.DISPATCH, TicketStatus.DISPATCHED, 0.1, "1001", {"to_department": departments[EAST]}),
        ],
    )


async def _past(database: Database, key: str, ticket: Ticket, steps: list[_Step]) -> None:
    """Insert a past ticket, its log and deadlines; send no notice."""
    try:
        async with database.write() as session:
            if await store.ticket_of_request(session, key) is None:
                await _write(session, key, ticket, steps)
                if ticket.closed_at is None:
                    begun = StateChange(ticket, TicketAction.FILE, None, LogFacts())
                    await SlaService(database).deadlines.changed(session, begun)
    except IntegrityError:
        async with database.read() as session:
            if await store.ticket_of_request(session, key) is None:
                raise


async def _write(session: AsyncSession, key: str, ticket: Ticket, steps: list[_Step]) -> None:
    customer = (await session.exec(select(Customer).where(Customer.account_number == "6001000001"))).one()
    ticket.number = await store.next_number(session, ticket.registered_at.strftime("%y%m%d"))
    ticket.customer_id, ticket.address, ticket.area = customer.id, customer.address, customer.area
    ticket.address_key = address_key(customer.address)
    ticket.address_tail = address_tail(ticket.address_key)
    for version, step in enumerate(steps, start=1):
        _mark(ticket, step, version, ticket.registered_at + timedelta(hours=step.hours_after))
    session.add(ticket)
    await session.flush()
    before: TicketStatus | None = None
    for version, step in enumerate(steps, start=1):
        moment = ticket.registered_at + timedelta(hours=step.hours_after)
        actor = await _actor(session, step.by)
        session.add(
            TicketLog(
                id=new_id("log"),
                ticket_id=ticket.id,
                version=version,
                at=moment,
                action=step.action,
                from_status=before,
                to_status=step.to,
                actor_kind=actor.kind,
                actor_id=actor.id,
                actor_name=actor.name,
                detail=step.detail,
            )
        )
        before = step.to
    session.add(
        TicketReporter(
            id=new_id("reporter"),
            ticket_id=ticket.id,
            customer_id=customer.id,
            number="+8613800000001",
            name=customer.name,
            at=ticket.registered_at,
        )
    )
    session.add(TicketRequest(key=key, ticket_id=ticket.id, at=ticket.registered_at))


def _mark(ticket: Ticket, step: _Step, version: int, moment: datetime) -> None:
    ticket.status, ticket.version = step.to, version
    if step.action is TicketAction.DISPATCH:
        ticket.dispatched_at = moment
    if step.action is TicketAction.ANSWER:
        ticket.closed_at = moment


async def _actor(session: AsyncSession, staff_number: str) -> Actor:
    staff = (await session.exec(select(Staff).where(Staff.staff_number == staff_number))).one()
    return Actor.of(staff.principal())
