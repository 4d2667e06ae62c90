"""Phones that vanish without a word."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ari.channels import RTP_STATISTICS
from ari_app.ari.errors import AriTimeout
from ari_app.ari.events import ChannelHold, ChannelUnhold
from ari_app.calls.vanished import LOOK_EVERY_S, SILENT_S, VanishedPhones
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until


@pytest.fixture
async def watched(hotline: FakeHotline) -> AsyncIterator[FakeHotline]:
    vanished = VanishedPhones(hotline.ari, hotline.dispatcher, hotline.calls)
    watching = asyncio.create_task(vanished.run())
    yield hotline
    watching.cancel()


async def queued(hotline: FakeHotline) -> FakeChannel:
    caller = hotline.call()
    await hotline.queued(1)
    await until(lambda: caller.state == "Up")
    return caller


def vanish(caller: FakeChannel) -> None:
    caller.vanished_at_s = asyncio.get_running_loop().time()


async def test_caller_who_vanished_gives_the_place_in_the_queue_back(watched: FakeHotline) -> None:
    caller = await queued(watched)
    await asyncio.sleep(SILENT_S * 3)
    assert caller.id in watched.asterisk.channels

    vanish(caller)
    await asyncio.sleep(SILENT_S + 2 * LOOK_EVERY_S)

    assert caller.id not in watched.asterisk.channels
    await watched.over()


async def test_caller_on_hold_by_the_own_phone_is_left_alone(watched: FakeHotline) -> None:
    caller = await queued(watched)
    watched.asterisk.tell(ChannelHold(channel=caller.view()))
    vanish(caller)
    await asyncio.sleep(SILENT_S * 3)
    assert caller.id in watched.asterisk.channels

    watched.asterisk.tell(ChannelUnhold(channel=caller.view()))
    await asyncio.sleep(SILENT_S * 2)
    assert caller.id not in watched.asterisk.channels


async def test_check_that_fails_stops_no_other_check(watched: FakeHotline) -> None:
    callers = [watched.call(f"1380000000{number}") for number in range(3)]
    await watched.queued(3)
    for caller in callers:
        vanish(caller)
    await asyncio.sleep(SILENT_S)
    watched.ari.failures[RTP_STATISTICS] = AriTimeout("GET", "/rtp_statistics", "no answer")
    await asyncio.sleep(3 * LOOK_EVERY_S)
    assert not watched.asterisk.channels


async def test_caller_on_hold_is_left_alone_by_the_next_process(hotline: FakeHotline) -> None:
    VanishedPhones(hotline.ari, hotline.dispatcher, hotline.calls)
    caller = await queued(hotline)
    hotline.asterisk.tell(ChannelHold(channel=caller.view()))
    await until(lambda: hotline.live.state.held_by_phone)
    vanish(caller)
    await hotline.leave()
    await hotline.restart()

    watching = asyncio.create_task(VanishedPhones(hotline.ari, hotline.dispatcher, hotline.calls).run())
    await asyncio.sleep(SILENT_S * 3)
    assert caller.id in hotline.asterisk.channels

    hotline.asterisk.tell(ChannelUnhold(channel=caller.view()))
    await asyncio.sleep(SILENT_S * 2)
    assert caller.id not in hotline.asterisk.channels
    watching.cancel()
