"""Calls without the manager interface go on without a recording."""

from collections.abc import Iterator

import pytest

from dev.ports import free_port
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in

TONE_HZ = 440.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A hotline that finds no manager interface."""
    running = stack_in(tmp_path_factory.mktemp("hotline"), AMI_PORT=str(free_port()))
    running.start()
    yield running
    running.stop()


async def test_agents_are_rung_and_talk(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone("13800000002")
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await agent.reaches(caller, TONE_HZ)
    await caller.hang_up()

    assert (await hotline.call_record(supervisor, pop["call_id"]))["outcome"] == "answered"
    (recording,) = await hotline.sealed(supervisor, pop["call_id"])
    assert recording["status"] == "failed"
