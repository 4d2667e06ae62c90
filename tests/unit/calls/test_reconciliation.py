"""Repair of the queues while calls end (F19)."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ari_app.calls.call import LiveCall
from ari_app.calls.model import CallState, LegStage, RecordingStage, Talk
from ari_app.calls.reconciliation import Reconciler
from ari_app.calls.store import CallStore
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.queues.model import AgentState
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from foundation.redis_client import redis_client

AGENT = "staff-1"
QUEUE = QueueSettings(name="repair", title_zh="报修", title_en="Repairs")


class InterruptedQueues(QueueService):
    """Queues with an event during `hold_on`."""

    before_hold: Any = None
    after_hold: Any = None

    async def hold_on(self, agent_id: str, call_id: str, queue: str | None) -> bool:
        if self.before_hold is not None:
            await self.before_hold()
        held = await super().hold_on(agent_id, call_id, queue)
        if self.after_hold is not None:
            await self.after_hold()
        return held


def a_talk(call_id: str) -> CallState:
    talk = Talk(
        reservation_id=f"{call_id}/{AGENT}/1",
        agent_id=AGENT,
        staff_number="1001",
        channel_id="agent-leg-1",
        bridge_id="talk-1",
        ring_ms=20_000,
        waited_ms=0,
        recording=RecordingStage("rec-1"),
        stage=LegStage.CONNECTED,
        connected_at_ms=1,
        rung=True,
    )
    return CallState(
        id=call_id,
        node="node-1",
        direction=Direction.INBOUND,
        channel_id="channel-1",
        number=None,
        access_number="96001",
        stage=CallStage.TALKING,
        started_at_ms=0,
        queue="repair",
        connected_at_ms=1,
        talk=talk,
    )


class Repair:
    """Return a reconciler with one conversation, on an emptied Redis."""

    def __init__(self, queues: InterruptedQueues, store: CallStore) -> None:
        self.queues = queues
        self.state = a_talk("call-1")
        self.calls = {self.state.id: cast("LiveCall", SimpleNamespace(state=self.state))}
        service: Any = SimpleNamespace(calls=self.calls)
        nothing: Any = None
        self.reconciler = Reconciler(nothing, nothing, service, store, queues, nothing)

    async def hang_up(self) -> None:
        """Mark the agent as released, then report it to the queue."""
        assert self.state.talk is not None
        self.state.talk.released = True
        await self.queues.finished(AGENT, self.state.id)

    async def agent_state(self) -> AgentState:
        return (await self.queues.agent(AGENT)).state


@pytest.fixture
async def repair(redis_url: str) -> AsyncIterator[Repair]:
    redis = redis_client(redis_url)
    yield Repair(InterruptedQueues(redis, {QUEUE.name: QUEUE}, "node-1"), CallStore(redis, "node-1"))
    await redis.aclose()


async def test_f19_whoever_talks_is_held_on(repair: Repair) -> None:
    assert await repair.reconciler.repair_queues() == 1

    assert await repair.agent_state() is AgentState.TALKING
    await repair.queues.sign_in(AGENT, ["repair"])
    await repair.hang_up()
    assert await repair.agent_state() is AgentState.WRAP_UP


async def test_f19_one_without_a_desk_is_signed_out_after_the_call(repair: Repair) -> None:
    """A supervisor who pulled a caller may pull the next one."""
    assert await repair.reconciler.repair_queues() == 1

    await repair.hang_up()
    assert await repair.agent_state() is AgentState.OFFLINE
    await repair.queues.enter("call-2", "repair")
    assert await repair.queues.pull("call-2", AGENT)


async def test_f19_a_hang_up_before_she_is_held_on_leaves_her_free(repair: Repair) -> None:
    repair.queues.before_hold = repair.hang_up

    await repair.reconciler.repair_queues()

    assert await repair.agent_state() is AgentState.OFFLINE


async def test_f19_a_hang_up_after_she_was_held_on_leaves_her_free(repair: Repair) -> None:
    repair.queues.after_hold = repair.hang_up

    await repair.reconciler.repair_queues()

    assert await repair.agent_state() is AgentState.OFFLINE


@pytest.mark.parametrize("call_is", ["released", "ended", "forgotten"])
async def test_f20_whose_release_was_not_heard_is_freed_later(repair: Repair, call_is: str) -> None:
    await repair.reconciler.repair_queues()
    assert repair.state.talk is not None
    repair.state.talk.released = True
    if call_is != "released":
        repair.state.stage = CallStage.ENDED
    if call_is == "forgotten":
        repair.calls.clear()

    await repair.reconciler.repair_queues()

    assert await repair.agent_state() is AgentState.OFFLINE
