"""Offers of a waiting call to agents."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from ari_app.ari import channels
from ari_app.calls.call import CANCEL_AGAIN_S
from ari_app.desk.call_states import CallAction
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentState
from crm.history.model import CallOutcome
from tests.fakes.hotline import AGENTS, RING_S, FakeHotline
from tests.fakes.virtual_time import until

BUSY, NO_ANSWER, REFUSED = 17, 19, 21
GRACE_S = 5.0
"""How much longer than the ringing the queue's reservation lasts."""


async def test_refused_call_rings_the_next_agent_at_once(hotline: FakeHotline) -> None:
    with capture_logs() as logs:
        caller = hotline.call()
        await hotline.agent_ready("1001")
        first = await hotline.rung("1001")
        await hotline.agent_ready("1002")

        hotline.asterisk.hang_up(first.id, REFUSED)
        await until(lambda: hotline.ringing("1002") is not None, within_s=1.0)
    offers = [(line["event"], line["staff_number"]) for line in logs if line["event"].startswith("call_offer")]
    assert offers == [("call_offered", "1001"), ("call_offer_ended", "1001"), ("call_offered", "1002")]
    assert [line["reason"] for line in logs if line["event"] == "call_offer_ended"] == ["refused"]

    assert (await hotline.agent("1001")).state is AgentState.READY, "the queue was told of the refusal"
    assert hotline.desks.closed == [(AGENTS["1001"].agent_id, hotline.live.state.id)]
    await hotline.talking("1002")
    assert hotline.asterisk.hears(caller.id) == "talk"


