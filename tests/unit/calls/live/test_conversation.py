"""One call from its arrival to its record."""

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
