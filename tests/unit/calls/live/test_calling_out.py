"""Calls that agents make, on a fake Asterisk: every end, every loss."""

import asyncio
from typing import Any

import pytest

from ari_app.ari import channels
from ari_app.ari.errors import EndpointUnavailable
from ari_app.ari.rest import RequestKind
from ari_app.calls import outgoing
from ari_app.calls.control.errors import NotNow, TargetBusy
from ari_app.calls.errors import NumberClassClosed
from ari_app.desk.call_states import CallAction, ControlStage, Direction, OutgoingResult
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallStage
from ari_app.outgoing.errors import InACall
from ari_app.queues.errors import AgentNotSignedIn
from ari_app.queues.model import AgentState
from crm.customers.model import CustomerView
from crm.history.model import CallOutcome
from crm.notices.views import DutyNumber
from recordings.model import RecordingKind, RecordingStatus
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import AGENTS, FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_adoption import renewed
from tests.unit.calls.live.test_transfers import OTHER, OUTSIDE_ENDPOINT, nothing_is_left, other_ready, outside

NUMBER = "0451-87654321"
NORMAL, BUSY, NO_ANSWER, REFUSED, UNALLOCATED = 16, 17, 19, 21, 1


async def called(hotline: FakeHotline) -> tuple[FakeChannel, FakeChannel]:
    """Have the agent call out; return both channels while the number rings."""
    await hotline.agent_ready()
    shown = await hotline.call_out("number", NUMBER)
    assert (shown.stage, shown.direction, shown.may) == (CallStage.RINGING, Direction.OUTBOUND, [CallAction.HANG_UP])
    own = await hotline.rung()
    hotline.asterisk.pick_up(own.id)
    return own, await outside(hotline)


async def reached(hotline: FakeHotline) -> tuple[FakeChannel, FakeChannel]:
    """Return the channels of an agent and a number that talk."""
    own, other = await called(hotline)
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.heard_by(own.id) == {other.id})
    return own, other


def result(hotline: FakeHotline, agent_id: str = "staff-1001") -> OutgoingResult | None:
    """Return the result that the agent's desk was shown last."""
    return [shown for to, shown in hotline.desks.shown if to == agent_id][-1].result


async def test_agent_and_number_talk_like_any_two(hotline: FakeHotline) -> None:
    own, other = await called(hotline)
    assert hotline.asterisk.hears(own.id) == "ringing"
    assert (await hotline.agent()).state is AgentState.TALKING
    assert hotline.desks.popped
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.heard_by(own.id) == {other.id})

    held = await hotline.order(CallAction.HOLD)
    assert (held.state, held.number, hotline.asterisk.hears(other.id)) == ("held", "+8645187654321", "music:default")
    await hotline.order(CallAction.RESUME)
    await hotline.order(CallAction.DIGITS, digits="1#")
    assert other.keys_sent == "1#"
    await asyncio.sleep(10)
    hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)

    record = hotline.history.only
    assert (record.direction, record.outcome, record.agent_id) == ("outbound", CallOutcome.ANSWERED, "staff-1001")
    assert (record.number, record.access_number, record.queue, record.wait_ms) == (
        "+8645187654321",
        "96001",
        None,
        None,
    )
    assert result(hotline) is OutgoingResult.REACHED
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    assert {entry.kind for entry in hotline.recordings.entries.values()} == {RecordingKind.CONVERSATION}


@pytest.mark.parametrize(("count", "expected"), [(0, None), (1, "customer-0"), (2, None)])
async def test_call_to_a_typed_number_is_about_its_only_customer(
    hotline: FakeHotline, count: int, expected: str | None
) -> None:
    facts: list[dict[str, Any]] = [{"id": f"customer-{place}"} for place in range(count)]
    hotline.customers["+8645187654321"] = [CustomerView.model_construct(**one) for one in facts]
    own, _ = await called(hotline)
    hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.customer_id == expected


@pytest.mark.parametrize(
    ("cause", "wanted"),
    [
        (BUSY, OutgoingResult.BUSY),
        (NO_ANSWER, OutgoingResult.NO_ANSWER),
        (REFUSED, OutgoingResult.REFUSED),
        (UNALLOCATED, OutgoingResult.UNREACHABLE),
        (None, OutgoingResult.NO_ANSWER),
    ],
)
async def test_number_that_is_not_reached(hotline: FakeHotline, cause: int | None, wanted: OutgoingResult) -> None:
    own, other = await called(hotline)
    if cause is not None:
        hotline.asterisk.hang_up(other.id, cause)
    await nothing_is_left(hotline)

    assert own.id in hotline.asterisk.gone
    assert result(hotline) is wanted
    assert (hotline.history.only.outcome, hotline.history.only.agent_id) == (CallOutcome.UNREACHED, "staff-1001")
    assert not hotline.recordings.entries
    assert (await hotline.agent()).state is AgentState.WRAP_UP


