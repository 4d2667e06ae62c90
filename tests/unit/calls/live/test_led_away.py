"""Calls that the fallback took from an absent service (F5, F6)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.model import HangUpBy
from ari_app.fallback.service import Fallback
from crm.history.errors import CallNotFound
from crm.history.model import CallOutcome, CallRecordView
from foundation.clock import utc_now
from ivr.cursor import Cursor, CursorStore
from ivr.voice import DigitRules, Voice
from ivr.walker import Ended, Outcome
from tests.fakes.hotline import FakeHotline
from tests.fakes.services import InstantRedis
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_outbound import dialled

MENU = "prompt:menu"


class Customers:
    """A directory in which no number is known."""

    async def identify(self, number: str | None) -> Any:
        return cast("Any", _Unknown())


class _Unknown:
    customer = None


class Ledger:
    """Return the records by call; a later one replaces the earlier one."""

    def __init__(self) -> None:
        self.records: dict[str, CallRecordView] = {}

    async def record_call(self, record: CallRecordView) -> None:
        self.records[record.id] = record

    async def get(self, call_id: str) -> CallRecordView:
        if call_id not in self.records:
            raise CallNotFound("no record")
        return self.records[call_id]


class Hung:
    """A service that hangs: Asterisk's events wait until it goes on."""

    def __init__(self, hotline: FakeHotline) -> None:
        self._hotline = hotline
        self._waiting: list[Any] = []

    def begin(self) -> None:
        self._hotline.asterisk.connect(cast("Dispatcher", self))

    def dispatch(self, event: Any) -> None:
        self._waiting.append(event)

    def tell_of(self, channel_id: str) -> None:
        """Hand over the events of one channel alone."""
        for event in self._waiting:
            if channel_id in event.ids:
                self._hotline.dispatcher.dispatch(event)

    def end(self) -> None:
        self._hotline.asterisk.connect(self._hotline.dispatcher)
        for event in self._waiting:
            self._hotline.dispatcher.dispatch(event)


@pytest.fixture
def ledger(hotline: FakeHotline) -> Ledger:
    records = Ledger()
    cast("Any", hotline.history).record_call = records.record_call
    return records


@pytest.fixture
def fallback(hotline: FakeHotline, ledger: Ledger) -> Fallback:
    nothing: Any = None

    def is_live(channel_id: str) -> bool:
        return hotline.calls.has_channel(channel_id)  # of the process that runs by then

    return Fallback(
        hotline.ari,
        hotline.ami,
        nothing,
        cast("Any", Customers()),
        cast("Any", ledger),
        nothing,
        cast("Any", hotline.recordings),
        "CN",
        hotline.store,
        is_live=is_live,
    )


async def taken_in(fallback: Fallback, wanted: Callable[[], bool]) -> None:
    """Take notes in at the service's pace until a condition holds."""
    for _ in range(20):
        await fallback.take_in_ended()
        if wanted():
            return
        await asyncio.sleep(5)
    raise AssertionError("not taken in")


@pytest.mark.parametrize("order", ["call first", "note first"])
async def test_f6_caller_who_hangs_up_in_the_fallback_of_a_hanging_service_has_one_record(
    hotline: FakeHotline, ledger: Ledger, fallback: Fallback, order: str
) -> None:
    caller = hotline.call()
    await hotline.queued()
    call_id, queued_at = hotline.live.state.id, utc_now()
    hung = Hung(hotline)
    hung.begin()
    await asyncio.sleep(15)
    hotline.asterisk.lead_away(caller.id)
    await asyncio.sleep(4)
    hotline.asterisk.hang_up(caller.id)
    await asyncio.sleep(3)

    hung.end()
    if order == "call first":
        await hotline.over()
    await taken_in(fallback, lambda: not hotline.asterisk.notes)
    await hotline.over()

    (record,) = ledger.records.values()
    assert record.id == call_id
    assert record.outcome == CallOutcome.ABANDONED.value
    assert record.queued_at is not None
    assert abs((record.queued_at - queued_at).total_seconds()) < 0.1
    assert record.wait_ms is not None
    assert 18_000 <= record.wait_ms <= 20_000


