"""A flow's voice on a channel: prompts, keys and spoken answers."""

import asyncio
from pathlib import Path

import pytest

from ari_app.ari import channels, media
from ari_app.ari.errors import ServerFault
from ivr.cursor import Cursor, CursorStore
from ivr.voice import DigitRules, Digits, DigitsEnd, Spoken, SpokenRules, Voice
from ivr.walker import Ended, Outcome
from recordings.model import RecordingStatus
from tests.fakes.hotline import FakeHotline, Script
from tests.fakes.virtual_time import until

MENU, NUMBER, THANKS = (Path(f"/prompts/zh/{name}.wav") for name in ("menu", "number", "thanks"))
HEARD_S = 10.0


class Asked:
    """A flow of two questions, and their answers."""

    def __init__(self, first: DigitRules, second: DigitRules | None = None) -> None:
        self.first, self.second = first, second
        self.answers: list[Digits] = []

    async def walk(self, voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        self.answers.append(await voice.ask([MENU], self.first))
        if self.second is not None:
            await store.save(cursor)
            self.answers.append(await voice.ask([NUMBER], self.second))
        return Ended("done")


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def test_prompt_is_heard_after_the_answer(hotline: FakeHotline) -> None:
    hotline.script = Asked(DigitRules()).walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    assert caller.state == "Up"


async def test_key_stops_the_prompt(hotline: FakeHotline) -> None:
    hotline.asterisk.prompt_s["menu"] = HEARD_S
    asked = Asked(DigitRules())
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    hotline.asterisk.press(caller.id, "2")
    await hotline.over()
    assert asked.answers == [Digits("2", DigitsEnd.COMPLETE)]
    assert now_s() < HEARD_S / 2


async def test_key_does_not_stop_a_prompt_without_barge_in(hotline: FakeHotline) -> None:
    hotline.asterisk.prompt_s["menu"] = HEARD_S
    asked = Asked(DigitRules(barge_in=False))
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    hotline.asterisk.press(caller.id, "2")
    await hotline.over()
    assert asked.answers == [Digits("2", DigitsEnd.COMPLETE)]
    assert now_s() > HEARD_S


async def test_number_ends_at_the_terminator(hotline: FakeHotline) -> None:
    asked = Asked(DigitRules(maximum=8))
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    hotline.asterisk.press(caller.id, "1234#")
    await hotline.over()
    assert asked.answers == [Digits("1234", DigitsEnd.TERMINATED)]


@pytest.mark.parametrize(("keys", "patience_s"), [("", 5.0), ("12", 3.0)])
async def test_question_is_given_up_after_silence(hotline: FakeHotline, keys: str, patience_s: float) -> None:
    asked = Asked(DigitRules(maximum=8, first_s=5.0, between_s=3.0))
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    if keys:
        hotline.asterisk.press(caller.id, keys)
    await until(lambda: hotline.asterisk.hears(caller.id) != "prompt:menu")
    silent_since_s = now_s()
    await hotline.over()
    assert asked.answers == [Digits(keys, DigitsEnd.TIMEOUT)]
    assert now_s() - silent_since_s == pytest.approx(patience_s, abs=0.1)


async def test_file_that_cannot_be_played_is_skipped(hotline: FakeHotline) -> None:
    hotline.ari.failures[channels.PLAY] = ServerFault("POST", "/channels/x/play", "no such file", status=500)
    asked = Asked(DigitRules(first_s=5.0))
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: caller.state == "Up")
    await asyncio.sleep(1.0)
    hotline.asterisk.press(caller.id, "1")
    await hotline.over()
    assert asked.answers == [Digits("1", DigitsEnd.COMPLETE)]


