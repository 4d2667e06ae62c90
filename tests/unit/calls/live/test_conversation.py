"""One call from its arrival to its record."""

import asyncio

import pytest

from ari_app.calls.model import CallOutcome, CallStage, HangUpBy
from ari_app.queues.model import AgentState
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until


async def test_caller_talks_with_the_agent_until_the_agent_hangs_up(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.agent_ready()

    leg = await hotline.talking()

    assert hotline.asterisk.hears(caller.id) == "talk"
    assert hotline.live.state.stage is CallStage.TALKING
    (_, pop) = hotline.desks.popped[0]
    assert pop.call_id == hotline.live.state.id
    await until(lambda: caller.tapes)
    assert (await hotline.agent()).state is AgentState.TALKING

    hotline.asterisk.hang_up(leg.id)
    await hotline.over()

    record = hotline.history.only
    assert record.outcome == CallOutcome.ANSWERED.value
    assert record.hangup_by == HangUpBy.AGENT.value
    assert caller.id not in hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair"}
    assert (await hotline.agent()).state is AgentState.WRAP_UP


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_hang_up_in_the_moment_of_the_answer_is_abandoned_or_answered(hotline: FakeHotline, turns: int) -> None:
    """One rule: bridged is answered, with a wrap-up; not bridged is abandoned, and the agent is ready again."""
    await hotline.agent_ready()
    caller = hotline.call()
    leg = await hotline.rung()

    hotline.asterisk.pick_up(leg.id)
    for _ in range(turns):
        await asyncio.sleep(0)
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    record = hotline.history.only
    if record.outcome == CallOutcome.ANSWERED.value:
        assert record.connected_at is not None
        assert (await hotline.agent()).state is AgentState.WRAP_UP
    else:
        assert record.outcome == CallOutcome.ABANDONED.value
        assert (record.agent_id, record.abandon_position, record.short) == (None, 1, True)
        assert (await hotline.agent()).state is AgentState.READY
