"""Listening, whispering, barging and taking over on a fake Asterisk."""

import asyncio

import pytest

from ari_app.ari import bridges, channels
from ari_app.ari.errors import AriTimeout
from ari_app.calls.control.errors import NotNow, SupervisorBusy, TargetBusy, TargetInvalid
from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.orders import Order
from ari_app.desk.call_states import CallAction, ControlStage
from ari_app.desk.command_model import CallTarget
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from crm.history.model import StoryStep
from recordings.model import RecordingStatus
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import SUPERVISOR, FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import MUSIC, RTP_TIMEOUT, conversation, steps
from tests.unit.calls.live.test_transfers import other_ready

LISTEN, WHISPER, BARGE = SupervisorAction.LISTEN, SupervisorAction.WHISPER, SupervisorAction.BARGE
TAKE_OVER, LEAVE = SupervisorAction.TAKE_OVER, SupervisorAction.LEAVE


async def nothing_is_left(hotline: FakeHotline) -> None:
    """End the calls, and find no leg, bridge or open recording."""
    await hotline.over()
    await asyncio.sleep(1)
    assert not hotline.asterisk.channels
    assert not hotline.asterisk.bridges.keys() - {"hold-repair"}
    assert not any(entry.status is RecordingStatus.RECORDING for entry in hotline.recordings.entries.values())
    assert len(hotline.history.records) == 1


def ears(hotline: FakeHotline, *legs: FakeChannel) -> list[set[str]]:
    """Return what each leg's party hears."""
    return [hotline.asterisk.heard_by(leg.id) for leg in legs]


def expected(action: SupervisorAction, caller: str, agent: str, boss: str) -> list[set[str]]:
    """Return what caller, agent and supervisor hear in a mode."""
    return [
        {agent, boss} if action is BARGE else {agent},
        {caller} if action is LISTEN else {caller, boss},
        {caller, agent},
    ]


async def supervised(
    hotline: FakeHotline, action: SupervisorAction = LISTEN, *, silent: bool = False
) -> tuple[FakeChannel, FakeChannel, FakeChannel]:
    """Return the legs of caller, agent and supervisor."""
    caller, agent = await conversation(hotline)
    await hotline.supervise(action, silent=silent)
    boss = await hotline.supervisor_answers()
    await until(lambda: ears(hotline, caller, agent, boss) == expected(action, caller.id, agent.id, boss.id))
    return caller, agent, boss