@pytest.mark.parametrize("how", ["phone", "command"])
async def test_agent_who_hangs_up_before_the_answer_ends_the_ringing(hotline: FakeHotline, how: str) -> None:
    own, other = await called(hotline)
    with pytest.raises(NotNow):
        await hotline.order(CallAction.HOLD)
    if how == "phone":
        hotline.asterisk.hang_up(own.id)
    else:
        await hotline.order(CallAction.HANG_UP)
    await nothing_is_left(hotline)
    assert other.id in hotline.asterisk.gone
    assert result(hotline) is OutgoingResult.CANCELLED


@pytest.mark.parametrize("first", ["agent", "other"])
async def test_answer_and_hang_up_in_one_moment_leave_nothing(hotline: FakeHotline, first: str) -> None:
    own, other = await called(hotline)
    hotline.asterisk.pick_up(other.id)
    if first == "agent":
        hotline.asterisk.hang_up(own.id)
    else:
        hotline.asterisk.hang_up(other.id)
        hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)
    assert (await hotline.agent()).state is AgentState.WRAP_UP


@pytest.mark.parametrize("how", ["no answer", "declined", "not registered"])
async def test_agent_whose_own_phone_is_not_answered_dials_no_number(hotline: FakeHotline, how: str) -> None:
    await hotline.agent_ready()
    if how == "not registered":
        hotline.asterisk.unregistered.add("PJSIP/agent1001")
    await hotline.call_out("number", NUMBER)
    if how == "declined":
        hotline.asterisk.hang_up((await hotline.rung()).id, REFUSED)
    await nothing_is_left(hotline)

    assert result(hotline) is OutgoingResult.NO_PHONE
    assert [leg.endpoint for leg in hotline.asterisk.gone.values() if leg.endpoint == OUTSIDE_ENDPOINT] == []
    assert (await hotline.agent()).state is AgentState.READY


