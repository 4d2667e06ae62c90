"""Speech on the real espeak-ng and sox, and its cache."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from dev.programs import program
from ivr.prompts import PromptCatalogue, Prompts, Text, read_catalogue
from ivr.speech import LONGEST_TEXT, EspeakSpeech, SpeechCache, SpeechError
from tests.unit.ivr.caller import CALLFLOWS


@pytest.fixture
def espeak() -> EspeakSpeech:
    """The engine as it is shipped."""
    speaker, sox = program("usr/bin/espeak-ng"), program("usr/bin/sox")
    return EspeakSpeech(speaker.command, speaker.environment, sox.command)


@pytest.fixture
def cache(espeak: EspeakSpeech, tmp_path: Path) -> SpeechCache:
    """The engine behind an empty cache."""
    return SpeechCache(espeak, tmp_path / "prompts")


def files(folder: Path) -> list[str]:
    """Every file below a folder, half-written ones included."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("text", "language"), [("您好，欢迎致电。", "zh"), ("Welcome to the hotline.", "en")])
async def test_a_sentence_is_a_file_that_asterisk_plays(cache: SpeechCache, text: str, language: str) -> None:
    path = await cache.audio(text, language)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.format) == (8000, 1, "PCM_16", "WAV")
    assert 0.8 < info.duration < 5
    sound, _ = soundfile.read(path)
    loudest = np.abs(sound).max()
    assert 0.5 < loudest < 0.75  # three decibels below full scale
    assert np.sqrt(np.mean(sound**2)) > 0.03


async def test_a_wider_rate_is_a_different_file(espeak: EspeakSpeech, cache: SpeechCache, tmp_path: Path) -> None:
    speaker, sox = program("usr/bin/espeak-ng"), program("usr/bin/sox")
    wide = SpeechCache(
        EspeakSpeech(speaker.command, speaker.environment, sox.command, rate_hz=16000), tmp_path / "prompts"
    )
    assert wide.path("hello", "en") != cache.path("hello", "en")
    assert soundfile.info(await wide.audio("hello", "en")).samplerate == 16000


async def test_text_is_never_an_option_or_a_command(cache: SpeechCache, tmp_path: Path) -> None:
    for text in ("-f /etc/passwd", "--help", f"$(touch {tmp_path}/owned)", "`id`; rm -rf /", "a\0b"):
        assert soundfile.info(await cache.audio(text, "en")).duration > 0.3
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST_TEXT + 1)])
async def test_an_unspeakable_text_is_refused(cache: SpeechCache, text: str) -> None:
    with pytest.raises(SpeechError):
        await cache.audio(text, "zh")


async def test_an_unknown_language_is_refused(cache: SpeechCache) -> None:
    with pytest.raises(SpeechError, match="no voice"):
        await cache.audio("bonjour", "fr")


@pytest.mark.parametrize(
    "command", [["/nonexistent/espeak"], ["/bin/false"], ["/bin/true"], ["/bin/cat", "/nonexistent"]]
)
async def test_an_engine_that_fails_is_an_error_and_leaves_no_file(command: list[str], tmp_path: Path) -> None:
    cache = SpeechCache(EspeakSpeech(command, {}, ["/bin/cat"]), tmp_path / "prompts")
    with pytest.raises(SpeechError):
        await cache.audio("hello", "en")
    assert files(tmp_path) == []


def wav(text: str) -> bytes:
    """Return a WAV file's header with a text in place of sound."""
    return b"RIFF\0\0\0\0WAVE".ljust(44, b"\0") + text.encode()