@pytest.mark.parametrize("first", [LISTEN, WHISPER, BARGE])
@pytest.mark.parametrize("then", [LISTEN, WHISPER, BARGE])
async def test_each_mode_follows_each_by_one_order(
    hotline: FakeHotline, first: SupervisorAction, then: SupervisorAction
) -> None:
    caller, agent, boss = await supervised(hotline, first)
    await hotline.supervise(then)
    await until(lambda: ears(hotline, caller, agent, boss) == expected(then, caller.id, agent.id, boss.id))
    await hotline.supervise(LEAVE)
    await until(lambda: boss.id not in hotline.asterisk.channels)
    assert ears(hotline, caller, agent) == [{agent.id}, {caller.id}]
    assert steps(hotline)[-1] is StoryStep.SUPERVISION_ENDED
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize("silent", [False, True])
async def test_agent_sees_who_is_there_unless_listening_is_silent(hotline: FakeHotline, silent: bool) -> None:
    await supervised(hotline, silent=silent)
    agent_id, shown = hotline.desks.shown[-1]
    assert agent_id == "staff-1001"
    assert (shown.supervisor is None) is silent
    await hotline.supervise(WHISPER)
    assert hotline.desks.shown[-1][1].supervisor is not None, "a whisper is always seen"


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
async def test_supervisors_leg_that_vanishes_drops_no_one(hotline: FakeHotline, mode: SupervisorAction) -> None:
    caller, agent, boss = await supervised(hotline, mode)
    hotline.asterisk.hang_up(boss.id, RTP_TIMEOUT)
    await until(lambda: ears(hotline, caller, agent) == [{agent.id}, {caller.id}])
    await until(lambda: steps(hotline)[-1] is StoryStep.SUPERVISION_ENDED)
    await hotline.order(CallAction.HOLD)
    await hotline.order(CallAction.RESUME)
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
async def test_next_process_goes_on_with_the_supervisor(hotline: FakeHotline, mode: SupervisorAction) -> None:
    caller, agent, boss = await supervised(hotline, mode)
    await hotline.leave()
    assert ears(hotline, caller, agent, boss) == expected(mode, caller.id, agent.id, boss.id)
    await hotline.restart()
    await asyncio.sleep(1)
    assert ears(hotline, caller, agent, boss) == expected(mode, caller.id, agent.id, boss.id)
    await hotline.supervise(LISTEN if mode is BARGE else BARGE)
    other = LISTEN if mode is BARGE else BARGE
    await until(lambda: ears(hotline, caller, agent, boss) == expected(other, caller.id, agent.id, boss.id))
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize("mode", [LISTEN, BARGE])
async def test_take_over_makes_the_call_the_supervisors(hotline: FakeHotline, mode: SupervisorAction) -> None:
    caller, agent, boss = await supervised(hotline, mode)
    await hotline.supervise(TAKE_OVER)
    await until(lambda: ears(hotline, caller, boss) == [{boss.id}, {caller.id}])
    assert agent.id not in hotline.asterisk.channels
    told = [shown for to, shown in hotline.desks.shown if to == "staff-1001"][-1]
    assert (told.over, told.taken_over_by) == (True, SUPERVISOR.name)
    assert (await hotline.agent()).state is AgentState.WRAP_UP
    assert (await hotline.queues.agent(SUPERVISOR.agent_id)).state is AgentState.TALKING
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    record = hotline.history.only
    assert (record.agent_id, record.story[-1].step) == (SUPERVISOR.agent_id, StoryStep.TOOK_OVER)
    assert (await hotline.queues.agent(SUPERVISOR.agent_id)).state is AgentState.OFFLINE
    assert [entry.agent_id for entry in hotline.recordings.entries.values()][-1] == SUPERVISOR.agent_id


async def test_agent_who_hangs_up_leaves_the_customer_to_the_supervisor_who_barged(hotline: FakeHotline) -> None:
    caller, agent, boss = await supervised(hotline, BARGE)
    hotline.asterisk.hang_up(agent.id)
    await until(lambda: steps(hotline)[-1] is StoryStep.TOOK_OVER)
    await asyncio.sleep(1)
    assert ears(hotline, caller, boss) == [{boss.id}, {caller.id}]
    await hotline.control.obey(Order(agent_id=SUPERVISOR.agent_id, action=CallAction.HANG_UP))
    await nothing_is_left(hotline)


