"""A receiver on loopback, and everything that tells it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from crm.notices.catalogue import NoticeCatalogue, read_notices
from crm.notices.channels import RobotSender, Sender, WebhookSender
from crm.notices.delivering import Deliverer
from crm.notices.duty import DutyService
from crm.notices.facts import FactFinder
from crm.notices.model import NoticeChannel
from crm.notices.planning import Planner
from crm.notices.service import NoticeService
from crm.notices.store import LogQuery
from crm.notices.views import DeliveryView, RecipientCreated, RecipientInput
from crm.outbox.service import OutboxWorker
from crm.outbox.subscriptions import Listener, Subscriptions
from crm.outbox.worker import DeliveryRules
from crm.tickets.service import TicketService
from crm.webhooks.client import OutsideClient
from dev.paths import PROJECT
from foundation.database import Database
from foundation.signals import Signal

IMPATIENT = DeliveryRules(parallel=4, timeout_s=5, lease_s=10, attempts=3, first_retry_s=0.02, longest_retry_s=0.05)
CATALOGUE = PROJECT / "callflows" / "notices.yaml"
LINK = "https://desk.example.org/tickets/{number}"
LOOPBACK = frozenset({"127.0.0.1"})


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


Answerer = Callable[[Received], Awaitable[web.StreamResponse | None]]


@dataclass
class Receiver:
    """Another system. `answer` may be replaced; None from it means 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Answerer | None = None
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        came = Received(request.path_qs, request.headers.copy(), await request.read())
        async with self._more:
            self.received.append(came)
            self._more.notify_all()
        answered = await self.answer(came) if self.answer is not None else None
        return answered or web.Response()

    async def until(self, count: int) -> list[Received]:
        async with asyncio.timeout(15), self._more:
            await self._more.wait_for(lambda: len(self.received) >= count)
        return self.received


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", found.handle)
    async with TestServer(application, host="127.0.0.1") as server:
        found.url = str(server.make_url("/hook"))
        yield found


@pytest.fixture(scope="session")
def catalogue() -> NoticeCatalogue:
    found, findings, _ = read_notices(CATALOGUE, organisation={"zh": "城市服务热线", "en": "city hotline"})
    assert found is not None, findings
    return found


@pytest.fixture
async def client() -> AsyncIterator[OutsideClient]:
    opened = OutsideClient(LOOPBACK, timeout_s=3)
    yield opened
    await opened.aclose()


def listening(listener: Listener) -> Subscriptions:
    """Return subscriptions with one listener of every event."""
    subscriptions = Subscriptions()
    subscriptions.on_every_event(listener)
    return subscriptions


@dataclass
class House:
    """Tickets with notices about their events."""

    database: Database
    tickets: TicketService
    notices: NoticeService
    duty: DutyService
    planner: Planner
    senders: dict[NoticeChannel, Sender]
    due: Signal[[Collection[NoticeChannel]]]

    async def webhook(self, url: str, department_id: str | None, **changes: Any) -> RecipientCreated:
        given = {"name": "ERP", "channel": "webhook", "address": url, "department_id": department_id, **changes}
        return await self.notices.create(RecipientInput.model_validate(given))

    @asynccontextmanager
    async def working(self, rules: DeliveryRules = IMPATIENT) -> AsyncIterator[None]:
        """The outbox and the channels run."""
        deliverer = Deliverer(self.database, self.senders, rules)
        self.due.add_listener(deliverer.wake)
        outbox = OutboxWorker(self.database, listening(self.planner.plan), IMPATIENT)
        self.tickets.outbox_written.add_listener(outbox.wake)
        tasks = [asyncio.create_task(outbox.run()), asyncio.create_task(deliverer.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def log(self, **wanted: Any) -> list[DeliveryView]:
        """The log of deliveries, oldest first."""
        return (await self.notices.deliveries(LogQuery(**wanted), after=None, limit=200))[::-1]

    async def until(self, holds: Callable[[list[DeliveryView]], bool], **wanted: Any) -> list[DeliveryView]:
        """The log once what is awaited holds."""
        async with asyncio.timeout(15):
            while not holds(found := await self.log(**wanted)):
                await asyncio.sleep(0.01)
        return found


def furnished(database: Database, catalogue: NoticeCatalogue, client: OutsideClient, robots: str = "") -> House:
    due = Signal[[Collection[NoticeChannel]]]()
    planner = Planner(database, catalogue, FactFinder("Asia/Shanghai", LINK), due.announce)
    return House(
        database,
        TicketService(database),
        NoticeService(database, catalogue, planner, client, on_due=due.announce),
        DutyService(database),
        planner,
        {
            NoticeChannel.WEBHOOK: WebhookSender(client),
            NoticeChannel.WECOM: RobotSender(client, NoticeChannel.WECOM, robots),
            NoticeChannel.DINGTALK: RobotSender(client, NoticeChannel.DINGTALK, robots),
        },
        due,
    )


@pytest.fixture
def house(database: Database, catalogue: NoticeCatalogue, client: OutsideClient, receiver: Receiver) -> House:
    return furnished(database, catalogue, client, receiver.url.removesuffix("/hook"))


@pytest.fixture
def catalogue_file(tmp_path: Path) -> Path:
    path = tmp_path / "notices.yaml"
    path.write_text(CATALOGUE.read_text(encoding="utf-8"), encoding="utf-8")
    return path