class Counting:
    """An engine that counts, waits to be let go, and may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.texts: list[str] = []
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self.fails = fails

    def identity(self, language: str) -> str:
        """One voice."""
        return "counting/1"

    async def synthesise(self, text: str, language: str) -> bytes:
        """Count, wait, answer."""
        self.texts.append(text)
        self.begun.set()
        await self.go.wait()
        if self.fails:
            raise SpeechError("no")
        return wav(text)


async def test_requests_at_the_same_time_are_one_synthesis(tmp_path: Path) -> None:
    engine = Counting()
    cache = SpeechCache(engine, tmp_path)
    waiting = [asyncio.create_task(cache.audio(text, "zh")) for text in ("a", "a", "a ", "b")]
    await engine.begun.wait()
    engine.go.set()
    paths = await asyncio.gather(*waiting)
    assert sorted(engine.texts) == ["a", "b"]
    assert len(set(paths)) == 2
    assert await cache.audio("a", "zh") == paths[0]
    assert sorted(engine.texts) == ["a", "b"]
    assert paths[0].read_bytes() == wav("a")


async def test_a_caller_who_hangs_up_does_not_silence_the_others(tmp_path: Path) -> None:
    engine = Counting()
    cache = SpeechCache(engine, tmp_path)
    first = asyncio.create_task(cache.audio("a", "zh"))
    second = asyncio.create_task(cache.audio("a", "zh"))
    await engine.begun.wait()
    first.cancel()
    engine.go.set()
    assert (await second).exists()
    assert first.cancelled()


async def test_a_failure_reaches_all_waiting_requests_and_the_next_tries_again(tmp_path: Path) -> None:
    engine = Counting(fails=True)
    engine.go.set()
    cache = SpeechCache(engine, tmp_path)
    results = await asyncio.gather(*(cache.audio("a", "zh") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [SpeechError] * 3
    engine.fails = False
    assert (await cache.audio("a", "zh")).exists()


async def test_unused_audio_is_removed(tmp_path: Path) -> None:
    engine = Counting()
    engine.go.set()
    cache = SpeechCache(engine, tmp_path)
    old, used = await cache.audio("old", "zh"), await cache.audio("used", "zh")
    tone = tmp_path / "pause_tone.wav"
    tone.write_bytes(used.read_bytes())
    for path in (old, used, tone):
        os.utime(path, (1, 1))
    await cache.audio("used", "zh")
    assert await cache.sweep(3600) == 1
    assert sorted(files(tmp_path)) == sorted([used.name, tone.name])


async def test_prompts_keep_fixed_texts_and_forget_sentences(tmp_path: Path) -> None:
    engine = Counting()
    engine.go.set()
    cache = SpeechCache(engine, tmp_path)
    texts = {"welcome": Text("welcome", "zh.yaml", 1), "owed": Text("{owed.sum}", "zh.yaml", 2)}
    prompts = Prompts(PromptCatalogue({"zh": texts}), cache)
    fixed, sentence = (
        await prompts.audio("welcome", "zh", {}),
        await prompts.audio("owed", "zh", {"owed": {"sum": "12"}}),
    )
    assert fixed is not None
    assert sentence is not None
    for path in (fixed, sentence):
        os.utime(path, (1, 1))
    assert await prompts.forget(3600) == 1
    assert files(tmp_path) == [fixed.name]


async def test_closing_stops_synthesis_under_way(tmp_path: Path) -> None:
    engine = Counting()
    cache = SpeechCache(engine, tmp_path)
    waiting = asyncio.create_task(cache.audio("a", "zh"))
    await engine.begun.wait()
    await cache.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert files(tmp_path) == []


async def test_a_full_disk_is_a_prompt_left_out(tmp_path: Path) -> None:
    engine = Counting()
    engine.go.set()
    blocked = tmp_path / "prompts"
    blocked.write_text("a file where the folder should be")
    prompts = Prompts(PromptCatalogue({"zh": {"hello": Text("您好", "zh.yaml", 1)}}), SpeechCache(engine, blocked))
    with capture_logs() as logs:
        assert await prompts.audio("hello", "zh", {}) is None
    assert logs[0]["event"] == "prompt_not_spoken"


async def test_a_prompt_without_text_or_audio_is_left_out(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert await Prompts(PromptCatalogue(), SpeechCache(Counting(), tmp_path)).audio("hello", "zh", {}) is None
    assert logs[0]["event"] == "prompt_missing"


async def test_preparing_speaks_every_text_without_fields(tmp_path: Path) -> None:
    engine = Counting()
    engine.go.set()
    catalogue, findings = read_catalogue(CALLFLOWS)
    assert findings == []
    prepared = await Prompts(catalogue, SpeechCache(engine, tmp_path)).prepare()
    static = [text for texts in catalogue.texts.values() for text in texts.values() if not text.fields]
    assert (prepared.ready, prepared.failed) == (len(static), [])
    assert len(engine.texts) == len({text.text for text in static})


async def test_a_dynamic_prompt_is_spoken_with_its_values(tmp_path: Path) -> None:
    engine = Counting()
    engine.go.set()
    catalogue, _ = read_catalogue(CALLFLOWS)
    prompts = Prompts(catalogue, SpeechCache(engine, tmp_path))
    variables = {"offer": {"subject": "暖气不热", "department": "城西工区"}}
    await prompts.audio("your_open_ticket", "zh", variables)
    assert engine.texts[0].startswith("您反映的暖气不热，正由城西工区处理。")
