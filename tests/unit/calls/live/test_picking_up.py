"""Calls that an agent takes, and transfers by a phone's key."""

import asyncio

import pytest

from ari_app.ari import channels
from ari_app.ari.events import ChannelTransfer, ReferredBy, ReferTo, RequestedDestination
from ari_app.calls.control.errors import NotNow, TargetBusy
from ari_app.calls.control.orders import Order
from ari_app.desk.call_states import CallAction
from ari_app.queues.model import AgentState
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import conversation
from tests.unit.calls.live.test_transfers import nothing_is_left, other_ready, outside


async def taken(hotline: FakeHotline, number: str = "1001") -> None:
    """Have an agent take the one call."""
    order = Order(agent_id=f"staff-{number}", action=CallAction.PICK_UP)
    await hotline.control.pick_up(hotline.live.state.id, order)


async def test_paused_agent_takes_a_waiting_call_and_is_paused_again(hotline: FakeHotline) -> None:
    first = hotline.call("13800000001")
    await hotline.queued()
    await other_ready(hotline)
    await taken(hotline, "1002")
    leg = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(leg.id) == {first.id}
    hotline.asterisk.hang_up(first.id)
    await nothing_is_left(hotline)
    await hotline.queues.wrap_up_done("staff-1002")
    assert (await hotline.agent("1002")).state is AgentState.NOT_READY


async def test_call_that_rings_elsewhere_is_taken(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    ringing = await hotline.rung()
    await other_ready(hotline)
    await taken(hotline, "1002")
    leg = await hotline.talking("1002")

    assert hotline.asterisk.heard_by(caller.id) == {leg.id}
    assert ringing.id in hotline.asterisk.gone
    assert (await hotline.agent()).state is AgentState.READY
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    hotline.asterisk.hang_up(leg.id)
    await nothing_is_left(hotline)


async def test_answer_and_taking_in_one_moment_leave_one_conversation(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    ringing = await hotline.rung()
    await other_ready(hotline)
    hotline.asterisk.pick_up(ringing.id)
    try:
        await taken(hotline, "1002")
        await until(lambda: hotline.ringing("1002") is not None or hotline.asterisk.hears(caller.id) == "talk")
        if (leg := hotline.ringing("1002")) is not None:
            hotline.asterisk.pick_up(leg.id)
    except (NotNow, TargetBusy):
        pass
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")
    await asyncio.sleep(5)
    assert len(hotline.asterisk.heard_by(caller.id)) == 1
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_only_a_free_agent_of_the_queue_takes_a_call(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    with pytest.raises(NotNow):
        await taken(hotline, "1003")
    await hotline.agent_ready()
    await hotline.talking()
    with pytest.raises(TargetBusy):
        await taken(hotline)


def asks(hotline: FakeHotline, leg: FakeChannel, to: str, *, joining: str | None = None) -> None:
    """Press a phone's key for a transfer; Asterisk tells twice."""
    destination = RequestedDestination(destination=to, protocol_id=joining)
    by = ReferredBy(source_channel=leg.view())
    for _ in range(2):
        hotline.asterisk.tell(ChannelTransfer(refer_to=ReferTo(requested_destination=destination), referred_by=by))


@pytest.mark.parametrize("to", ["1002", "agent1002", "sip:1002@hotline"])
async def test_phone_transfers_to_a_colleague(hotline: FakeHotline, to: str) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    asks(hotline, leg, to)
    second = await hotline.talking("1002")
    assert hotline.asterisk.heard_by(caller.id) == {second.id}
    assert not hotline.refused
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_phone_transfers_to_a_number_and_to_a_queue(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    asks(hotline, leg, "repair")
    again = await hotline.talking()
    await asyncio.sleep(0)
    asks(hotline, again, "045187654321")
    third = await outside(hotline)
    hotline.asterisk.pick_up(third.id)
    await until(lambda: hotline.asterisk.heard_by(caller.id) == {third.id})
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize(
    ("to", "slug"),
    [
        ("+442071838750", "number-class-closed"),
        ("1001", "target-invalid"),
        ("1003", "target-busy"),
        ("joins", "join-by-phone"),
    ],
)
async def test_refused_transfer_by_phone_is_shown_and_changes_nothing(hotline: FakeHotline, to: str, slug: str) -> None:
    caller, leg = await conversation(hotline)
    asks(hotline, leg, to, joining="other-call" if to == "joins" else None)
    await until(lambda: bool(hotline.refused))
    ((agent_id, problem),) = hotline.refused
    assert (agent_id, problem.slug) == ("staff-1001", slug)
    assert leg.told == ["channel_declined"]
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_customers_phone_transfers_nothing(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    asks(hotline, caller, "045187654321")
    await until(lambda: caller.told == ["channel_declined"])
    assert hotline.asterisk.heard_by(leg.id) == {caller.id}
    assert channels.TRANSFER_PROGRESS in [kind for kind, _ in hotline.ari.asked]
    assert not hotline.refused
