"""Calls back in the caller's place in a queue, in virtual time."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from ari_app.calls.call_back import call_back_state
from ari_app.calls.model import CallState
from ari_app.desk.call_states import Direction, OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState, LeaveReason
from crm.history.model import CallOutcome
from foundation.clock import milliseconds, utc_now
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

WANG = "+8613800000009"
REFUSED, NO_ANSWER = 21, 19


@dataclass
class Asked:
    """Call back that a caller asked for."""

    id: str = "call-back-1"
    number: str = WANG
    customer_id: str | None = None
    queue: str = "repair"
    kind: str | None = "fault"
    priority: int = 0
    asked_call_id: str = "call-asked"
    joined_at: datetime = field(default_factory=utc_now)
    window_zh: str = "今天下午"
    window_en: str = "this afternoon"


class CallBacks:
    """Calls back of these tests: wanted until given up."""

    def __init__(self) -> None:
        self.is_wanted = True
        self.joined_ms: int | None = None

    async def wanted(self, _call_back_id: str, _call_id: str) -> bool:
        return self.is_wanted

    async def outstanding(self, _number: str | None) -> bool:
        return self.joined_ms is not None

    async def merge(self, _number: str, _queue: str, _call_id: str) -> int | None:
        joined_ms, self.joined_ms = self.joined_ms, None
        return joined_ms


@pytest.fixture
async def backs(hotline: FakeHotline) -> CallBacks:
    backs = hotline.call_backs = CallBacks()
    await hotline.leave()
    await hotline.restart()
    return backs


def call_back(hotline: FakeHotline, ago_s: float = 0) -> CallState:
    """Put a call back in line; its caller joined a while ago."""
    joined_ms = milliseconds(utc_now()) - round(ago_s * 1000)
    state = call_back_state(hotline.services, Asked(), joined_ms)
    hotline.calls.place(state)
    return state


def customer(hotline: FakeHotline) -> FakeChannel | None:
    legs = (leg for leg in hotline.asterisk.channels.values() if leg.endpoint == f"PJSIP/{WANG}@trunk")
    return next(legs, None)


async def dialled(hotline: FakeHotline) -> FakeChannel:
    await until(lambda: customer(hotline) is not None)
    leg = customer(hotline)
    assert leg is not None
    return leg


async def test_agent_is_rung_first_and_talks_with_the_customer(hotline: FakeHotline, backs: CallBacks) -> None:
    state = call_back(hotline, ago_s=240)
    await hotline.queued()
    await asyncio.sleep(30)
    assert customer(hotline) is None, "no agent is free"
    await hotline.agent_ready()
    leg = await hotline.rung()
    assert customer(hotline) is None
    ((_, pop),) = hotline.desks.popped
    assert pop.call_id == state.id
    hotline.asterisk.pick_up(leg.id)
    other = await dialled(hotline)
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.hears(other.id) == "talk")
    assert (await hotline.agent()).state is AgentState.TALKING
    await asyncio.sleep(20)
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    record = hotline.history.only
    assert (record.direction, record.outcome, record.queue) == ("outbound", CallOutcome.ANSWERED.value, "repair")
    assert record.agent_id == "staff-1001"
    await hotline.becomes(AgentState.WRAP_UP)
    assert [one.outgoing.result for one in hotline.settled if one.outgoing is not None] == [OutgoingResult.REACHED]


async def test_place_is_that_of_the_first_joining(hotline: FakeHotline, backs: CallBacks) -> None:
    earlier = hotline.call("13800000001")
    await hotline.queued()
    await asyncio.sleep(60)
    later = hotline.call("13800000002")
    await hotline.queued(2)
    await asyncio.sleep(5)
    call_back(hotline, ago_s=30)
    await hotline.queued(3)
    await asyncio.sleep(1)

    await hotline.agent_ready("1001")
    await hotline.talking("1001")
    assert hotline.asterisk.hears(earlier.id) == "talk"
    await hotline.agent_ready("1002")
    await hotline.rung("1002")
    assert len(hotline.asterisk.channels) == 4, "the call back rings an agent before the later caller"
    hotline.asterisk.pick_up((await hotline.rung("1002")).id)
    await dialled(hotline)
    await hotline.agent_ready("1003")
    await hotline.talking("1003")
    assert hotline.asterisk.hears(later.id) == "talk"


async def test_agent_who_declines_leaves_it_in_line(hotline: FakeHotline, backs: CallBacks) -> None:
    call_back(hotline, ago_s=10)
    await hotline.queued()
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    hotline.asterisk.hang_up(leg.id, REFUSED)
    await asyncio.sleep(1)
    assert hotline.live.state.stage is CallStage.QUEUED
    assert customer(hotline) is None
    await hotline.agent_ready("1002")
    hotline.asterisk.pick_up((await hotline.rung("1002")).id)
    await dialled(hotline)


async def test_customer_who_does_not_answer_frees_the_agent_without_wrap_up(
    hotline: FakeHotline, backs: CallBacks
) -> None:
    call_back(hotline)
    await hotline.agent_ready()
    hotline.asterisk.pick_up((await hotline.rung()).id)
    other = await dialled(hotline)
    hotline.asterisk.hang_up(other.id, NO_ANSWER)
    await hotline.over()
    assert hotline.history.only.outcome == CallOutcome.UNREACHED.value
    assert [one.outgoing.result for one in hotline.settled if one.outgoing is not None] == [OutgoingResult.NO_ANSWER]
    await hotline.becomes(AgentState.READY)


@pytest.mark.parametrize("stage", ["waiting", "offered", "rung"])
async def test_call_back_that_is_not_wanted_any_more_rings_no_customer(
    hotline: FakeHotline, backs: CallBacks, stage: str
) -> None:
    call_back(hotline)
    await hotline.queued()
    if stage == "rung":
        await hotline.agent_ready()
        leg = await hotline.rung()
        backs.is_wanted = False
        hotline.asterisk.pick_up(leg.id)
    else:
        backs.is_wanted = False
        if stage == "offered":
            await hotline.agent_ready()
    await hotline.over()
    assert customer(hotline) is None
    if stage != "waiting":
        await hotline.becomes(AgentState.READY)
    if stage != "rung":
        assert not hotline.history.records, "there was no call"


async def test_agents_phone_stops_ringing_when_the_caller_dials_again(hotline: FakeHotline, backs: CallBacks) -> None:
    """The same agent is rung for the caller, not for both."""
    state = call_back(hotline, ago_s=60)
    await hotline.queued()
    await hotline.agent_ready()
    first = await hotline.rung()
    backs.is_wanted, backs.joined_ms = False, state.queued_at_ms
    again = hotline.call("13800000009")
    await until(lambda: any(live.direction is Direction.INBOUND and live.queued_at_ms for live in hotline.calls.live))
    # As the merge does, on whatever node it is.
    await hotline.queues.leave(state.id, LeaveReason.SYSTEM)
    await asyncio.sleep(0.75)
    assert first.id not in hotline.asterisk.channels, "before the queue frees the agent by itself"
    second = await hotline.rung()
    assert second.id != first.id
    assert len([leg for leg in hotline.asterisk.channels.values() if leg.state == "Ringing"]) == 1
    hotline.asterisk.pick_up(second.id)
    await until(lambda: hotline.asterisk.hears(again.id) == "talk")
    assert customer(hotline) is None, "the number is not dialled"
    assert await hotline.queues.position(state.id) is None
    (other,) = [one.talk for one in hotline.calls.live if one.talk is not None]
    assert other.agent_id == "staff-1001"
    await hotline.agent_ready("1002")
    await asyncio.sleep(0.1)
    assert (await hotline.agent("1002")).state is AgentState.READY, "the call back stands in line no more"


async def test_caller_who_dials_again_has_the_former_place(hotline: FakeHotline, backs: CallBacks) -> None:
    first = hotline.call("13800000001")
    await hotline.queued()
    await asyncio.sleep(20)
    backs.joined_ms = milliseconds(utc_now()) - 60_000
    again = hotline.call("13800000009")
    await hotline.queued(2)
    await asyncio.sleep(1)
    await hotline.agent_ready()
    await hotline.talking()
    assert hotline.asterisk.hears(again.id) == "talk"
    assert hotline.asterisk.hears(first.id) != "talk"


@pytest.mark.parametrize("step", ["waiting", "ringing", "dialled", "talking"])
async def test_f19_call_back_is_made_once_though_redis_loses_its_data(
    hotline: FakeHotline, backs: CallBacks, step: str
) -> None:
    call_back(hotline, ago_s=100)
    await hotline.queued()

    async def lost_at(now: str) -> None:
        if now == step:
            await hotline.redis.flushall()
            await hotline.reconciler.repair_queues()

    await lost_at("waiting")
    await hotline.agent_ready()
    leg = await hotline.rung()
    await lost_at("ringing")
    hotline.asterisk.pick_up(leg.id)
    other = await dialled(hotline)
    await lost_at("dialled")
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.hears(other.id) == "talk")
    await lost_at("talking")
    assert (await hotline.agent()).state is AgentState.TALKING
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()
    assert len(hotline.history.records) == 1
    assert [one.outgoing.result for one in hotline.settled if one.outgoing is not None] == [OutgoingResult.REACHED]


@pytest.mark.parametrize("rung", [False, True])
async def test_next_process_goes_on(hotline: FakeHotline, backs: CallBacks, rung: bool) -> None:
    call_back(hotline, ago_s=100)
    await hotline.queued()
    if rung:
        await hotline.agent_ready()
        await hotline.rung()
    state = hotline.live.state
    await hotline.leave()
    if not rung:
        await hotline.redis.flushall()
        await hotline.store.save(state)
    await hotline.restart()
    await asyncio.sleep(6)
    if not rung:
        await hotline.agent_ready()
    hotline.asterisk.pick_up((await hotline.rung()).id)
    other = await dialled(hotline)
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.hears(other.id) == "talk")
