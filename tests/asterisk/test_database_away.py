"""The database is away for a while (F23).

Calls go on; what agents file meanwhile is stored once, when it is back.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from dev.ports import free_port
from dev.postgres import Postgres
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, people, stack_in
from tests.desk_client import Desk

CALLER = "13800000002"
TONE_HZ = 440.0

pytestmark = pytest.mark.skipif("DATABASE_URL" in os.environ, reason="a database that is not ours is not stopped")


@dataclass
class Place:
    """A hotline on a PostgreSQL that can be ended."""

    stack: Stack
    postgres: Postgres


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("database-away")
    postgres = Postgres(free_port(), folder / "postgres")
    postgres.start()
    stack = stack_in(folder, DATABASE_URL=postgres.url())
    stack.start()
    yield Place(stack, postgres)
    stack.stop()
    postgres.stop()


@pytest.fixture
async def hotline(place: Place) -> AsyncIterator[Hotline]:
    async for opened in people(place.stack):
        yield opened


@pytest.mark.parametrize("service_dies", [False, True], ids=["", "and the service dies meanwhile"])
async def test_f23_calls_go_on_and_nothing_filed_is_lost(place: Place, hotline: Hotline, service_dies: bool) -> None:
    supervisor = await hotline.desk(SUPERVISOR)
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    subject = f"数据库停机时报修 {service_dies}"
    body = {"kind": "fault", "subject": subject, "address": f"和平路{9 + service_dies}号1单元101"}

    await asyncio.to_thread(place.postgres.kill)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    assert pop["number"]["display"].endswith(CALLER)
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")
    body["call_id"] = pop["call_id"]
    filed = await desk.post("/api/v1/tickets", body, idempotency_key=pop["call_id"])
    again = await desk.post("/api/v1/tickets", body, idempotency_key=pop["call_id"])
    assert {one["deferred_id"] for one in await desk.get("/api/v1/deferred-requests")} == {
        filed["deferred_id"],
        again["deferred_id"],
    }
    await agent.reaches(caller, TONE_HZ)
    await caller.hang_up()
    await agent.ended()
    if service_dies:
        assert hotline.stack.service is not None
        await asyncio.to_thread(hotline.stack.service.kill)
    await asyncio.to_thread(place.postgres.start)
    if service_dies:
        await asyncio.to_thread(hotline.stack.start_service)

    await until_all_is_stored(supervisor)
    mine = [ticket for ticket in await supervisor.get("/api/v1/tickets", limit=50) if ticket["subject"] == subject]
    assert len(mine) == 1
    assert (await hotline.call_record(supervisor, pop["call_id"]))["outcome"] == "answered"
    statuses = [recording["status"] for recording in await hotline.sealed(supervisor, pop["call_id"])]
    # A service that died before the database took the times leaves a recording of uncertain length.
    assert statuses == ["sealed"] or (service_dies and statuses == ["partial"])


async def until_all_is_stored(supervisor: Desk) -> None:
    """Nothing waits for the database any more."""
    async with asyncio.timeout(WAIT_S):
        while await supervisor.get("/api/v1/deferred-requests"):
            await asyncio.sleep(0.05)
