"""Thresholds of queues: alerts with their history, and notices of them."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlmodel import select

from ari_app.desk.board import AlertFigure
from ari_app.queues.model import LeaveReason
from ari_app.queues.service import QueueService
from ari_app.queues.settings import load_queues
from ari_app.supervision.alerts import watch
from ari_app.supervision.alerts.errors import ThresholdInvalid, ThresholdUnknown
from ari_app.supervision.alerts.model import AlertView, FindAlerts, ThresholdInput
from ari_app.supervision.alerts.service import QueueThresholds
from ari_app.supervision.alerts.watch import AlertWatch
from ari_app.work.desk_file import DeskChoices, PauseReason
from crm.events import Event, QueueAlerted, decode
from crm.notices.facts import FactFinder
from crm.notices.model import NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.notices.planning import Planner
from crm.outbox.model import OutboxEntry
from crm.outbox.subscriptions import EventEnvelope
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from tests.callflows import shipped

QUEUES = load_queues(Path(__file__).parents[3] / "callflows" / "queues.yaml")
WHO = Principal("staff-3001", "3001", "Chen", Role.SUPERVISOR)
CHOICES = DeskChoices((PauseReason(code="break", zh="小休", en="break", limit_minutes=10),))
WAITING, LONGEST, LEVEL = AlertFigure.WAITING, AlertFigure.LONGEST_WAIT_S, AlertFigure.LEVEL


class Watched:
    """Queues on the real Redis, with thresholds that are watched."""

    def __init__(self, redis: Redis, database: Database, node: str = "node-1") -> None:
        self.now_ms, self.now_s = 1_800_000_000_000, 0.0
        self.database = database
        self.levels: dict[str, float | None] = {}
        self.woken = 0
        self.queues = QueueService(redis, QUEUES, node, deadline_s=10, now_ms=lambda: self.now_ms)
        self.thresholds = QueueThresholds(database, QUEUES)
        self.watch = AlertWatch(
            database,
            self.queues,
            redis,
            node,
            levels=self._levels,
            wake_outbox=self._wake,
            is_long=CHOICES.is_over,
            clock=lambda: self.now_s,
        )

    async def set(self, figure: AlertFigure, bound: int, queue: str = "repair") -> str:
        return (await self.thresholds.set(ThresholdInput(queue=queue, figure=figure, bound=bound), WHO)).id

    async def callers(self, count: int, queue: str = "repair") -> None:
        for number in range(count):
            await self.queues.enter(f"call-{queue}-{number}", queue)

    async def history(self) -> list[AlertView]:
        return await self.thresholds.alerts(FindAlerts())

    async def events(self) -> list[Event]:
        async with self.database.read() as session:
            entries = (await session.exec(select(OutboxEntry))).all()
        return [decode(entry.kind, entry.key, entry.payload) for entry in entries]

    async def _levels(self) -> Mapping[str, float | None]:
        return self.levels

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def watched(redis: Redis, sqlite_database: Database) -> Watched:
    return Watched(redis, sqlite_database)


async def test_alert_begins_at_the_bound_and_ends_after_calm(watched: Watched) -> None:
    await watched.set(WAITING, 3)
    await watched.callers(2)
    assert not await watched.watch.look()
    await watched.callers(3)
    assert await watched.watch.look()
    assert not await watched.watch.look(), "it is told once"
    await watched.callers(5)
    await watched.watch.look()
    (alert,) = await watched.history()
    assert (alert.bound, alert.value, alert.worst, alert.ended_at) == (3, 3, 5, None)
    assert [one.id for one in await watched.thresholds.open_alerts()] == [alert.id]
    assert [(event.kind, event.key) for event in await watched.events()] == [("queue.alert", alert.id)]
    assert watched.woken == 1

    for number in range(5):
        await watched.queues.leave(f"call-repair-{number}", LeaveReason.CALLER_HUNG_UP)
    assert not await watched.watch.look(), "a value that swings is one alert"
    watched.now_s += watch.CALM_S
    assert await watched.watch.look()
    (alert,) = await watched.history()
    assert alert.ended_at is not None
    assert await watched.thresholds.open_alerts() == []


async def test_value_that_is_bad_again_before_calm_is_the_same_alert(watched: Watched) -> None:
    await watched.set(WAITING, 1)
    await watched.callers(1)
    await watched.watch.look()
    await watched.queues.leave("call-repair-0", LeaveReason.CALLER_HUNG_UP)
    await watched.watch.look()
    watched.now_s += watch.CALM_S - 1
    await watched.callers(1)
    await watched.watch.look()
    watched.now_s += watch.CALM_S - 1
    await watched.watch.look()
    assert [one.ended_at for one in await watched.history()] == [None]


async def test_longest_wait_and_service_level_raise_alerts(watched: Watched) -> None:
    await watched.set(LONGEST, 60)
    await watched.set(LEVEL, 80, "consult")
    watched.levels = {"consult": None, "repair": 10.0}
    await watched.callers(1)
    assert not await watched.watch.look(), "no call is no bad level"
    watched.now_ms += 61_000
    watched.levels["consult"] = 79.9
    await watched.watch.look()
    found = {(one.queue, one.figure, one.value) for one in await watched.history()}
    assert found == {("repair", LONGEST, 61), ("consult", LEVEL, 79)}


async def test_pause_beyond_its_limit_raises_an_alert_of_its_queues(watched: Watched) -> None:
    await watched.set(AlertFigure.LONG_PAUSES, 1)
    await watched.set(AlertFigure.LONG_PAUSES, 1, "consult")
    await watched.queues.sign_in("anna", ["repair"])
    await watched.queues.not_ready("anna", "break")
    await watched.queues.sign_in("bob", ["consult"])
    await watched.queues.not_ready("bob", "no_answer")
    watched.now_ms += 10 * 60_000 - 1
    assert not await watched.watch.look(), "it is not too long yet"
    watched.now_ms += 1
    assert await watched.watch.look()
    assert [(one.queue, one.figure, one.value) for one in await watched.history()] == [
        ("repair", AlertFigure.LONG_PAUSES, 1)
    ]


async def test_removed_threshold_ends_its_alert(watched: Watched) -> None:
    threshold = await watched.set(WAITING, 1)
    await watched.callers(1)
    await watched.watch.look()
    await watched.thresholds.remove(threshold)
    assert await watched.watch.look()
    assert [one.ended_at is None for one in await watched.history()] == [False]
    with pytest.raises(ThresholdUnknown):
        await watched.thresholds.remove(threshold)


async def test_second_bound_replaces_the_first(watched: Watched) -> None:
    assert await watched.set(WAITING, 3) == await watched.set(WAITING, 9)
    assert [one.bound for one in await watched.thresholds.all()] == [9]


@pytest.mark.parametrize(
    ("queue", "figure", "bound", "field"),
    [("nowhere", WAITING, 3, "queue"), ("repair", LEVEL, 101, "bound"), ("repair", WAITING, 1001, "bound")],
)
async def test_threshold_that_cannot_be_is_refused_by_field(
    watched: Watched, queue: str, figure: AlertFigure, bound: int, field: str
) -> None:
    with pytest.raises(ThresholdInvalid) as refusal:
        await watched.set(figure, bound, queue)
    assert [problem.field for problem in refusal.value.errors] == [field]
    assert await watched.thresholds.all() == []


async def test_one_process_looks_for_all(redis: Redis, sqlite_database: Database) -> None:
    first, other = Watched(redis, sqlite_database), Watched(redis, sqlite_database, "node-2")
    assert await first.watch._is_watcher()
    assert await first.watch._is_watcher()
    assert not await other.watch._is_watcher()
    await redis.delete(watch.WATCHER)
    assert await other.watch._is_watcher()


@pytest.mark.parametrize(
    ("language", "subject"),
    [("zh", "队列告警：故障报修 Repair 排队人数 7"), ("en", "Queue alert: 故障报修 Repair, waiting callers 7")],
)
async def test_recipient_of_the_house_gets_a_notice(sqlite_database: Database, language: str, subject: str) -> None:
    now = utc_now()
    recipient = NoticeRecipient(
        id="recipient-1",
        name="duty",
        channel=NoticeChannel.WECOM,
        address="a" * 32,
        language=language,
        created_at=now,
    )
    async with sqlite_database.write() as session:
        session.add(recipient)
    catalogue = shipped().notices
    assert catalogue is not None
    planner = Planner(sqlite_database, catalogue, FactFinder("Asia/Shanghai", "{number}"), lambda _: None)
    event = QueueAlerted(alert_id="alert-1", queue="故障报修 Repair", figure="waiting", bound="5", value="7")
    await planner.plan(EventEnvelope("event-1", event, now))
    async with sqlite_database.read() as session:
        (notice,) = (await session.exec(select(NoticeDelivery))).all()
    assert notice.subject == subject
    assert "5" in notice.text
