"""Agents after Redis lost its data: they go on as before."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from redis.asyncio import Redis

from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, AgentState, LeaveReason
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from ari_app.runtime.lost_presence import SIGNED_IN, torn_state
from ari_app.runtime.presence import PresenceService
from foundation.redis_client import redis_client
from foundation.routes import Role
from tests.fakes.virtual_time import until

AGENT, CALL, OTHER_CALL = "staff-1", "call-1", "call-2"
LUNCH = "lunch"
READY, TALKING, WRAP_UP = AgentState.READY, AgentState.TALKING, AgentState.WRAP_UP
RINGING, NOT_READY, OFFLINE = AgentState.RINGING, AgentState.NOT_READY, AgentState.OFFLINE


def agent(state: AgentState, since_ms: int = 1, **more: Any) -> AgentSnapshot:
    return AgentSnapshot(AGENT, state, since_ms, **more)


TAKEN_UP = agent(TALKING, 2, call_id=CALL, next_state=OFFLINE)
"""As an empty Redis takes a call up again."""
ANEW = agent(NOT_READY, 2, reason=SIGNED_IN)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (agent(READY), ANEW, READY),
        (agent(RINGING), ANEW, RINGING),
        (agent(NOT_READY, reason=LUNCH), ANEW, NOT_READY),
        (agent(TALKING, next_state=NOT_READY, next_reason=LUNCH), ANEW, TALKING),
        (agent(TALKING, call_id=CALL), TAKEN_UP, TALKING),
        (agent(TALKING, call_id=CALL, next_state=NOT_READY, next_reason=LUNCH), TAKEN_UP, TALKING),
        (agent(RINGING, call_id=CALL), TAKEN_UP, TALKING),
        (agent(WRAP_UP, call_id=OTHER_CALL), TAKEN_UP, TALKING),
        (agent(TALKING, call_id=CALL), agent(OFFLINE, 3), TALKING),
        (agent(RINGING, call_id=CALL), agent(OFFLINE, 3), TALKING),
    ],
)
def test_change_that_cannot_be_tells_of_a_loss(before: AgentSnapshot, now: AgentSnapshot, kept: AgentState) -> None:
    torn = torn_state(before, now)
    assert torn is not None
    assert (torn.state, torn.call_id, torn.next_state, torn.reason) == (
        kept,
        before.call_id,
        before.next_state,
        before.reason,
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (None, ANEW),
        (agent(OFFLINE), ANEW),
        (agent(NOT_READY, reason=DESK_CLOSED), ANEW),
        (agent(NOT_READY, reason=SIGNED_IN), ANEW),
        (agent(TALKING, next_state=NOT_READY, next_reason=SIGNED_IN), ANEW),
        (agent(READY), agent(OFFLINE, 2)),
        (agent(WRAP_UP, call_id=CALL), agent(OFFLINE, 2)),
        (agent(TALKING, call_id=CALL, next_state=OFFLINE), agent(OFFLINE, 2)),
        (agent(TALKING, call_id=CALL), agent(TALKING, call_id=CALL, next_state=OFFLINE)),
        (agent(RINGING, call_id=CALL, next_state=OFFLINE), TAKEN_UP),
        (agent(OFFLINE), TAKEN_UP),
        (agent(TALKING, call_id=CALL), agent(WRAP_UP, 2, call_id=CALL)),
        (agent(TALKING, next_state=NOT_READY, next_reason=LUNCH), agent(NOT_READY, 2, reason=LUNCH)),
    ],
)
def test_change_that_agents_make_tells_of_none(before: AgentSnapshot | None, now: AgentSnapshot) -> None:
    assert torn_state(before, now) is None


class Desk:
    """The queues on a real Redis, and one agent's open desk."""

    def __init__(self, queues: QueueService, redis: Redis, presence: PresenceService) -> None:
        self.queues = queues
        self.redis = redis
        self.presence = presence

    async def talks(self) -> None:
        await self.queues.sign_in(AGENT, ["repair"])
        await self.queues.ready(AGENT)
        await self.queues.occupied(AGENT, CALL, "repair")
        await self.known(TALKING)

    async def known(self, state: AgentState, next_state: AgentState | None = None) -> None:
        """Wait until presence has heard of the agent's state."""

        def heard() -> bool:
            last = self.presence.agents().get(AGENT)
            return last is not None and (last.state, last.next_state) == (state, next_state)

        await until(heard)

    async def lost(self) -> dict[str, AgentSnapshot]:
        """Redis is empty; return what presence knew."""
        known = self.presence.agents()
        await self.redis.flushdb()
        return known

    async def agent(self) -> AgentSnapshot:
        return await self.queues.agent(AGENT)

    async def after_the_call(self) -> tuple[AgentState, str | None]:
        """End the call and its wrap-up; return what follows."""
        if (await self.agent()).state is TALKING:
            await self.queues.finished(AGENT, CALL)
        assert (await self.agent()).state is WRAP_UP
        last = await self.queues.wrap_up_done(AGENT)
        return last.state, last.reason


