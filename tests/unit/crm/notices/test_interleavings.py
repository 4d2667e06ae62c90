"""Interleavings of crashes, failures and repetitions: once and in order."""

import asyncio
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.events import TicketChanged
from crm.notices.breaker import Breaker
from crm.notices.catalogue import load_catalogue
from crm.notices.channels import Letter
from crm.notices.delivering import ChannelQueue
from crm.notices.facts import FactFinder
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.notices.planning import Planner
from crm.notices.store import LogQuery, deliveries
from crm.outbox.subscriptions import EventEnvelope
from crm.outbox.worker import DeliveryRules
from dev.paths import PROJECT
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id

pytestmark = pytest.mark.slow

RULES = DeliveryRules(lease_s=60, attempts=10_000, first_retry_s=1, longest_retry_s=5)
CATALOGUE = load_catalogue(PROJECT / "callflows" / "notices.yaml")
TICKETS, RECIPIENTS, EVENTS, NODES = 2, 2, 5, 2

Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["plan", "lease", "send", "lose", "fail", "crash", "send and crash", "wait", "wait long"]),
        st.integers(0, EVENTS),
    ),
    min_size=10,
    max_size=60,
)


@dataclass
class Outside:
    """Receiver with lost responses and times of absence."""

    shared: bool = False
    mood: str = "send"
    came: list[tuple[str, str]] = field(default_factory=list)
    """Address and event id of every letter, as often as it came."""

    async def send(self, letter: Letter) -> None:
        if self.mood == "fail":
            raise ConnectionError("away")
        self.came.append((letter.address, letter.event_id))
        if self.mood == "lose":
            raise ConnectionError("the answer was lost")


@dataclass
class Node:
    """Process with leased notices, which die with it."""

    queue: ChannelQueue
    leased: list[NoticeDelivery] = field(default_factory=list)


class World:
    """A database, the events that become known, and nodes that tell them."""

    def __init__(self, database: Database, department_id: str) -> None:
        self.database = database
        self.outside = Outside()
        self.planner = Planner(database, CATALOGUE, FactFinder("Asia/Shanghai", "{number}"), lambda _channels: None)
        self.nodes = [self.node() for _ in range(NODES)]
        self.late = timedelta()
        self.events = [
            EventEnvelope(f"event-{number}", _urge(f"ticket-{number % TICKETS}", department_id), utc_now())
            for number in range(EVENTS)
        ]
        self.planned = 0

    def node(self) -> Node:
        breaker = Breaker(failures=10_000)
        return Node(ChannelQueue(self.database, NoticeChannel.WEBHOOK, self.outside, RULES, breaker))

    async def take(self, step: Step) -> None:
        """One step; one that makes no sense now is none."""
        what, which = step
        at = which % NODES
        node = self.nodes[at]
        if what == "plan":
            # Events are planned in their order, as the outbox delivers them; each may be delivered again.
            known = which if which < self.planned else min(self.planned, EVENTS - 1)
            await self.planner.plan(self.events[known])
            self.planned = max(self.planned, known + 1)
        elif what == "lease":
            await self.lease(node, 1 + which)
        elif what in {"wait", "wait long"}:
            self.late += timedelta(seconds=2 if what == "wait" else RULES.lease_s + 1)
        elif what == "crash":
            self.nodes[at] = self.node()
        else:
            await self.attempt(at, what)

    async def lease(self, node: Node, limit: int) -> None:
        """A node takes what is due."""
        now = utc_now() + self.late
        node.leased += await node.queue.lease(now, now + timedelta(seconds=RULES.lease_s), limit)

    async def attempt(self, at: int, what: str) -> None:
        """A node tries what it leased first."""
        node = self.nodes[at]
        if not node.leased:
            await self.lease(node, 1)
        if not node.leased:
            return
        delivery = node.leased.pop(0)
        self.outside.mood = "send" if what == "send and crash" else what
        outcome = await node.queue.attempt(delivery)
        if what == "send and crash":
            self.nodes[at] = self.node()
        else:
            await node.queue.finish(delivery, outcome)

    async def settle(self) -> None:
        """Plan all events; a working node delivers the rest."""
        for event in self.events:
            await self.planner.plan(event)
        self.nodes = [self.node() for _ in range(NODES)]
        for _ in range(EVENTS * RECIPIENTS * 3):
            for step in ("wait long", "lease"):
                await self.take((step, 0))
            if not self.nodes[0].leased:
                return
            await self.take(("send", 0))


def _urge(ticket_id: str, department_id: str) -> TicketChanged:
    return TicketChanged(action="urge", ticket_id=ticket_id, department_id=department_id, number="2611230001")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a database with a department and recipients, copied per example."""
    path = tmp_path_factory.mktemp("prepared") / "hotline.db"

    async def prepare() -> str:
        database = Database(f"sqlite:///{path}")
        await database.change(SQLModel.metadata.create_all)
        department = await DepartmentService(database).create(DepartmentInput(name="城东维修工区"))
        async with database.write() as session:
            for number in range(RECIPIENTS):
                session.add(
                    NoticeRecipient(
                        id=new_id("recipient"),
                        department_id=department.id,
                        name="x",
                        channel=NoticeChannel.WEBHOOK,
                        address=f"https://example.org/{number}",
                        created_at=utc_now(),
                    )
                )
        await database.aclose()
        return department.id

    return path, asyncio.run(prepare())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.integers(0, EVENTS), steps=STEPS)
def test_f26_every_interleaving_delivers_each_event_once_and_in_order(
    prepared: tuple[Path, str], tmp_path: Path, known: int, steps: list[Step]
) -> None:
    path, department_id = prepared
    copy = tmp_path / f"{new_id('example')}.db"
    shutil.copy(path, copy)

    async def run() -> None:
        database = Database(f"sqlite:///{copy}")
        world = World(database, department_id)
        for step in [("plan", EVENTS)] * known + steps:
            await world.take(step)
        await world.settle()
        async with database.read() as session:
            log = [found for found, _ in await deliveries(session, LogQuery(), before=None, limit=200)]
        await database.aclose()
        assert [found.state for found in log] == [DeliveryState.SENT] * EVENTS * RECIPIENTS
        assert len({(found.event_id, found.recipient_id) for found in log}) == EVENTS * RECIPIENTS
        _check_effects(world.outside.came)

    asyncio.run(run())
    copy.unlink()


def _check_effects(came: list[tuple[str, str]]) -> None:
    """Drop repeated ids: the rest arrives once, per ticket in order."""
    effects: dict[tuple[str, int], list[int]] = defaultdict(list)
    for address, event_id in dict.fromkeys(came):
        number = int(event_id.removeprefix("event-"))
        effects[address, number % TICKETS].append(number)
    in_order = {ticket: list(range(ticket, EVENTS, TICKETS)) for ticket in range(TICKETS)}
    assert effects == {
        (f"https://example.org/{recipient}", ticket): numbers
        for recipient in range(RECIPIENTS)
        for ticket, numbers in in_order.items()
    }
