"""A day of live queues is replayed, also under other rules."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from ari_app.queues.errors import DayUnknown, RulesInvalid
from ari_app.queues.model import LeaveReason, Offer
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from ari_app.queues.simulation.model import AgentEvent
from ari_app.queues.simulation.recorded import agent_events, recorded_day
from ari_app.queues.simulation.rules import rules_in
from ari_app.queues.simulation.service import SimulationService
from ari_app.work.facts import FactKeeper
from crm.history.model import CallRecord
from crm.staff.model import Staff
from foundation.clock import from_milliseconds, milliseconds
from foundation.database import Database
from foundation.routes import Role
from tests.unit.queues.conftest import Clock

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 27)
NINE = datetime(2026, 11, 27, 9, tzinfo=ZONE)
REPAIR = QueueSettings(name="repair", title_zh="报修", title_en="Repair", wrap_up_s=60)


class LivedDay:
    """Day that live queues went through, on a clock of the test."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database, self.redis, self.clock = database, redis, Clock()
        self.clock.ms = milliseconds(NINE)
        self.offers: list[Offer] = []
        self.service = QueueService(redis, {"repair": REPAIR}, "node-1", deadline_s=10, now_ms=self.clock)
        self.service._on_offer = self.offers.append

    async def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        await self.service.sweep()

    async def talk(self, call_id: str, began_ms: int, seconds: float) -> None:
        """Answer the offer, talk, and store the record."""
        offer = self.offers.pop(0)
        assert offer.call_id == call_id
        await self.service.ringing(offer.reservation_id)
        await self.pass_s(3)
        await self.service.connected(offer.reservation_id)
        wait_ms = self.clock.ms - began_ms
        await self.pass_s(seconds)
        await self.service.finished("anna", call_id)
        await self.record(call_id, began_ms, "answered", wait_ms, round(seconds * 1000))

    async def record(self, call_id: str, began_ms: int, outcome: str, wait_ms: int, talk_ms: int | None = None) -> None:
        at = from_milliseconds(began_ms)
        async with self.database.write() as session:
            session.add(
                CallRecord(
                    id=call_id, direction="inbound", outcome=outcome, access_number="96001", queue="repair",
                    agent_id="anna" if outcome == "answered" else None, started_at=at, queued_at=at,
                    wait_ms=wait_ms, talk_ms=talk_ms,
                )
            )  # fmt: skip

    async def keep(self) -> None:
        keeper = FactKeeper(self.redis, self.database)
        while await keeper.store_some():
            pass

    def simulations(self) -> SimulationService:
        return SimulationService(self.database, self.redis, {"repair": REPAIR}, ZONE.key)


@pytest.fixture
async def lived(database: Database, redis: Redis) -> LivedDay:
    """One agent, two callers who are served and one who gives up."""
    day = LivedDay(database, redis)
    await redis.delete("hotline:acd:facts")
    async with database.write() as session:
        session.add(
            Staff(
                id="anna",
                staff_number="1001",
                name="Anna",
                role=Role.AGENT,
                password_hash="-",
                queues=["repair"],
                created_at=from_milliseconds(0),
            )
        )
    await day.service.sign_in("anna", ["repair"])
    await day.service.ready("anna")
    await day.pass_s(10)
    first_ms = day.clock.ms
    await day.service.enter("call-1", "repair", priority=2, asks=["cantonese"])
    second_ms = day.clock.ms
    await day.service.enter("call-2", "repair")
    await day.service.enter("call-3", "repair")
    await day.talk("call-1", first_ms, 50)
    await day.pass_s(7)
    await day.service.leave("call-3", LeaveReason.CALLER_HUNG_UP)
    await day.record("call-3", second_ms, "abandoned", day.clock.ms - second_ms)
    await day.pass_s(53)
    await day.talk("call-2", second_ms, 40)
    await day.pass_s(60)
    await day.service.sign_out("anna")
    await day.keep()
    return day


async def test_the_present_rules_give_the_day_as_it_was(lived: LivedDay) -> None:
    found = await lived.simulations().run(DAY, {"repair": REPAIR})

    assert (found.calls, found.agents, found.left_out) == (3, 1, 0)
    (recorded,), (present,) = found.recorded, found.present
    assert (recorded.offered, recorded.answered, recorded.abandoned) == (3, 2, 1)
    assert recorded == present == found.changed[0]
    # 53 s and 43 s with callers, 60 s of wrap-up after each, of these and 10 s before the first call.
    assert recorded.occupancy == round(100 * (50 + 40 + 120) / (10 + 2 * 3 + 50 + 40 + 120), 1)


async def test_a_shorter_wrap_up_shortens_waits(lived: LivedDay) -> None:
    found = await lived.simulations().run(DAY, {"repair": REPAIR.model_copy(update={"wrap_up_s": 2.0})})

    (present,), (changed,) = found.present, found.changed
    assert (present.answered, changed.answered) == (2, 2)
    assert changed.longest_wait_ms is not None
    assert present.longest_wait_ms is not None
    assert changed.longest_wait_ms < present.longest_wait_ms


async def test_what_callers_asked_for_is_recorded(lived: LivedDay) -> None:
    day = await lived.database.look_up(lambda connection: recorded_day(connection, DAY, ZONE))

    assert [(call.id, call.priority, call.asks) for call in day.calls] == [
        ("call-1", 2, ["cantonese"]), ("call-2", 0, []), ("call-3", 0, []),
    ]  # fmt: skip


async def test_calls_of_a_removed_queue_are_counted(lived: LivedDay) -> None:
    other = REPAIR.model_copy(update={"name": "consult"})

    found = await lived.simulations().run(DAY, {"consult": other})

    assert found.left_out == 3
    assert [one.offered for one in found.changed] == [0]


async def test_a_day_without_calls_is_refused(lived: LivedDay) -> None:
    with pytest.raises(DayUnknown):
        await lived.simulations().run(DAY - timedelta(days=1), {"repair": REPAIR})


def test_broken_rules_are_named_with_their_line() -> None:
    with pytest.raises(RulesInvalid) as refused:
        rules_in("- name: repair\n  title_zh: 报修\n  title_en: Repair\n  ring_s: 1000\n")

    assert [(one.field, one.rule.split(":")[0]) for one in refused.value.errors] == [("rules", "line 4")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("ready", None, "repair", 0, 10)], ["sign_in 0", "ready 0", "sign_out 10"]),
        (
            [("not_ready", "signed_in", None, 0, 5), ("ready", None, None, 5, 10), ("not_ready", "meal", None, 10, 20)],
            ["sign_in 0", "ready 5", "not_ready 10", "sign_out 20"],
        ),
        # A gap is a sign-out; a call of no queue is a pause.
        (
            [("ready", None, None, 0, 10), ("ready", None, None, 5000, 5010), ("talking", None, None, 5010, 5020)],
            ["sign_in 0", "ready 0", "sign_out 10", "sign_in 5000", "ready 5000", "not_ready 5010", "sign_out 5020"],
        ),
    ],
)
def test_what_an_agent_asked_for_follows_from_the_times(
    rows: Sequence[tuple[str, str | None, str | None, int, int]], expected: list[str]
) -> None:
    names = ("state", "reason", "queue", "since", "until")
    given = [dict(zip(names, row, strict=True)) for row in rows]

    assert [f"{one.kind} {one.at}" for one in agent_events(AgentEvent(0, "sign_in", "anna"), given)] == expected
