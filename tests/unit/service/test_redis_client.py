"""The client all parts share, on a real Redis."""

import asyncio
from pathlib import Path

from ari_app.local.processes import free_port
from ari_app.local.redis import Redis
from ari_app.service import redis_client

AT_ONCE = 8


async def test_no_command_fails_on_a_connection_of_before_once_redis_is_back(tmp_path: Path) -> None:
    server = Redis(free_port(), tmp_path, persistent=False)
    await asyncio.to_thread(server.start)
    client = redis_client(f"redis://127.0.0.1:{server.port}/0")
    try:
        # They block, so that each has a connection of its own.
        await asyncio.gather(*(client.blpop("nothing", timeout=0.1) for _ in range(AT_ONCE)))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert await asyncio.gather(*(client.get("nothing") for _ in range(AT_ONCE))) == [None] * AT_ONCE
    finally:
        await client.aclose()
        await asyncio.to_thread(server.stop)
