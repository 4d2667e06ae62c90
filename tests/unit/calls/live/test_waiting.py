"""Sounds from joining a queue until an agent answers."""

import asyncio
from typing import cast

import pytest

from ari_app.ari import bridges
from ari_app.ari.rest import Query
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until


@pytest.mark.parametrize("hotline", [{"music": "evening", "announce_every_s": 0}], indirect=True)
async def test_music_of_the_queue_plays_from_joining_until_an_agent_answers(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "music:evening")

    await hotline.agent_ready()
    leg = await hotline.rung()
    assert hotline.asterisk.hears(caller.id) == "music:evening"

    hotline.asterisk.hang_up(leg.id)
    await until(lambda: hotline.ringing() is None)
    assert hotline.asterisk.hears(caller.id) == "music:evening"


async def test_music_plays_while_a_free_agent_is_rung(hotline: FakeHotline) -> None:
    await hotline.agent_ready()
    caller = hotline.call()

    await hotline.rung()

    await until(lambda: hotline.asterisk.hears(caller.id) == "music:default")


async def test_music_is_started_again_by_another_process(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: hotline.asterisk.bridge_of(caller.id) is not None)
    await hotline.leave()
    hotline.asterisk.bridges["hold-repair"].music = None

    await hotline.restart()

    await until(lambda: hotline.asterisk.bridges["hold-repair"].music == "default")
    assert hotline.asterisk.bridges["hold-repair"].channels == [caller.id]


@pytest.mark.parametrize("hotline", [{"announce_every_s": 0}], indirect=True)
async def test_music_plays_for_the_next_caller_of_an_empty_queue(hotline: FakeHotline) -> None:
    first = hotline.call()
    await until(lambda: hotline.asterisk.hears(first.id) == "music:default")
    hotline.asterisk.hang_up(first.id)
    await hotline.over()

    second = hotline.call("13800000002")

    await until(lambda: hotline.asterisk.hears(second.id) == "music:default")


@pytest.mark.parametrize("hotline", [{"greeting": "to_person"}], indirect=True)
async def test_greeting_is_said_after_joining_and_ends_when_an_agent_is_reserved(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id).startswith("prompt:to_person"))
    assert await hotline.queues.position(hotline.live.state.id) is not None

    await hotline.agent_ready()
    await hotline.rung()

    await until(lambda: hotline.asterisk.hears(caller.id) == "music:default")


async def test_music_plays_again_after_an_agent_left_in_the_moment_of_the_bridge(hotline: FakeHotline) -> None:
    """The caller may have left the holding bridge by then."""
    add = hotline.ari._handlers[bridges.ADD]

    async def agent_leaves(ids: tuple[str, ...], query: Query) -> object:
        if ids[0].startswith("talk-"):
            caller_id, leg_id = cast("list[str]", query["channel"])
            await add(ids, {"channel": [caller_id]})
            hotline.asterisk.hang_up(leg_id)
            await asyncio.sleep(0.01)
        return await add(ids, query)

    hotline.ari._handlers[bridges.ADD] = agent_leaves
    await hotline.agent_ready()
    caller = hotline.call()
    leg = await hotline.rung()
    hotline.asterisk.pick_up(leg.id)

    await until(lambda: leg.id not in hotline.asterisk.channels)
    await until(lambda: hotline.asterisk.hears(caller.id) == "music:default")
    assert await hotline.queues.position(hotline.live.state.id) is not None
