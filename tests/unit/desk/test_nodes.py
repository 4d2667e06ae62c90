"""Two nodes, one Redis: a desk is found wherever it is connected."""

import asyncio

import pytest

from ari_app.desk.model import CallChanged, CallStage
from ari_app.desk.socket import CloseCode
from foundation.routes import Role
from tests.unit.web.conftest import AGENT, Build, Desk, House, OpenDesk, person, pop

PATIENCE_S = 20.0


@pytest.fixture
async def other(build: Build) -> House:
    return await build()


async def test_a_pop_finds_the_desk_on_the_other_node(house: House, other: House, open_desk: OpenDesk) -> None:
    desk = await open_desk(at=other)
    await desk.read("welcome")
    assert await house.hub.pop(AGENT, pop())
    assert (await desk.read())["pop"]["call_id"] == "call-1"
    assert await house.hub.send(AGENT, CallChanged(call_id="call-1", stage=CallStage.TALKING, at_ms=1))
    assert (await desk.read())["stage"] == "talking"
    await house.hub.close_pop(AGENT, "call-1")
    assert (await desk.read())["type"] == "pop_closed"


async def test_message_that_every_node_gets_is_not_relayed(house: House, other: House, open_desk: OpenDesk) -> None:
    desk = await open_desk(at=other)
    await desk.read("welcome")
    assert not await house.hub.send(AGENT, CallChanged(call_id="no", stage=CallStage.TALKING, at_ms=1), relay=False)
    await house.hub.send(AGENT, CallChanged(call_id="yes", stage=CallStage.TALKING, at_ms=1))
    assert (await desk.read())["call_id"] == "yes"


async def test_the_newest_desk_wins_across_nodes(
    house: House, other: House, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent: list[str] = []
    asked, heard = asyncio.Event(), house.hub._relay.heard

    async def asking(staff_id: str) -> bool:
        try:
            return await heard(staff_id)
        finally:
            asked.set()

    monkeypatch.setattr(house.hub._relay, "heard", asking)

    async def on_presence(agent_id: str, connected: bool) -> None:
        if not connected:
            absent.append(agent_id)

    house.desks.presence = on_presence
    old = await open_desk(at=house)
    await old.read("welcome")
    new = await open_desk(at=other)
    await new.read("welcome")
    assert (await old.read())["type"] == "replaced"
    assert await old.closed() == CloseCode.REPLACED
    assert await house.hub.pop(AGENT, pop())
    assert (await new.read())["type"] == "pop"
    async with asyncio.timeout(PATIENCE_S):
        await asked.wait()
        await asyncio.gather(*house.hub._absences._tasks.values())
    assert absent == []


async def test_of_two_desks_at_once_exactly_one_stays(house: House, other: House, open_desk: OpenDesk) -> None:
    desks = await asyncio.gather(*(open_desk(at=at) for at in (house, other) * 3))
    waiting = {asyncio.create_task(_replaced(desk)): desk for desk in desks}
    async with asyncio.timeout(10):
        while len(waiting) > 1:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
                del waiting[task]
    ((task, _),) = waiting.items()
    assert await house.hub.pop(AGENT, pop())
    assert await task == "pop"


async def _replaced(desk: Desk) -> str:
    """Waits for `replaced`, or for a pop."""
    while True:
        kind: str = (await desk.read(seconds=10))["type"]
        if kind in {"replaced", "pop"}:
            return kind


async def test_signing_out_closes_the_desk_on_any_node(house: House, other: House, open_desk: OpenDesk) -> None:
    desk = await open_desk(at=other)
    await desk.read("welcome")
    await house.sessions.end_all(AGENT)
    assert await desk.closed() == CloseCode.SIGNED_OUT


async def test_other_peoples_desks_hear_nothing(house: House, other: House, open_desk: OpenDesk) -> None:
    colleague = await open_desk(Role.AGENT, 1, at=other)
    await colleague.read("welcome")
    await house.hub.pop(AGENT, pop())
    await house.hub.pop(person(Role.AGENT, 1).staff_id, pop("call-2"))
    assert (await colleague.read())["pop"]["call_id"] == "call-2"
