"""Random commands, losses and restarts: every party keeps an owner."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ari_app.calls.control.model import Control, may
from ari_app.calls.control.orders import Order
from ari_app.desk.call_states import CallAction
from ari_app.desk.command_model import CallTarget
from ari_app.queues.model import AgentState
from foundation.problems import Problem
from recordings.model import RecordingStatus
from tests.fakes.hotline import AGENTS, FakeHotline
from tests.fakes.services import InstantRedis
from tests.fakes.virtual_time import VirtualTimeLoop, set_wall_clock, until

TARGETS = (
    CallTarget("agent", "staff-1002"),
    CallTarget("agent", "staff-1003"),
    CallTarget("queue", "repair"),
    CallTarget("number", "045187654321"),
    CallTarget("flow", "main"),
)
CALLED = ("staff-1002", "045187654321")
STEPS = some.one_of(
    some.tuples(some.just("order"), some.sampled_from(sorted(AGENTS)), some.sampled_from(list(CallAction))),
    some.tuples(some.just("possible"), some.integers(0, 40), some.none()),
    some.tuples(some.just("possible"), some.integers(0, 40), some.none()),
    some.tuples(some.just("possible"), some.integers(0, 40), some.none()),
    some.tuples(some.just("answer"), some.just(0), some.none()),
    some.tuples(some.just("answer"), some.sampled_from(range(3)), some.none()),
    some.tuples(some.just("hang up"), some.sampled_from(range(4)), some.sampled_from([16, 17, 44])),
    some.tuples(some.just("wait"), some.sampled_from([0, 1, 25, 50]), some.none()),
    some.tuples(some.just("restart"), some.none(), some.none()),
)


def possible(hotline: FakeHotline, choice: int) -> tuple[str, object, object]:
    """Return an order that the call allows now."""
    for call in hotline.calls.calls.values():
        state = call.state
        if state.talk is None or not state.bridged:
            continue
        allowed = [action for action in may(state.control or Control(0)) if action is not CallAction.HANG_UP]
        if allowed:
            number = "1002" if state.talk.released else state.talk.staff_number
            return "order", number, allowed[choice % len(allowed)]
    return "answer", 0, None


async def carry_out(hotline: FakeHotline, step: tuple[str, object, object], target: CallTarget) -> None:
    """Carry out one random step."""
    what, one, two = step
    asterisk = hotline.asterisk
    if what == "possible":
        what, one, two = possible(hotline, int(str(one)))
    if what == "order":
        assert isinstance(two, CallAction)
        order = Order(agent_id=AGENTS[str(one)].agent_id, action=two, target=target, digits="1")
        with suppress(Problem):
            if two is CallAction.PICK_UP and hotline.calls.calls:
                await hotline.control.pick_up(next(iter(hotline.calls.calls)), order)
            else:
                await hotline.control.obey(order)
    elif what == "answer":
        ringing = [leg for leg in asterisk.channels.values() if leg.state == "Ringing"]
        if ringing:
            asterisk.pick_up(ringing[int(str(one)) % len(ringing)].id)
    elif what == "hang up":
        legs = [leg for leg in asterisk.channels.values() if leg.endpoint != "PJSIP/trunk"]
        if legs:
            asterisk.hang_up(legs[int(str(one)) % len(legs)].id, int(str(two)))
    elif what == "wait":
        await asyncio.sleep(float(str(one)))
    else:
        await asyncio.sleep(0.1)
        await hotline.leave()
        await asyncio.sleep(0.1)
        await hotline.restart()


def owned(hotline: FakeHotline) -> None:
    """Find a call for every leg, and no customer in silence."""
    legs = set()
    for call in hotline.calls.calls.values():
        state = call.state
        legs.add(state.channel_id)
        if state.talk is not None:
            legs.add(state.talk.channel_id)
        if state.control is not None and state.control.party is not None:
            legs.add(state.control.party.channel_id)
    assert not set(hotline.asterisk.channels) - legs
    for leg in hotline.asterisk.channels.values():
        if leg.endpoint == "PJSIP/trunk":
            assert hotline.asterisk.hears(leg.id) != "silence"


async def drive(redis_url: str, steps: list[tuple[tuple[str, object, object], CallTarget]], called: str = "") -> None:
    """Play the steps on one call in or out."""
    redis = InstantRedis(redis_url)
    await redis.flushdb()
    hotline = FakeHotline(redis)
    await hotline.start()
    caller = hotline.call() if not called else None
    for number in sorted(AGENTS):
        await hotline.agent_ready(number)
    await hotline.queues.not_ready("staff-1003", "paperwork")
    if called:
        await hotline.call_out("agent" if called.startswith("staff") else "number", called)
    own = await hotline.rung("1001")
    if caller is not None:
        hotline.asterisk.pick_up(own.id)
        await until(lambda: hotline.asterisk.hears(caller.id) == "talk")
    for step, target in steps:
        await carry_out(hotline, step, target)
        await asyncio.sleep(0.05)
        if step[0] == "wait":
            owned(hotline)
    await asyncio.sleep(1)
    owned(hotline)
    for call in list(hotline.calls.calls.values()):
        if call.state.channel_id in hotline.asterisk.channels:
            hotline.asterisk.hang_up(call.state.channel_id)
    await hotline.over()
    await asyncio.sleep(1)
    assert not hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair", "hold-usual"}
    assert not any(entry.status is RecordingStatus.RECORDING for entry in hotline.recordings.entries.values())
    assert len(hotline.history.records) == 1
    for number in AGENTS:
        agent = await hotline.agent(number)
        assert agent.state not in {AgentState.TALKING, AgentState.RINGING, AgentState.RESERVED}, agent
    await hotline.leave()
    await redis.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=some.lists(some.tuples(STEPS, some.sampled_from(TARGETS)), min_size=1, max_size=14))
def test_random_commands_lose_no_party(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[tuple[str, object, object], CallTarget]]
) -> None:
    set_wall_clock(monkeypatch)
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(drive(redis_url, steps))
    finally:
        loop.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    called=some.sampled_from(CALLED),
    steps=some.lists(some.tuples(STEPS, some.sampled_from(TARGETS)), min_size=1, max_size=14),
)
def test_random_steps_of_a_call_out_lose_no_party(
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    called: str,
    steps: list[tuple[tuple[str, object, object], CallTarget]],
) -> None:
    set_wall_clock(monkeypatch)
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(drive(redis_url, steps, called))
    finally:
        loop.close()