async def test_agent_who_hangs_up_ends_a_call_that_is_only_listened_to(hotline: FakeHotline) -> None:
    _, agent, _ = await supervised(hotline, WHISPER)
    hotline.asterisk.hang_up(agent.id)
    await nothing_is_left(hotline)


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.012])
async def test_customer_hangs_up_while_the_call_is_taken_over(hotline: FakeHotline, after_s: float) -> None:
    caller, _, _ = await supervised(hotline, LISTEN)
    taking = asyncio.create_task(hotline.supervise(TAKE_OVER))
    await asyncio.sleep(after_s)
    hotline.asterisk.hang_up(caller.id)
    await asyncio.gather(taking, return_exceptions=True)
    await nothing_is_left(hotline)
    assert (await hotline.queues.agent(SUPERVISOR.agent_id)).state is AgentState.OFFLINE
    assert (await hotline.agent()).state is AgentState.WRAP_UP


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.004, 0.006, 0.008, 0.012, 0.02])
@pytest.mark.parametrize("action", [WHISPER, BARGE, TAKE_OVER])
async def test_service_that_dies_in_a_step_drops_no_one(
    hotline: FakeHotline, action: SupervisorAction, after_s: float
) -> None:
    caller, agent, boss = await supervised(hotline, LISTEN)
    changing = asyncio.create_task(hotline.supervise(action))
    await asyncio.sleep(after_s)
    hotline.life.leaving = True
    await hotline.leave()
    await asyncio.gather(changing, return_exceptions=True)
    await hotline.restart()
    await asyncio.sleep(2)
    heard = hotline.asterisk.heard_by(caller.id)
    assert heard, "the customer talks with the agent, the supervisor, or both"
    assert heard <= {agent.id, boss.id}
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_supervision_ends_when_the_agent_hands_the_call_over(hotline: FakeHotline) -> None:
    caller, _, boss = await supervised(hotline)
    await other_ready(hotline)
    await hotline.order(CallAction.TRANSFER, target=CallTarget("agent", "staff-1002"))
    await until(lambda: boss.id not in hotline.asterisk.channels)
    assert hotline.asterisk.hears(caller.id) == MUSIC
    await hotline.talking("1002")
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_supervisor_who_does_not_answer_changes_nothing(hotline: FakeHotline) -> None:
    caller, agent = await conversation(hotline)
    await hotline.supervise(LISTEN)
    boss = await hotline.rung(SUPERVISOR.staff_number)
    await until(lambda: boss.id not in hotline.asterisk.channels)
    assert ears(hotline, caller, agent) == [{agent.id}, {caller.id}]
    assert steps(hotline) == []
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)


async def test_orders_are_refused_with_the_reason(hotline: FakeHotline) -> None:
    await conversation(hotline)
    with pytest.raises(NotNow, match="not with this call"):
        await hotline.supervise(LEAVE)
    hotline.asterisk.unregistered.add(f"PJSIP/{SUPERVISOR.endpoint}")
    with pytest.raises(TargetBusy, match="not registered"):
        await hotline.supervise(LISTEN)
    hotline.asterisk.unregistered.clear()
    await hotline.order(CallAction.PARK)
    with pytest.raises(NotNow, match="no agent is in the call while it is parked"):
        await hotline.supervise(LISTEN)


@pytest.mark.parametrize("kind", [channels.SNOOP, bridges.ADD, channels.HANG_UP])
async def test_failed_request_of_a_whisper_leaves_customer_and_agent_alone(hotline: FakeHotline, kind: object) -> None:
    caller, agent, _ = await supervised(hotline)
    assert kind in {channels.SNOOP, bridges.ADD, channels.HANG_UP}
    hotline.ari.failures[kind] = AriTimeout("POST", "/", "no answer")
    await asyncio.gather(hotline.supervise(WHISPER), return_exceptions=True)
    await asyncio.sleep(1)
    assert ears(hotline, caller)[0] == {agent.id}
    assert caller.id in ears(hotline, agent)[0]
    assert hotline.live.state.control is not None
    assert hotline.live.state.control.stage is ControlStage.TALKING
    hotline.asterisk.hang_up(caller.id)
    await hotline.over()
    assert {entry.status for entry in hotline.recordings.entries.values()} <= {RecordingStatus.SEALED}


