"""Redis goes and comes back, with or without its data.

Two services meet. Calls and places outlive all of it.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from dev.paths import PROJECT
from dev.stack import Stack
from tests.asterisk.hotline import OTHER_AGENT, SUPERVISOR, Hotline
from tests.desk_client import Desk
from tests.phones.phone import Phone

CALLER, SECOND, THIRD = "13800000002", "13800000006", "13800000003"
TONE_HZ = 440.0

pytestmark = pytest.mark.skipif("REDIS_URL" in os.environ, reason="a Redis that is not ours is not ended")


def restart_empty(stack: Stack) -> None:
    """Redis is back at once and knows nothing."""
    assert stack.redis is not None
    stack.redis.kill()
    for path in stack.redis.state.rglob("*.aof*"):
        path.unlink()
    stack.redis.start()


async def talking(hotline: Hotline) -> tuple[Desk, Phone, Phone]:
    """An agent who talks with a caller."""
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await desk.message("pop")
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", stage="talking")
    return desk, agent, caller


async def test_f19_redis_comes_back_empty(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR)
    desk, agent, caller = await talking(hotline)
    second, third = await hotline.phone(SECOND), await hotline.phone(THIRD)
    await hotline.into_queue(second)
    await hotline.waiting(supervisor, "repair", 1)
    await hotline.into_queue(third)
    await hotline.waiting(supervisor, "repair", 2)

    await asyncio.to_thread(restart_empty, hotline.stack)
    await hotline.whole()

    await desk.message("agent", state="talking")
    await hotline.waiting(supervisor, "repair", 2)
    await agent.reaches(caller, TONE_HZ)
    await second.hears(seconds=1.0)
    await caller.hang_up()
    await desk.message("agent", state="wrap_up")
    await desk.say(type="wrap_up_done")
    pop = (await desk.message("pop"))["pop"]
    assert pop["number"]["display"].endswith(SECOND)
    await second.hang_up()
    await third.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_f20_redis_hangs_for_a_while(hotline: Hotline) -> None:
    """Let a menu and a caller go on while Redis is away.

    The waiting caller hears music and is served as soon as Redis answers.
    """
    supervisor = await hotline.desk(SUPERVISOR)
    desk, agent, caller = await talking(hotline)
    menu = await hotline.phone(SECOND)
    await menu.call(hotline.number)
    await menu.answered()
    await menu.hears(seconds=0.5)
    assert hotline.stack.redis is not None

    hotline.stack.redis.signal(SIGSTOP)
    try:
        await menu.press("3")
        await menu.hears(seconds=4.0)
        await agent.reaches(caller, TONE_HZ)
    finally:
        hotline.stack.redis.signal(SIGCONT)

    await hotline.whole()
    await hotline.waiting(supervisor, "repair", 1)
    other, phone = await hotline.ready_agent(OTHER_AGENT, idle=False)
    await other.message("pop")
    await phone.ringing()
    await phone.answer()
    await phone.answered()
    await menu.hang_up()
    await agent.hang_up()
    await caller.ended()
    await desk.message("agent", state="wrap_up")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "another process serves the node"),
        (
            {"HOTLINE_NODE": "node-2", "HOTLINE_ARI_URL": "http://127.0.0.9:8088/ari"},
            "'node-2' has an Asterisk of its own (127.0.0.9:8088, not ",
        ),
        ({"HOTLINE_NODE": "node-2", "HOTLINE_RECORDINGS": "elsewhere"}, "'node-2' has a recordings folder of its own"),
    ],
    ids=["same node", "Asterisk", "recordings"],
)
async def test_f33_a_second_service_refuses(hotline: Hotline, tmp_path: Path, given: dict[str, str], told: str) -> None:
    environment = {**os.environ, **hotline.stack.environment(), "PYTHONPATH": str(PROJECT), **given}
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "ari_app.cli", "serve"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert told in second.stdout
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.5)
