"""A phone vanishes in the middle of a call (F18).

Its process is stopped.
"""

import os
from collections.abc import Iterator
from signal import SIGCONT, SIGSTOP

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in
from tests.asterisk.whole import asked

CALLER = "13800000006"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Stack with residents' endpoints as shipped, and a shorter time."""
    running = stack_in(tmp_path_factory.mktemp("vanished"))
    running.pjsip["sample"] = running.pjsip["sample"].replace("rtp_timeout = 60", "rtp_timeout = 3")
    running.start()
    yield running
    running.stop()


async def test_caller_who_vanished_gives_the_place_in_the_queue_back(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    assert caller.process_id is not None

    os.kill(caller.process_id, SIGSTOP)
    try:
        await hotline.waiting(supervisor, "repair", 0)
    finally:
        os.kill(caller.process_id, SIGCONT)


async def test_received_packets_are_counted_while_a_phone_is_there(hotline: Hotline) -> None:
    """The service's own check rests on this count."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    async with asked(hotline.stack) as ari:
        (channel,) = await ari.channels()
        before = (await ari.rtp_statistics(channel.id)).rxcount
        await caller.hears_no_pause(seconds=1.0)
        after = (await ari.rtp_statistics(channel.id)).rxcount

    assert 0 < before < after
    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
