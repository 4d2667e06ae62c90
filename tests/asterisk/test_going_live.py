"""Going live: first administrator, first agent, first call."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import Hotline, people, stack_in
from tests.desk_client import Desk
from tests.phones.phone import Phone

CALLER = "13800000002"
OWN = "a password of my own"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A hotline of the production profile, with an empty database."""
    running = stack_in(tmp_path_factory.mktemp("production"), PROFILE="production")
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    async for opened in people(stack):
        yield opened


async def add_staff(stack: Stack, *arguments: str) -> str:
    """Run `hotline staff add` beside the running service; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ari_app.cli", "staff", "add", *arguments),
        env={**os.environ, **stack.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    printed = output.decode()
    assert process.returncode == 0, printed
    assert "the running service takes the account over at once" in printed
    return printed


def secret(printed: str, of: str) -> str:
    match = re.search(rf"^{of}: \S+ / (\S+)", printed, re.MULTILINE)
    assert match is not None, printed
    return match[1]


async def set_password(stack: Stack, staff_number: str, one_time: str) -> None:
    async with aiohttp.ClientSession(stack.url) as http:
        async with http.post("/api/v1/session", json={"staff_number": staff_number, "password": one_time}) as answer:
            assert answer.status == 201, await answer.text()
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        async with http.get("/api/v1/staff") as answer:
            assert answer.status == 403
        async with http.put("/api/v1/session/password", json={"present": one_time, "new": OWN}) as answer:
            assert answer.status == 204


async def test_first_administrator_first_agent_first_call(hotline: Hotline) -> None:
    stack = hotline.stack
    printed = await add_staff(stack, "9001", "陈静", "--role", "administrator")
    await set_password(stack, "9001", secret(printed, "desk"))
    async with Desk(stack.url, "9001", OWN, socket=False) as administrator:
        assert [one["staff_number"] for one in await administrator.get("/api/v1/staff")] == ["9001"]
        await administrator.post("/api/v1/departments", {"name": "城西维修站"})
    printed = await add_staff(stack, "1007", "王芳", "--role", "agent", "--queue", "repair")
    await set_password(stack, "1007", secret(printed, "desk"))
    at = stack.at
    phone = Phone("agent1007", "agent1007", secret(printed, "phone"), at.address, at.sip_port, answers_after=0)
    async with phone, Desk(stack.url, "1007", OWN) as desk:
        await desk.say(type="ready")
        await desk.message("agent", state="ready")
        caller = await hotline.phone(CALLER)
        await hotline.into_queue(caller)
        pop = await desk.message("pop")
        assert pop["pop"]["queue"] == "repair"
        await desk.message("agent", state="talking")
        await caller.hang_up()