async def test_pulled_caller_talks_with_the_supervisor(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await hotline.control.pull(hotline.live.state.id, SUPERVISOR.agent_id)
    boss = await hotline.rung(SUPERVISOR.staff_number)
    assert hotline.asterisk.hears(caller.id) == MUSIC
    hotline.asterisk.pick_up(boss.id)
    await until(lambda: ears(hotline, caller, boss) == [{boss.id}, {caller.id}])
    with pytest.raises(NotNow, match="waits no more"):
        await hotline.control.pull(hotline.live.state.id, SUPERVISOR.agent_id)
    hotline.asterisk.hang_up(boss.id)
    await nothing_is_left(hotline)
    record = hotline.history.only
    assert (record.agent_id, [one.step for one in record.story]) == (SUPERVISOR.agent_id, [StoryStep.PULLED])
    assert (await hotline.queues.agent(SUPERVISOR.agent_id)).state is AgentState.OFFLINE


async def test_supervisor_of_one_call_is_refused_at_another(hotline: FakeHotline) -> None:
    first, _, boss = await supervised(hotline)
    listened = hotline.live.state.id
    hotline.call("13900000002")
    await until(lambda: [one.stage for one in hotline.calls.live if one.id != listened] == [CallStage.QUEUED])
    (other,) = hotline.calls.calls.keys() - {listened}
    with pytest.raises(SupervisorBusy, match=f"call {listened}"):
        await hotline.control.pull(other, SUPERVISOR.agent_id)
    await hotline.agent_ready("1002")
    await hotline.talking("1002")
    with pytest.raises(SupervisorBusy, match=f"call {listened}"):
        await hotline.control.supervise(other, SUPERVISOR.agent_id, BARGE, silent=False, key="")
    await hotline.control.supervise(listened, SUPERVISOR.agent_id, LEAVE, silent=False, key="")
    await until(lambda: boss.id not in hotline.asterisk.channels)
    await hotline.control.supervise(other, SUPERVISOR.agent_id, BARGE, silent=False, key="")
    await hotline.supervisor_answers()
    with pytest.raises(SupervisorBusy, match=f"call {other}"):
        await hotline.control.supervise(listened, SUPERVISOR.agent_id, LISTEN, silent=False, key="")
    assert first.id in hotline.asterisk.channels


@pytest.mark.parametrize("hotline", [{"keys": {}}], indirect=True)
async def test_moved_caller_keeps_the_joining_time(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    await asyncio.sleep(30)
    call_id = hotline.live.state.id
    await hotline.control.move(call_id, SUPERVISOR.agent_id, "consult", key="")
    await until(lambda: hotline.live.state.queue == "consult" and hotline.live.state.talk is None)
    await asyncio.sleep(1)
    await hotline.agent_ready("1002", "consult")
    await hotline.talking("1002")
    assert hotline.live.state.talk is not None
    assert hotline.live.state.talk.waited_ms > 30_000
    assert steps(hotline) == [StoryStep.MOVED]
    with pytest.raises(NotNow, match="waits no more"):
        await hotline.control.move(call_id, SUPERVISOR.agent_id, "repair", key="")


async def test_move_is_refused_with_the_reason(hotline: FakeHotline) -> None:
    hotline.call()
    await hotline.queued()
    call_id = hotline.live.state.id
    with pytest.raises(TargetInvalid, match="no queue 'sales'"):
        await hotline.control.move(call_id, SUPERVISOR.agent_id, "sales", key="")
    with pytest.raises(NotNow, match="waits in this queue"):
        await hotline.control.move(call_id, SUPERVISOR.agent_id, "repair", key="")
    with pytest.raises(NotNow, match="without an agent"):
        await hotline.supervise(LISTEN)


async def test_supervisor_is_free_when_the_service_dies_before_the_ring_of_a_pull(
    hotline: FakeHotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotline.call()
    await hotline.queued()
    call_id = hotline.live.state.id
    asked = asyncio.Event()

    async def dies(*_: object, **__: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as dying:
        dying.setattr(hotline.ari, "originate", dies)
        assert await hotline.queues.pull(call_id, SUPERVISOR.agent_id)
        await asked.wait()
        await hotline.leave()
    await hotline.restart()
    await asyncio.sleep(1)
    assert (await hotline.queues.agent(SUPERVISOR.agent_id)).state is AgentState.OFFLINE, "no wrap-up, signed out"
    assert await hotline.queues.position(call_id) is not None, "the caller waits on"
    assert await hotline.queues.pull(call_id, SUPERVISOR.agent_id)
    await hotline.supervisor_answers()