async def test_trunk_that_is_away_is_told(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    await hotline.call_out("number", NUMBER)
    own = await hotline.rung()
    hotline.ari.failures[channels.ORIGINATE] = EndpointUnavailable("POST", "/channels", "Allocation failed", status=409)
    hotline.asterisk.pick_up(own.id)
    await nothing_is_left(hotline)
    assert result(hotline) is OutgoingResult.FAILED
    assert (await hotline.agent()).state is AgentState.WRAP_UP, "the agent reads that, and says what is to follow"


async def test_agent_must_be_signed_in_and_without_a_call(hotline: FakeHotline) -> None:
    with pytest.raises(AgentNotSignedIn):
        await hotline.call_out("number", NUMBER)
    await reached(hotline)
    with pytest.raises(InACall):
        await hotline.call_out("number", NUMBER)
    assert len(hotline.calls.calls) == 1


async def test_agent_who_paused_is_paused_again_afterwards(hotline: FakeHotline) -> None:
    await other_ready(hotline)
    await hotline.call_out("number", NUMBER, "1002")
    hotline.asterisk.pick_up((await hotline.rung("1002")).id)
    hotline.asterisk.hang_up((await outside(hotline)).id, BUSY)
    await hotline.over()
    await hotline.queues.wrap_up_done("staff-1002")
    assert (await hotline.agent("1002")).state is AgentState.NOT_READY


async def test_number_is_handed_to_a_colleague(hotline: FakeHotline) -> None:
    _, other = await reached(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.TRANSFER, target=OTHER)
    second = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(second.id) == {other.id}
    hotline.asterisk.hang_up(other.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1002"


async def test_number_goes_to_the_queue_where_its_agent_is_lost(hotline: FakeHotline) -> None:
    own, other = await reached(hotline)
    hotline.asterisk.hang_up(own.id, 44)
    await until(lambda: hotline.asterisk.hears(other.id) == "music:default")
    await asyncio.sleep(31)
    await hotline.queued()
    await hotline.agent_ready("1003")
    third = await hotline.talking("1003")
    assert hotline.asterisk.heard_by(other.id) == {third.id}
    hotline.asterisk.hang_up(third.id)
    await nothing_is_left(hotline)
    assert hotline.history.only.agent_id == "staff-1003"


@pytest.mark.parametrize("action", [CallAction.TRANSFER, CallAction.CONSULT])
@pytest.mark.parametrize("kind", ["number", "department"])
async def test_every_way_out_passes_the_same_gate(hotline: FakeHotline, kind: str, action: CallAction) -> None:
    hotline.duty["dept-1"] = DutyNumber("Li", "+442071838750")
    with pytest.raises(AgentNotSignedIn):
        await hotline.call_out(kind, "dept-1" if kind == "department" else "+442071838750")
    own, other = await reached(hotline)
    target = CallTarget("department", "dept-1") if kind == "department" else CallTarget("number", "+442071838750")
    with pytest.raises(NumberClassClosed):
        await hotline.order(action, target=target)
    assert hotline.asterisk.heard_by(own.id) == {other.id}
    hotline.asterisk.hang_up(own.id)
    await hotline.over()
    await hotline.queues.wrap_up_done("staff-1001")
    with pytest.raises(NumberClassClosed):
        await hotline.call_out(kind, target.id)
    assert not hotline.calls.calls


# The service dies


async def test_own_phone_that_rings_goes_on_ringing(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    await hotline.call_out("number", NUMBER)
    own = await hotline.rung()
    await renewed(hotline)
    hotline.asterisk.pick_up(own.id)
    hotline.asterisk.pick_up((await outside(hotline)).id)
    await until(lambda: hotline.asterisk.hears(own.id) == "talk")
    hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)
    assert [leg.endpoint for leg in hotline.asterisk.gone.values()].count("PJSIP/agent1001") == 1


@pytest.mark.parametrize("meanwhile", ["nothing", "answered", "ended", "agent gone"])
async def test_number_that_rings_goes_on_ringing(hotline: FakeHotline, meanwhile: str) -> None:
    own, other = await called(hotline)
    hotline.asterisk.told = False
    await hotline.leave()
    if meanwhile == "answered":
        hotline.asterisk.pick_up(other.id)
    elif meanwhile == "ended":
        hotline.asterisk.hang_up(other.id, BUSY)
    elif meanwhile == "agent gone":
        hotline.asterisk.hang_up(own.id)
    hotline.asterisk.told = True
    await hotline.restart()
    if meanwhile == "nothing":
        hotline.asterisk.pick_up(other.id)
    if meanwhile in {"nothing", "answered"}:
        await until(lambda: hotline.asterisk.heard_by(own.id) == {other.id})
        hotline.asterisk.hang_up(other.id)
    await nothing_is_left(hotline)
    assert [leg.endpoint for leg in hotline.asterisk.gone.values()].count(OUTSIDE_ENDPOINT) == 1
    assert (await hotline.agent()).state is AgentState.WRAP_UP


@pytest.mark.parametrize("kind", [channels.ORIGINATE, channels.RING])
async def test_service_that_dies_between_two_steps_goes_on(hotline: FakeHotline, kind: RequestKind) -> None:
    """It dies between the stored stage and the request."""
    await hotline.agent_ready()
    await hotline.call_out("number", NUMBER)
    own = await hotline.rung()
    hotline.ari.delays_s[kind] = 3600
    hotline.asterisk.pick_up(own.id)
    await until(lambda: hotline.live.state.stage is CallStage.DIALLING)
    await asyncio.sleep(1)
    await hotline.leave()
    hotline.ari.delays_s.clear()
    await hotline.restart()
    hotline.asterisk.pick_up((await outside(hotline)).id)
    await until(lambda: hotline.asterisk.hears(own.id) == "talk")
    hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)


async def test_conversation_goes_on_with_the_next_process(hotline: FakeHotline) -> None:
    own, other = await reached(hotline)
    await renewed(hotline)
    assert hotline.asterisk.heard_by(own.id) == {other.id}
    await hotline.order(CallAction.HOLD)
    assert hotline.asterisk.hears(other.id) == "music:default"
    hotline.asterisk.hang_up(other.id)
    await nothing_is_left(hotline)
    assert result(hotline) is OutgoingResult.REACHED


# Agent to agent


async def test_agents_talk_and_neither_wraps_up(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    await hotline.agent_ready("1002")
    await hotline.call_out("agent", "staff-1002")
    own = await hotline.rung()
    assert (await hotline.agent("1002")).state is AgentState.TALKING
    hotline.asterisk.pick_up(own.id)
    colleague = await hotline.rung("1002")
    assert hotline.asterisk.hears(own.id) == "ringing"
    shown = [one for to, one in hotline.desks.shown if to == "staff-1002"][-1]
    assert (shown.role, shown.name, shown.may) == ("called", "agent 1001", [CallAction.HANG_UP])
    hotline.asterisk.pick_up(colleague.id)
    await until(lambda: hotline.asterisk.heard_by(own.id) == {colleague.id})

    with pytest.raises(NotNow):
        await hotline.order(CallAction.TRANSFER, target=CallTarget("queue", "repair"))
    with pytest.raises(NotNow):
        await hotline.order(CallAction.HOLD, "1002")
    await hotline.order(CallAction.HOLD)
    await hotline.order(CallAction.RESUME)
    assert hotline.live.state.control is not None
    assert hotline.live.state.control.stage is ControlStage.TALKING
    await hotline.order(CallAction.HANG_UP, "1002")
    await nothing_is_left(hotline)

    assert (hotline.history.only.direction, hotline.history.only.number) == ("internal", None)
    assert {entry.kind for entry in hotline.recordings.entries.values()} == {RecordingKind.CONSULT}
    assert {entry.status for entry in hotline.recordings.entries.values()} == {RecordingStatus.SEALED}
    assert [(await hotline.agent(one)).state for one in ("1001", "1002")] == [AgentState.READY] * 2


async def test_staff_number_dials_the_colleague(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    await hotline.agent_ready("1002")
    shown = await hotline.call_out("number", " 1002 ")
    assert (shown.direction, shown.name) == (Direction.INTERNAL, AGENTS["1002"].name)
    own = await hotline.rung()
    hotline.asterisk.pick_up(own.id)
    await hotline.rung("1002")


@pytest.mark.parametrize("number", ["0044 1234", "+44 1234", "+442071838750"])
async def test_foreign_number_is_closed_as_foreign_also_where_it_is_misspelt(hotline: FakeHotline, number: str) -> None:
    await hotline.agent_ready()
    with pytest.raises(NumberClassClosed) as refused:
        await hotline.call_out("number", number)
    assert [one.rule for one in refused.value.errors] == ["must not be a foreign number: these are closed"]


async def test_colleague_who_declines_is_free_again(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    await hotline.agent_ready("1002")
    await hotline.call_out("agent", "staff-1002")
    hotline.asterisk.pick_up((await hotline.rung()).id)
    await hotline.rung("1002")
    await hotline.order(CallAction.HANG_UP, "1002")
    await nothing_is_left(hotline)
    assert result(hotline) is OutgoingResult.REFUSED
    assert (await hotline.agent("1002")).state is AgentState.READY


async def test_colleague_in_a_call_is_not_called(hotline: FakeHotline) -> None:
    await reached(hotline)
    await hotline.agent_ready("1002")
    with pytest.raises(TargetBusy):
        await hotline.call_out("agent", "staff-1001", "1002")
    assert (await hotline.agent("1002")).state is AgentState.READY


@pytest.mark.parametrize("point", ["calling-out", "own-phone", "dialling-out", "dialled-out"])
async def test_process_that_dies_at_a_crash_point_leaves_the_call_to_the_next(
    hotline: FakeHotline, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F38."""
    reached_point = asyncio.Event()

    def die(name: str) -> None:
        if name == point and not reached_point.is_set():
            reached_point.set()
            hotline.life.leaving = True
            raise asyncio.CancelledError

    monkeypatch.setattr(outgoing, "crashpoint", die)
    await hotline.agent_ready()
    calling = asyncio.create_task(hotline.call_out("number", NUMBER))
    has_answered = point in {"dialling-out", "dialled-out"}
    if has_answered:
        own = await hotline.rung()
        hotline.asterisk.pick_up(own.id)
    await reached_point.wait()
    await hotline.leave()
    await asyncio.gather(calling, return_exceptions=True)
    await hotline.restart()
    if not has_answered:
        own = await hotline.rung()
        hotline.asterisk.pick_up(own.id)
    other = await outside(hotline)
    hotline.asterisk.pick_up(other.id)
    await until(lambda: hotline.asterisk.heard_by(own.id) == {other.id})
    assert hotline.asterisk.channels.keys() == {own.id, other.id}, "no phone was rung twice"
    hotline.asterisk.hang_up(own.id)
    await nothing_is_left(hotline)
    assert result(hotline) is OutgoingResult.REACHED
