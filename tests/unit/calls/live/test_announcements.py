"""The queue's own prompts: in turn, with music between."""

import asyncio
from itertools import pairwise

import pytest

from tests.fakes.asterisk import PROMPT_S, FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until

REFUSED = 21
OWN = {"every_s": 30, "prompts": ("have_account_ready", "see_website")}


def said(caller: FakeChannel) -> list[tuple[str, int]]:
    """Return what the caller heard, with the seconds since joining."""
    first = next(at for at, sound in caller.sounds if sound.startswith("music:"))
    return [(sound.removeprefix("prompt:"), round(at - first)) for at, sound in caller.sounds if "prompt:" in sound]


def music_between(caller: FakeChannel) -> float:
    """Return the shortest time of music between two prompts."""
    ends = [at for at, _ in caller.sounds[1:]]
    whole = [(sound, until - since) for (since, sound), until in zip(caller.sounds, ends, strict=False)]
    between = whole[next(place for place, (sound, _) in enumerate(whole) if "prompt:" in sound) :]
    return min(length for sound, length in between if sound.startswith("music:"))


@pytest.mark.parametrize("hotline", [{"announce_every_s": 0, "keys": {}, "announcements": OWN}], indirect=True)
async def test_prompts_of_the_queue_come_in_turn(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(100)
    own = [(name, at) for name, at in said(caller) if name != "to_person"]
    assert [name for name, _ in own] == ["have_account_ready", "see_website", "have_account_ready"]
    times = [at for _, at in own]
    assert [after - before for before, after in pairwise(times)] == [30 + PROMPT_S] * 2


@pytest.mark.parametrize("hotline", [{"announce_every_s": 30, "keys": {}, "announcements": OWN}], indirect=True)
async def test_place_and_prompts_leave_music_between_them(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(200)
    names = [name for name, _ in said(caller)]
    assert names.count("queue_position") >= 5
    assert names.count("have_account_ready") + names.count("see_website") >= 5
    assert music_between(caller) >= 7.9


@pytest.mark.parametrize("hotline", [{"announce_every_s": 0, "keys": {}, "announcements": OWN}], indirect=True)
async def test_offer_that_fails_does_not_begin_the_turn_again(hotline: FakeHotline) -> None:
    caller = hotline.call()
    await hotline.queued()
    await asyncio.sleep(45)
    await hotline.agent_ready()
    leg = await hotline.rung()
    before = len(said(caller))
    await asyncio.sleep(10)
    assert len(said(caller)) == before, "nothing is announced while a phone rings"
    hotline.asterisk.hang_up(leg.id, REFUSED)
    await until(lambda: len(said(caller)) > before)
    assert said(caller)[-1][0] == "see_website"
