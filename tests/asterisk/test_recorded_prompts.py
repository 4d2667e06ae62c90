"""Recorded prompts are heard; where one is lost, its text is heard (F36)."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dev.paths import RUNTIME
from dev.stack import Stack
from ivr.recorded_files import converted_file
from tests.asterisk.hotline import Hotline, stack_in
from tests.words import words

NO_CUSTOMER = "13800000006"
PROMPTS = RUNTIME / "prompts"


def hum(frequency: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Return three seconds in stereo, with a silent right side."""
    left = 0.4 * np.sin(2 * np.pi * frequency * np.arange(3 * 48000) / 48000)
    return np.stack([left, np.zeros_like(left)], axis=1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Recorded files of two prompts, by prompt."""
    folder = tmp_path_factory.mktemp("recorded")
    files = {"main_menu": folder / "main_menu.flac", "progress_hint": folder / "progress_hint.mp3"}
    soundfile.write(files["main_menu"], hum(700), 48000)
    soundfile.write(files["progress_hint"], hum(1100), 48000)
    return files


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, recorded: dict[str, Path]) -> Iterator[Stack]:
    """A hotline with these recorded files."""
    running = stack_in(tmp_path_factory.mktemp("hotline"))
    folder = Path(running.settings["CALLFLOWS"]) / "recorded" / "zh"
    folder.mkdir(parents=True)
    for name, file in recorded.items():
        recorded[name] = file.rename(folder / file.name)
    running.start()
    yield running
    running.stop()


def errors(stack: Stack) -> list[tuple[str, str]]:
    """Return the recorded prompts that the log calls unusable."""
    entries = [json.loads(line) for line in (stack.folder / "hotline.log").read_text().splitlines() if line[:1] == "{"]
    return [(entry["prompt"], entry["level"]) for entry in entries if entry["event"] == "recorded_prompt_unusable"]


async def test_recorded_prompt_is_heard_and_a_lost_one_is_spoken(
    hotline: Hotline, stack: Stack, recorded: dict[str, Path]
) -> None:
    caller = await hotline.phone(NO_CUSTOMER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears_tone(700)
    await caller.hears_tone(1100)
    await caller.hang_up()
    assert errors(stack) == []

    converted_file(recorded["main_menu"], PROMPTS).write_text("<!DOCTYPE html>")
    converted_file(recorded["progress_hint"], PROMPTS).unlink()
    for original in recorded.values():
        original.unlink()
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears_words(await words("main_menu"))
    await caller.hears_words(await words("progress_hint"))
    await caller.hang_up()

    assert {("main_menu", "error"), ("progress_hint", "error")} <= set(errors(stack))