async def test_stop_is_repeated_until_asterisk_takes_it(hotline: FakeHotline) -> None:
    hotline.asterisk.prompt_s["menu"] = HEARD_S
    asked = Asked(DigitRules())
    hotline.script = asked.walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    hotline.ari.failures[media.STOP_PLAYBACK] = ServerFault("DELETE", "/playbacks/x", "not yet", status=500)
    hotline.asterisk.press(caller.id, "1")
    await hotline.over()
    assert [call for call, _ in hotline.ari.asked].count(media.STOP_PLAYBACK) == 2
    assert now_s() < HEARD_S / 2


async def test_stop_does_not_overtake_a_slow_request_to_play(hotline: FakeHotline) -> None:
    hotline.ari.delays_s[channels.PLAY] = 0.5
    hotline.asterisk.prompt_s["menu"] = HEARD_S
    hotline.script = Asked(DigitRules()).walk
    caller = hotline.call()
    await until(lambda: caller.state == "Up")
    await asyncio.sleep(0.1)
    hotline.asterisk.press(caller.id, "1")
    await hotline.over()
    assert sum(length for length in _heard_s(caller.sounds, "prompt:menu")) < 0.1


async def test_playback_that_ended_unheard_is_not_waited_for(hotline: FakeHotline) -> None:
    hotline.script = Asked(DigitRules(barge_in=False, first_s=1.0)).walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:menu")
    hotline.asterisk.told = False
    await until(lambda: hotline.asterisk.hears(caller.id) != "prompt:menu")
    hotline.asterisk.told = True
    began_s = now_s()

    await hotline.reconciler.look()
    await hotline.over()

    assert now_s() - began_s < 2.0


def spoken(answers: list[Spoken | None]) -> Script:
    """Record one spoken answer."""

    async def walk(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        answers.append(await voice.record("suggestion", SpokenRules(maximum_s=60, silence_s=3)))
        return Ended("done")

    return walk


@pytest.mark.parametrize("ended_by", ["silence", "key", "hang-up"])
async def test_spoken_answer_is_sealed_however_it_ends(hotline: FakeHotline, ended_by: str) -> None:
    answers: list[Spoken | None] = []
    hotline.script = spoken(answers)
    caller = hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    if ended_by == "key":
        hotline.asterisk.press(caller.id, "#")
    elif ended_by == "hang-up":
        hotline.asterisk.hang_up(caller.id)
    await hotline.over()

    (entry,) = hotline.recordings.entries.values()
    assert entry.status is RecordingStatus.SEALED
    assert (len(answers) == 1) == (ended_by != "hang-up")


@pytest.mark.parametrize(("can_skip", "answered"), [(True, False), (False, True)])
async def test_terminator_pressed_before_a_recording_skips_it_where_it_may(
    hotline: FakeHotline, can_skip: bool, answered: bool
) -> None:
    answers: list[Spoken | None] = []

    async def walk(voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
        await store.save(cursor)
        await voice.say([THANKS], barge_in=True)
        answers.append(await voice.record("message", SpokenRules(can_skip=can_skip)))
        return Ended("done")

    hotline.script = walk
    caller = hotline.call()
    await until(lambda: hotline.asterisk.hears(caller.id) == "prompt:thanks")
    hotline.asterisk.press(caller.id, "#")
    await hotline.over()

    assert [answer is not None for answer in answers] == [answered]


async def test_spoken_answer_of_a_process_before_is_sealed_by_the_next(hotline: FakeHotline) -> None:
    answers: list[Spoken | None] = []
    hotline.script = spoken(answers)
    hotline.call()
    await until(lambda: hotline.asterisk.recordings)
    await hotline.leave()

    await hotline.restart()
    await hotline.over()

    assert [entry.status for entry in hotline.recordings.entries.values()] == [RecordingStatus.SEALED] * 2
    assert len(answers) == 1


def _heard_s(sounds: list[tuple[float, str]], sound: str) -> list[float]:
    ends = [at for at, _ in sounds[1:]] + [now_s()]
    return [end - at for (at, heard), end in zip(sounds, ends, strict=True) if heard == sound]
