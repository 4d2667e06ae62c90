"""Another part fails while the service stands at a step (I1–I5)."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from signal import SIGSTOP

import aiohttp
import pytest

from dev.ports import free_port
from dev.postgres import Postgres
from dev.stack import Stack
from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, WAIT_S, Hotline, people
from tests.asterisk.proxy import Proxy
from tests.asterisk.whole import (
    LAST_POINT,
    POINTS,
    calls_of,
    hung_up,
    is_free_again,
    is_not_bound,
    nothing_is_left,
    one_true_recording,
    only_new,
    order,
    stack_with_points,
    standing_still,
    stopped_while,
)

CALLER, CALL_BACK_CALLER = "13800000002", "13800000006"
TONE_HZ = 440.0
REDIS_IS_OURS = pytest.mark.skipif("REDIS_URL" in os.environ, reason="a Redis that is not ours is not ended")


@dataclass
class Place:
    """Hotline with parts that can be taken away."""

    stack: Stack
    postgres: Postgres
    proxy: Proxy


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("faults")
    events_port = free_port()
    postgres = Postgres(free_port(), folder / "postgres")
    stack = stack_with_points(folder, DATABASE_URL=postgres.url(), EVENTS_PORT=str(events_port))
    proxy = Proxy(stack.at.address, stack.at.events_port, events_port)
    with ExitStack() as started:
        started.callback(postgres.stop)
        postgres.start()
        proxy.start()
        started.callback(proxy.stop)
        started.callback(stack.stop)
        stack.start()
        yield Place(stack, postgres, proxy)


@pytest.fixture
async def hotline(place: Place) -> AsyncIterator[Hotline]:
    async for opened in people(place.stack):
        yield opened


class Fault(ABC):
    """A fault while the service stands still, and its repair afterwards."""

    @abstractmethod
    def begin(self, place: Place) -> None:
        """Make it fail."""

    def end(self, place: Place) -> None:  # noqa: B027 - most need nothing
        """Make it whole, where it is not by itself."""


class EventsCut(Fault):
    """Close the event connection; Asterisk connects again (F7)."""

    def begin(self, place: Place) -> None:
        assert place.proxy.cut() == 2, "a connection has two ends"


class RedisEmpty(Fault):
    """F19: Redis is back with nothing in it."""

    def begin(self, place: Place) -> None:
        redis = place.stack.redis
        assert redis is not None
        redis.kill()
        for path in redis.state.rglob("*.aof*"):
            path.unlink()
        redis.start()


class DatabaseAway(Fault):
    """Stop PostgreSQL, and start it after the call went on (F23)."""

    def begin(self, place: Place) -> None:
        place.postgres.kill()

    def end(self, place: Place) -> None:
        place.postgres.start()


class AsteriskDies(Fault):
    """F11: Asterisk is killed and started again."""

    def begin(self, place: Place) -> None:
        place.stack.asterisk.kill()
        place.stack.asterisk.start()


def stopped(place: Place, point: str, fault: Fault) -> AbstractAsyncContextManager[asyncio.Event]:
    """Stop the service at a point, inject a fault, go on."""
    return stopped_while(place.stack, point, partial(fault.begin, place), partial(fault.end, place))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(EventsCut(), id="F7"),
        pytest.param(RedisEmpty(), id="F19", marks=REDIS_IS_OURS),
        pytest.param(DatabaseAway(), id="F23"),
    ],
)
@pytest.mark.parametrize("point", POINTS)
async def test_a_call_goes_on_whatever_fails_at_any_step(
    place: Place, hotline: Hotline, point: str, fault: Fault
) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    _, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    async with stopped(place, point, fault) as gone_on:
        await hotline.into_queue(caller)
        await agent.ringing()
        await agent.answer()
        await agent.answered()
        if point != LAST_POINT:
            await gone_on.wait()
        await agent.reaches(caller, TONE_HZ)
        await caller.hang_up()

    await hotline.whole()
    # A Redis without its data knows no session.
    supervisor, desk = await hotline.desk(SUPERVISOR, socket=False), await hotline.desk(AGENT, socket=False)
    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
    assert record["agent_id"] is not None
    await one_true_recording(hotline, supervisor, record["id"])
    await nothing_is_left(hotline.stack)
    assert [event.name for event in agent.events].count("invite") == 1, "offered once (I4)"
    await is_free_again(desk)


@pytest.mark.parametrize("point", ["answered", "committed"])
async def test_agents_hang_up_while_bridging_costs_the_caller_only_time(
    place: Place, hotline: Hotline, point: str
) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    order(place.stack, SIGSTOP, point)
    await hotline.into_queue(caller)
    await agent.ringing()
    await agent.answer()
    await agent.answered()

    async with standing_still(place.stack):
        await agent.hang_up()
        await hung_up(place.stack, f"agent{AGENT}")

    await desk.message("agent", state="wrap_up")
    _, other = await hotline.ready_agent(OTHER_AGENT, idle=False)
    await other.ringing()
    await other.answer()
    await other.answered()
    await other.reaches(caller, TONE_HZ)
    await caller.hang_up()
    record = await only_new(supervisor, CALLER, before)
    assert (record["outcome"], record["hangup_by"]) == ("answered", "caller")
    recordings = await hotline.sealed(supervisor, record["id"])
    assert record["agent_id"] in {recording["agent_id"] for recording in recordings if recording["status"] == "sealed"}
    await nothing_is_left(hotline.stack)
    await desk.say(type="wrap_up_done")


@pytest.mark.parametrize("point", POINTS)
async def test_f11_caller_cut_off_at_any_step_is_on_the_list(place: Place, hotline: Hotline, point: str) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)

    async def talk() -> None:
        await hotline.into_queue(caller)
        await agent.ringing()
        await agent.answer()
        await agent.answered()
        if point == LAST_POINT:
            await agent.reaches(caller, TONE_HZ)
            await caller.hang_up()

    async with stopped(place, point, AsteriskDies()) as gone_on:
        talking = asyncio.create_task(talk(), name="the call")
        await gone_on.wait()
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)

    await hotline.whole()
    record = await only_new(supervisor, CALLER, before)
    assert record["outcome"] == ("answered" if point == LAST_POINT else "lost")
    await nothing_is_left(hotline.stack)
    await hotline.waiting(supervisor, "repair", 0)
    await is_not_bound(desk)


async def test_f11_caller_cut_off_while_pulled_is_on_the_list(place: Place, hotline: Hotline) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    before = len(await calls_of(supervisor, CALLER))
    caller, phone = await hotline.phone(CALLER), await hotline.phone(f"supervisor{SUPERVISOR}")
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    (waiting,) = await supervisor.get("/api/v1/live-calls")
    async with stopped(place, "ringing", AsteriskDies()) as gone_on:
        with suppress(aiohttp.ClientError):
            await supervisor.post(f"/api/v1/live-calls/{waiting['call_id']}/pull", None)
        await phone.ringing()
        await gone_on.wait()

    await hotline.whole()
    assert (await only_new(supervisor, CALLER, before))["outcome"] == "lost"
    await nothing_is_left(hotline.stack)
    await hotline.waiting(supervisor, "repair", 0)
    async with asyncio.timeout(WAIT_S):
        while any(agent["call_id"] == waiting["call_id"] for agent in await supervisor.get("/api/v1/agents")):
            await asyncio.sleep(0.05)


async def test_f11_call_back_stays_in_line_when_asterisk_dies_at_its_dialling(place: Place, hotline: Hotline) -> None:
    await hotline.whole()
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALL_BACK_CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await caller.press("2")
    await caller.ended(WAIT_S)
    await hotline.waiting(supervisor, "repair", 1)
    async with stopped(place, "dialling-out", AsteriskDies()) as gone_on:
        desk, agent = await hotline.ready_agent(idle=False)
        await agent.ringing()
        await agent.answer()
        await gone_on.wait()

    await hotline.whole()
    await nothing_is_left(hotline.stack)
    listed = [one["number"] for one in await supervisor.get("/api/v1/missed-callers")]
    assert any(number.endswith(CALL_BACK_CALLER) for number in listed), "still to be called back (I7)"
    await is_not_bound(desk)
