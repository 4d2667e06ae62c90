"""Staff changes between processes, over a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from ari_app.runtime.staff_changes import CHANNEL, StaffChanges, StaffMessage
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from dev.ports import free_port
from dev.redis import Redis
from foundation.database import Database
from foundation.redis_client import redis_client
from foundation.routes import Role

PATIENCE_S = 20.0
AGENT = StaffInput(staff_number="1001", name="刘芳", role=Role.AGENT, password="a long password")


class Node:
    """Staff service of one process and its announcements."""

    def __init__(self, database: Database) -> None:
        self.staff = StaffService(database, ())
        self.changed: asyncio.Queue[Staff] = asyncio.Queue()
        self.stored: list[str] = []
        self.signed_out: asyncio.Queue[str] = asyncio.Queue()
        self.staff.account_changed.add_listener(self.changed.put_nowait)
        self.staff.account_stored.add_listener(self.stored.append)
        self.staff.access_changed.add_listener(self.signed_out.put)

    @asynccontextmanager
    async def running(self, redis_url: str) -> AsyncIterator["Node"]:
        """Run the node; wait until it read all accounts."""
        async with redis_client(redis_url) as redis:
            changes = StaffChanges(redis, self.staff)
            self.staff.account_stored.add_listener(changes.publish)
            task = asyncio.create_task(changes.run())
            try:
                await self.heard()
                yield self
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def heard(self) -> Staff:
        async with asyncio.timeout(PATIENCE_S):
            return await self.changed.get()


@pytest.fixture
async def agent(database: Database) -> Staff:
    """Account that is there before the nodes start."""
    return await StaffService(database, ()).create(AGENT)


async def test_change_on_one_node_reaches_the_others_once(database: Database, redis_url: str, agent: Staff) -> None:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(Node(database).running(redis_url)) for _ in range(2)]
        await first.staff.update(agent.id, StaffChange(name="李静"))
        assert (await second.heard()).name == "李静"
        await second.staff.update(agent.id, StaffChange(name="王芳"))

        assert [(await first.heard()).name for _ in range(2)] == ["李静", "王芳"]
        assert (await second.heard()).name == "王芳"
        assert (first.stored, second.stored) == ([agent.id], [agent.id])
        assert (first.signed_out.qsize(), second.signed_out.qsize()) == (1, 1)


async def test_message_of_the_command_line_says_whether_sessions_end(
    database: Database, redis_url: str, agent: Staff
) -> None:
    async with Node(database).running(redis_url) as node, redis_client(redis_url) as redis:
        await redis.publish(CHANNEL, b"nonsense")
        await redis.publish(CHANNEL, msgspec.json.encode(StaffMessage(agent.id)))
        await node.heard()
        assert node.signed_out.empty()

        await redis.publish(CHANNEL, msgspec.json.encode(StaffMessage(agent.id, ends_sessions=True)))
        async with asyncio.timeout(PATIENCE_S):
            assert await node.signed_out.get() == agent.id
        assert node.stored == []


async def test_change_while_redis_was_away_is_read_afterwards(database: Database, agent: Staff, tmp_path: Path) -> None:
    server = Redis(free_port(), tmp_path, persistent=False)
    server.start()
    try:
        async with Node(database).running(server.url) as node:
            server.kill()
            await StaffService(database, ()).update(agent.id, StaffChange(name="李静"))
            server.start()
            assert (await node.heard()).name == "李静"
            assert node.signed_out.empty()
    finally:
        server.stop()