async def test_request_that_fails_because_the_caller_was_led_away_does_not_end_the_call_in_the_fallback(
    hotline: FakeHotline, ledger: Ledger
) -> None:
    caller = hotline.call()
    await hotline.queued()
    hung = Hung(hotline)
    hung.begin()
    hotline.asterisk.lead_away(caller.id)
    await asyncio.sleep(0.1)

    # The agent's answer reaches the service before the event that its caller left.
    await hotline.agent_ready()
    leg = await hotline.rung()
    hotline.asterisk.pick_up(leg.id)
    await asyncio.sleep(0.1)
    hung.tell_of(leg.id)
    await hotline.over()

    assert caller.id in hotline.asterisk.channels, "the fallback has the caller"
    (record,) = ledger.records.values()
    assert record.outcome == CallOutcome.FALLBACK.value
    assert record.hangup_by == HangUpBy.SYSTEM.value


async def test_caller_of_a_service_that_was_away_has_one_record(
    hotline: FakeHotline, ledger: Ledger, fallback: Fallback
) -> None:
    caller = hotline.call()
    await hotline.queued()
    call_id = hotline.live.state.id
    hotline.asterisk.told = False
    await hotline.leave()
    hotline.asterisk.lead_away(caller.id)
    hotline.asterisk.told = True

    await hotline.restart()
    await until(lambda: ledger.records)
    assert ledger.records[call_id].outcome == CallOutcome.FALLBACK.value
    await asyncio.sleep(30)
    hotline.asterisk.hang_up(caller.id)
    await taken_in(fallback, lambda: not hotline.asterisk.notes)

    (record,) = ledger.records.values()
    assert record.outcome == CallOutcome.ABANDONED.value
    assert record.ended_at is not None
    assert (record.ended_at - datetime.fromtimestamp(0, UTC)).total_seconds() > 0


async def test_caller_whom_only_the_fallback_had_has_a_record_of_its_own(
    hotline: FakeHotline, ledger: Ledger, fallback: Fallback
) -> None:
    hotline.asterisk.told = False
    caller = hotline.call()
    hotline.asterisk.lead_away(caller.id)
    note = caller.note
    hotline.asterisk.hang_up(caller.id)

    await taken_in(fallback, lambda: not hotline.asterisk.notes)

    (record,) = ledger.records.values()
    assert record.id == note


async def test_note_waits_while_redis_is_away(hotline: FakeHotline, ledger: Ledger, fallback: Fallback) -> None:
    hotline.asterisk.told = False
    caller = hotline.call()
    hotline.asterisk.lead_away(caller.id)
    hotline.asterisk.hang_up(caller.id)
    redis = cast("InstantRedis", hotline.redis)
    redis.away = True
    assert await fallback.take_in_ended() == 0
    redis.away = False
    assert await fallback.take_in_ended() == 1


async def question(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Ask one question of a survey."""
    await store.save(cursor)
    await voice.ask([Path("/prompts/zh/question.wav")], DigitRules(first_s=60, overall_s=60))
    return Ended("done")


@pytest.mark.parametrize("service", ["hung", "away"])
async def test_customer_who_was_being_called_is_recorded_as_led_away(
    hotline: FakeHotline, ledger: Ledger, service: str
) -> None:
    phone = await dialled(hotline)
    hotline.script = question
    hotline.asterisk.pick_up(phone.id)
    await until(lambda: hotline.asterisk.hears(phone.id) == "prompt:question")
    hung = Hung(hotline)
    hung.begin()
    if service == "away":
        await hotline.leave()
    hotline.asterisk.lead_away(phone.id)
    await asyncio.sleep(4)
    hotline.asterisk.hang_up(phone.id)
    await asyncio.sleep(3)

    if service == "away":
        await hotline.restart()
    else:
        hung.end()
    await hotline.over()

    (record,) = ledger.records.values()
    assert record.outcome == CallOutcome.FALLBACK.value


async def test_old_notes_of_contacts_are_deleted(hotline: FakeHotline, ledger: Ledger, fallback: Fallback) -> None:
    now = int(utc_now().timestamp())
    hotline.asterisk.contacts.update({"contact-leg-1": str(now - 3 * 3600), "contact-leg-2": str(now), "x": "nonsense"})
    await fallback.take_in_ended()
    assert list(hotline.asterisk.contacts) == ["contact-leg-2"]