async def test_page_that_was_reloaded_while_it_rang_is_rung_again(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.agent_ready()
    first = await hotline.rung()
    await hotline.order(CallAction.RECONNECT)
    await until(lambda: first.id not in hotline.asterisk.channels)
    again = await hotline.rung()
    assert again.id != first.id
    assert (await hotline.agent()).state is AgentState.RINGING


@pytest.mark.parametrize("cause", [BUSY, REFUSED])
async def test_agent_who_declines_twice_gets_no_more_calls(hotline: FakeHotline, cause: int) -> None:
    hotline.call()
    await hotline.agent_ready()
    for _ in range(2):
        leg = await hotline.rung()
        hotline.asterisk.hang_up(leg.id, cause)
        await until(lambda: hotline.ringing() is None)

    await hotline.becomes(AgentState.NOT_READY, within_s=1.0)
    assert hotline.live.state.stage is CallStage.QUEUED


async def test_unanswered_call_goes_to_the_next_agent_after_the_ringing_time(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.agent_ready("1001")
    await hotline.rung("1001")
    await hotline.agent_ready("1002")
    rung_at = asyncio.get_running_loop().time()

    await hotline.rung("1002")

    assert asyncio.get_running_loop().time() - rung_at == pytest.approx(RING_S, abs=0.5)
    assert (await hotline.agent("1001")).state is AgentState.READY
    assert hotline.ringing("1001") is None
    assert hotline.desks.missed == [(AGENTS["1001"].agent_id, 2)], "the desk says what further misses lead to"


async def test_caller_waits_again_for_all_to_see_after_a_ring_without_an_answer(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    call_id = hotline.live.state.id
    await hotline.store.settled(call_id)
    hotline.asterisk.hang_up(leg.id, NO_ANSWER)
    await until(lambda: hotline.ringing() is None)
    await until(lambda: bool(hotline.desks.missed))
    await hotline.store.settled(call_id)
    stored = await hotline.store.get(call_id)
    assert stored is not None
    assert (stored.stage, stored.talk) == (CallStage.QUEUED, None)


async def test_phone_that_is_not_registered_makes_its_agent_not_ready(hotline: FakeHotline) -> None:
    hotline.asterisk.unregistered.add("PJSIP/agent1001")
    hotline.call()
    await hotline.agent_ready("1001")

    await hotline.becomes(AgentState.NOT_READY, within_s=1.0)

    assert (await hotline.agent("1001")).reason == "unavailable"
    await hotline.agent_ready("1002")
    await hotline.talking("1002")


async def test_answer_after_the_reservation_ran_out_is_not_bridged(hotline: FakeHotline) -> None:
    # Asterisk is slow to ring, so that the phone still rings when the queue has taken the call back.
    hotline.ari.delays_s[channels.ORIGINATE] = GRACE_S + 3
    caller = hotline.call()
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    del hotline.ari.delays_s[channels.ORIGINATE]
    await hotline.becomes(AgentState.READY)

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: leg.id not in hotline.asterisk.channels)

    assert "talk" not in {sound for _, sound in caller.sounds}
    await hotline.agent_ready("1002")
    await hotline.talking("1002")
    assert hotline.asterisk.hears(caller.id) == "talk"


async def test_late_phone_stops_ringing_when_another_agent_gets_the_call(hotline: FakeHotline) -> None:
    hotline.ari.delays_s[channels.ORIGINATE] = GRACE_S + 3
    hotline.call()
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")
    del hotline.ari.delays_s[channels.ORIGINATE]
    await hotline.agent_ready("1002")

    await hotline.talking("1002")

    assert leg.id not in hotline.asterisk.channels
    assert (await hotline.agent("1001")).state is not AgentState.TALKING


async def test_caller_hangs_up_while_the_agents_phone_rings(hotline: FakeHotline) -> None:
    caller = hotline.call()
    agent_id = await hotline.agent_ready()
    leg = await hotline.rung()

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert leg.id not in hotline.asterisk.channels
    assert (await hotline.agent()).state is AgentState.READY
    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value
    assert [agent for agent, _ in hotline.desks.closed] == [agent_id]
    assert not hotline.recordings.entries, "nothing was recorded, so no entry stays"


async def test_caller_hangs_up_while_the_agents_phone_is_still_being_dialled(hotline: FakeHotline) -> None:
    hotline.ari.delays_s[channels.ORIGINATE] = 1.0
    caller = hotline.call()
    await hotline.agent_ready()
    await hotline.becomes(AgentState.RINGING)

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert not hotline.asterisk.channels, "no phone rings for a caller who is gone"
    await hotline.becomes(AgentState.READY, within_s=1.0)


@pytest.mark.parametrize("delay_ms", range(1, 25))
async def test_phone_that_is_dialled_during_the_hang_up_does_not_ring_on(hotline: FakeHotline, delay_ms: int) -> None:
    hotline.ari.delays_s[channels.ORIGINATE] = delay_ms / 1000
    caller = hotline.call()
    await hotline.agent_ready()
    await hotline.becomes(AgentState.RINGING)

    # The request to ring may be carried out between the announced hang-up and the end of the caller's channel.
    hotline.asterisk.hang_up(caller.id, ends_in_s=0.05)
    await hotline.over()
    await asyncio.sleep(0.1)

    assert not hotline.asterisk.channels


@pytest.mark.parametrize("later_s", [0.0, 0.001, 0.002, 0.003, 0.005, 0.01])
async def test_hang_up_in_the_moment_of_the_answer_leaves_nothing_behind(hotline: FakeHotline, later_s: float) -> None:
    caller = hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()

    hotline.asterisk.pick_up(leg.id)
    await asyncio.sleep(later_s)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert not hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair"}
    assert (await hotline.agent()).state in {AgentState.READY, AgentState.WRAP_UP}
    assert len(hotline.history.records) == 1


async def test_agent_who_hangs_up_in_the_moment_of_the_answer_leaves_the_caller_in_place(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready("1001")
    leg = await hotline.rung("1001")

    hotline.asterisk.pick_up(leg.id)
    hotline.asterisk.hang_up(leg.id)
    await until(lambda: hotline.live.state.stage is CallStage.QUEUED)

    assert caller.id in hotline.asterisk.channels
    place = await hotline.queues.position(hotline.live.state.id)
    assert place is not None
    assert place.position == 1
    await hotline.agent_ready("1002")
    await hotline.talking("1002")


async def test_agents_answer_does_not_wait_for_a_slow_database(hotline: FakeHotline) -> None:
    hotline.recordings.begin_s = 1.0
    hotline.call()
    await hotline.agent_ready()
    leg = await hotline.rung()
    await asyncio.sleep(2.0)
    answered_at = asyncio.get_running_loop().time()

    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(leg.id) == "talk")

    assert asyncio.get_running_loop().time() - answered_at < 0.1


async def test_desk_that_is_not_connected_does_not_stop_the_phone(hotline: FakeHotline) -> None:
    hotline.desks.connected = False
    hotline.call()
    await hotline.agent_ready()

    await hotline.talking()


COMMANDS = (
    "enter",
    "leave",
    "position",
    "staffed",
    "ringing",
    "connected",
    "declined",
    "finished",
    "occupied",
    "hold_on",
    "agent",
    "restore",
)


class Stalling:
    """Queues without a response to one command, once it is asked for."""

    def __init__(self, hotline: FakeHotline, command: str) -> None:
        self.asked = 0
        self._command = getattr(hotline.queues, command)
        setattr(hotline.queues, command, self.run)

    async def run(self, *arguments: Any, **options: Any) -> Any:
        self.asked += 1
        if self.asked == 1:
            raise QueuesUnavailable("no answer in time")
        return await self._command(*arguments, **options)


@pytest.mark.parametrize("command", COMMANDS)
async def test_caller_is_served_though_one_command_of_the_queue_fails(hotline: FakeHotline, command: str) -> None:
    """F20: every command from joining to wrap-up, with one refusal between."""
    Stalling(hotline, command)
    caller = hotline.call()
    await hotline.queued()
    await hotline.agent_ready("1001")
    refusing = await hotline.rung("1001")
    hotline.asterisk.hang_up(refusing.id, REFUSED)
    await until(lambda: hotline.ringing("1001") is None)
    await hotline.agent_ready("1002")

    await until(lambda: hotline.ringing("1001") or hotline.ringing("1002"))
    leg = hotline.ringing("1001") or hotline.ringing("1002")
    assert leg is not None
    hotline.asterisk.pick_up(leg.id)
    await until(lambda: hotline.asterisk.hears(caller.id) == "talk")
    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ANSWERED.value


@pytest.mark.parametrize("command", ["ringing", "connected", "declined", "leave"])
async def test_hang_up_while_a_command_of_the_queue_fails_leaves_nothing_behind(
    hotline: FakeHotline, command: str
) -> None:
    Stalling(hotline, command)
    caller = hotline.call()
    await hotline.agent_ready()
    await hotline.rung()

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert not hotline.asterisk.channels
    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value
    await hotline.becomes(AgentState.READY)


async def test_offer_is_cleaned_up_once_while_asterisk_answers_slowly(hotline: FakeHotline) -> None:
    """A call's task is cancelled again and again until it is over."""
    caller = hotline.call()
    await hotline.agent_ready()
    await hotline.rung()
    hotline.ari.delays_s[channels.HANG_UP] = 2.5 * CANCEL_AGAIN_S

    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    assert hotline.history.only.outcome == CallOutcome.ABANDONED.value
    assert [kind for kind, _ in hotline.ari.asked].count(channels.HANG_UP) <= 2