@pytest.fixture
async def desk(redis_url: str) -> AsyncIterator[Desk]:
    redis = redis_client(redis_url)
    repair = QueueSettings.model_validate({"name": "repair", "title_zh": "报修", "title_en": "Repair"})
    queues = QueueService(redis, {"repair": repair}, "node-1", deadline_s=10)

    async def nothing(*_given: object, **_named: object) -> None:
        return None

    hub: Any = SimpleNamespace(
        sockets=lambda: [SimpleNamespace(staff_id=AGENT, role=Role.AGENT)],
        listening=lambda _roles: False,
        connected=lambda _agent_id: True,
        send=nothing,
        close_pop=nothing,
        shown_call=nothing,
    )
    agents: Any = SimpleNamespace(terms=lambda _agent_id: (["repair"],), phone=lambda _agent_id: None)

    async def online(_user: str) -> bool:
        return True

    presence = PresenceService(hub, queues, agents, online)
    await queues.start(lambda _offer: None)
    running = asyncio.create_task(presence.run())
    yield Desk(queues, redis, presence)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await queues.aclose()
    await redis.aclose()


async def test_pause_asked_for_in_a_call_follows_the_call(desk: Desk) -> None:
    await desk.talks()
    await desk.queues.not_ready(AGENT, LUNCH)
    await desk.known(TALKING, NOT_READY)
    lost = await desk.lost()
    assert await desk.queues.hold_on(AGENT, CALL, "repair")
    await desk.presence.rebuild(lost)
    assert await desk.after_the_call() == (NOT_READY, LUNCH)


async def test_pause_asked_for_in_a_call_that_ended_meanwhile_follows_it(desk: Desk) -> None:
    await desk.talks()
    await desk.queues.not_ready(AGENT, LUNCH)
    await desk.known(TALKING, NOT_READY)
    await desk.presence.rebuild(await desk.lost())
    assert await desk.after_the_call() == (NOT_READY, LUNCH)


async def test_sign_out_asked_for_in_a_call_follows_the_call(desk: Desk) -> None:
    await desk.talks()
    await desk.queues.sign_out(AGENT)
    await desk.known(TALKING, OFFLINE)
    lost = await desk.lost()
    await desk.queues.hold_on(AGENT, CALL, "repair")
    await desk.presence.rebuild(lost)
    assert await desk.after_the_call() == (OFFLINE, None)


@pytest.mark.parametrize("asked", [None, LUNCH])
async def test_call_taken_up_and_ended_before_the_repair_has_its_wrap_up(desk: Desk, asked: str | None) -> None:
    await desk.talks()
    if asked is not None:
        await desk.queues.not_ready(AGENT, asked)
        await desk.known(TALKING, NOT_READY)
    await desk.lost()
    await desk.queues.hold_on(AGENT, CALL, "repair")
    await desk.known(TALKING, OFFLINE)
    await desk.queues.finished(AGENT, CALL, talked=False)
    await desk.queues.leave(CALL, LeaveReason.SYSTEM)
    await desk.known(OFFLINE)
    await desk.presence.rebuild(desk.presence.agents())
    assert await desk.after_the_call() == ((NOT_READY, LUNCH) if asked else (READY, None))


async def test_pause_goes_on_where_the_desk_signed_in_before_the_repair(desk: Desk) -> None:
    await desk.queues.sign_in(AGENT, ["repair"])
    await desk.queues.not_ready(AGENT, LUNCH)
    await until(lambda: desk.presence.agents()[AGENT].reason == LUNCH)
    await desk.lost()
    await desk.queues.sign_in(AGENT, ["repair"])
    await until(lambda: desk.presence.agents()[AGENT].reason == SIGNED_IN)
    await desk.presence.rebuild(desk.presence.agents())
    assert (await desk.agent()).reason == LUNCH
