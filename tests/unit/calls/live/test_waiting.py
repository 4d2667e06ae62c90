"""What a caller hears from joining a queue until an agent answers."""

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
