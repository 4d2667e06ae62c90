"""Sounds from joining a queue until an agent answers."""

import pytest

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
