"""Recorded prompts: good ones are converted, bad ones found, none is silence."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from structlog.testing import capture_logs

from ivr.prompts import PromptCatalogue, Prompts, Text, read_catalogue
from ivr.recorded_cache import RecordedCache
from ivr.recorded_sound import read_sound
from ivr.speech import SpeechCache
from tests.phones.sound import level, load, longest_silence, tone_share
from tests.unit.ivr.test_speech import Counting

Sound = NDArray[np.float64]
TONE_HZ = 440.0


def voice(rate_hz: int = 8000, seconds: float = 1.5, peak: float = 0.5) -> Sound:
    """Return a tone that swells and fades like syllables."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.asarray(peak * np.sin(2 * np.pi * TONE_HZ * times) * np.sin(2 * np.pi * 2 * times) ** 2)


def silence(seconds: float, rate_hz: int = 8000) -> Sound:
    return np.zeros(round(seconds * rate_hz))


def written(sound: Sound, rate_hz: int = 8000, **form: str) -> Callable[[Path], object]:
    """Return a function that writes the sound in a form."""
    return lambda path: soundfile.write(path, sound, rate_hz, **form)


def cut(form: str, subtype: str) -> Callable[[Path], object]:
    """Return a function that writes the first half of a file."""

    def write(path: Path) -> None:
        soundfile.write(path, voice(seconds=4), 8000, format=form, subtype=subtype)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return write


def from_a_pipe(path: Path) -> None:
    """Write a WAV file of unknown length, as into a pipe."""
    soundfile.write(path, voice(), 8000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[4:8], content[40:44] = struct.pack("<I", 0x7FFFF024), struct.pack("<I", 0x7FFFF000)
    path.write_bytes(content)


def html(path: Path) -> None:
    path.write_text("<!DOCTYPE html><title>404</title>")


GOOD: dict[str, tuple[str, Callable[[Path], object]]] = {
    "as Asterisk plays it": ("bye.wav", written(voice(), subtype="PCM_16")),
    "8 bits": ("bye.wav", written(voice(), subtype="PCM_U8")),
    "24 bits": ("bye.wav", written(voice(48000), 48000, subtype="PCM_24")),
    "32 bits": ("bye.wav", written(voice(16000), 16000, subtype="PCM_32")),
    "floating point": ("bye.wav", written(voice(44100), 44100, subtype="FLOAT")),
    "floating point above full scale": ("bye.wav", written(voice(peak=4.0), subtype="FLOAT")),
    "stereo": ("bye.wav", written(np.stack([voice(48000), silence(1.5, 48000)], axis=1), 48000)),
    "an odd rate": ("bye.wav", written(voice(11111), 11111)),
    "a low rate": ("bye.wav", written(voice(6000), 6000)),
    "A-law": ("bye.wav", written(voice(), subtype="ALAW")),
    "u-law": ("bye.wav", written(voice(), subtype="ULAW")),
    "GSM": ("bye.wav", written(voice(), subtype="GSM610")),
    "extensible header": ("bye.wav", written(voice(44100), 44100, format="WAVEX", subtype="PCM_16")),
    "written into a pipe": ("bye.wav", from_a_pipe),
    "capitals": ("bye.WAV", written(voice(), format="WAV")),
    "FLAC": ("bye.flac", written(voice(44100), 44100)),
    "MP3": ("bye.mp3", written(voice(44100), 44100, format="MP3", subtype="MPEG_LAYER_III")),
    "Vorbis": ("bye.ogg", written(voice(44100), 44100)),
    "Opus": ("bye.ogg", written(voice(48000), 48000, format="OGG", subtype="OPUS")),
    "MP3 that is named .wav": ("bye.wav", written(voice(44100), 44100, format="MP3", subtype="MPEG_LAYER_III")),
}
USABLE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "clipped": ("bye.wav", written(np.clip(voice(peak=8.0), -1, 1)), "it is clipped: "),
    "clipped A-law": ("bye.wav", written(np.clip(voice(peak=8.0), -1, 1), subtype="ALAW"), "it is clipped: "),
    "clipped MP3": ("bye.mp3", written(np.clip(voice(44100, peak=8.0), -1, 1), 44100, format="MP3"), "it is clipped: "),
    "quiet": ("bye.wav", written(voice(peak=0.01)), "it is quiet: -4"),
    "late": ("bye.wav", written(np.concatenate([silence(5), voice()])), "5.0 s of silence before it and 0.0 s after"),
    "with a pause": (
        "bye.wav",
        written(np.concatenate([voice(), silence(4), voice()])),
        "it has a pause of 4.0 s: callers believe",
    ),
}
BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("bye.wav", Path.touch, "unusable-sound: the file is empty"),
    "header only": ("bye.wav", written(silence(0)), "unusable-sound: it holds no sound"),
    "cut WAV": ("bye.wav", cut("WAV", "PCM_16"), "unusable-sound: the file is cut: "),
    "cut FLAC": ("bye.flac", cut("FLAC", "PCM_16"), "unusable-sound: the file is damaged: not all of its"),
    "silent": ("bye.wav", written(silence(2)), "unusable-sound: it is silent: its loudest moment has -100 dB"),
    "noise of an empty room": ("bye.wav", written(voice(peak=0.001)), "unusable-sound: it is silent"),
    "a moment": ("bye.wav", written(voice(seconds=0.05)), "unusable-sound: it is shorter than 0.1 s"),
    "endless": ("bye.wav", written(voice(seconds=181)), "unusable-sound: it is longer than 180 s"),
    "no number": (
        "bye.wav",
        written(np.full(8000, np.nan), subtype="FLOAT"),
        "unusable-sound: it holds numbers that",
    ),
    "HTML": ("bye.wav", html, "unusable-sound: it is not a WAV, FLAC, MP3 or OGG file, despite its name"),
    "wrong name": (
        "bey.wav",
        written(voice()),
        "no-such-prompt: there is no prompt bey in prompts/zh.yaml, its",
    ),
    "nearly right name": ("Bye.wav", written(voice()), "; is it bye?"),
    "another format": ("bye.m4a", html, "never-used: it is not used: recorded files end in .wav, .flac, .mp3, .ogg"),
    "a note": ("notes.txt", html, "never-used: it is not used: recorded files end in"),
    "another language": (
        "../fr/bye.wav",
        written(voice()),
        "never-used: it is not used: recorded files are directly in",
    ),
    "no language": ("../bye.wav", written(voice()), "directly in recorded/zh/ or recorded/en/"),
    "a folder deeper": ("more/bye.wav", written(voice()), "never-used: it is not used: recorded files are"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of call flows with one prompt and no recorded file."""
    folder = tmp_path / "callflows"
    (folder / "prompts").mkdir(parents=True)
    for language, text in (("zh", "再见"), ("en", "Goodbye")):
        (folder / "recorded" / language).mkdir(parents=True)
        (folder / "prompts" / f"{language}.yaml").write_text(f"bye: {text}\n")
    return folder


def put(folder: Path, name: str, write: Callable[[Path], object]) -> Path:
    """Write a recorded file, as an operator would."""
    path = folder / "recorded" / "zh" / name
    path.parent.mkdir(exist_ok=True)
    write(path)
    return path


async def converted(folder: Path) -> Path:
    """Return the converted file of the one prompt."""
    catalogue, _ = read_catalogue(folder)
    cache = RecordedCache(catalogue.recorded, folder.parent / "prompts")
    assert await cache.prepare() == []
    path = cache.file("bye", "zh")
    assert path is not None
    return path


@pytest.mark.parametrize(("name", "write"), GOOD.values(), ids=GOOD)
async def test_good_file_is_converted_to_what_asterisk_plays(
    folder: Path, name: str, write: Callable[[Path], object]
) -> None:
    put(folder, name, write)
    assert read_catalogue(folder)[1] == []

    path = await converted(folder)

    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.format) == (8000, 1, "PCM_16", "WAV")
    assert info.duration == pytest.approx(1.5, abs=0.1)
    sound = load(path)
    assert tone_share(sound, TONE_HZ) > 0.98
    assert level(sound) == pytest.approx(-18.5, abs=1.5)
    assert np.abs(sound).max() < 0.72 * 32768


@pytest.mark.parametrize(("name", "write", "remark"), USABLE.values(), ids=USABLE)
async def test_poor_file_is_used_with_a_warning(
    folder: Path, name: str, write: Callable[[Path], object], remark: str
) -> None:
    put(folder, name, write)
    (finding,) = read_catalogue(folder)[1]
    assert str(finding).startswith(f"recorded/zh/{name}:1: poor-sound: {remark}")

    sound = load(await converted(folder))

    assert level(sound) > -26
    assert longest_silence(sound[:8000]) < 0.5


@pytest.mark.parametrize(("name", "write", "message"), BAD.values(), ids=BAD)
def test_bad_file_is_found(folder: Path, name: str, write: Callable[[Path], object], message: str) -> None:
    put(folder, name, write)
    (finding,) = read_catalogue(folder)[1]
    assert message in str(finding)
    assert finding.file.startswith("recorded/")


def test_two_files_of_one_prompt_are_found(folder: Path) -> None:
    for name in ("bye.flac", "bye.wav"):
        put(folder, name, written(voice()))
    (finding,) = read_catalogue(folder)[1]
    assert str(finding) == "recorded/zh/bye.wav:1: taken-name: bye.flac is a recorded file of the same prompt"


def test_faulty_text_comes_first_and_alone(folder: Path) -> None:
    put(folder, "bye.wav", html)
    (folder / "prompts" / "zh.yaml").write_text("bye: [\n")
    (finding,) = read_catalogue(folder)[1]
    assert finding.file == "prompts/zh.yaml"


def test_higher_frequencies_do_not_fold_into_the_telephones(folder: Path) -> None:
    times = np.arange(48000) / 48000
    both = 0.3 * np.sin(2 * np.pi * TONE_HZ * times) + 0.3 * np.sin(2 * np.pi * 7000 * times)
    path = put(folder, "bye.wav", written(both, 48000))
    (folder / "out.wav").write_bytes(read_sound(path).converted())
    assert tone_share(load(folder / "out.wav"), TONE_HZ) > 0.999


def test_sound_as_long_as_it_was_has_the_same_pitch(folder: Path) -> None:
    path = put(folder, "bye.wav", written(voice(44100, seconds=20.0), 44100))
    (folder / "out.wav").write_bytes(read_sound(path).converted())
    assert tone_share(load(folder / "out.wav")[-8000:], TONE_HZ) > 0.98


def harmed(how: str, path: Path) -> None:
    """Do to a file what a person or a disk may do."""
    if how == "deleted":
        path.unlink()
    elif how == "overwritten":
        path.write_text("<!DOCTYPE html>")
    else:
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)


@pytest.fixture
def engine() -> Counting:
    """A synthetic voice."""
    engine = Counting()
    engine.go.set()
    return engine


@pytest.mark.parametrize("how", ["deleted", "overwritten", "cut"])
async def test_file_that_is_harmed_after_it_was_loaded_is_heard_as_text(
    folder: Path, engine: Counting, how: str
) -> None:
    original = put(folder, "bye.wav", written(voice()))
    prompts = Prompts(read_catalogue(folder)[0], SpeechCache(engine, folder.parent / "prompts"))
    assert (await prompts.prepare()).not_converted == []
    recorded = await prompts.audio("bye", "zh", {})
    assert recorded is not None
    harmed(how, recorded)
    original.unlink()

    with capture_logs() as logs:
        synthetic = await prompts.audio("bye", "zh", {})

    assert synthetic is not None
    assert "再见".encode() in synthetic.read_bytes()
    assert [(entry["event"], entry["log_level"]) for entry in logs][:1] == [("recorded_prompt_unusable", "error")]
    await prompts.aclose()


async def test_converted_file_that_was_deleted_is_made_again_from_the_original(folder: Path, engine: Counting) -> None:
    put(folder, "bye.wav", written(voice()))
    prompts = Prompts(read_catalogue(folder)[0], SpeechCache(engine, folder.parent / "prompts"))
    await prompts.prepare()
    recorded = await prompts.audio("bye", "zh", {})
    assert recorded is not None
    recorded.unlink()

    assert await prompts.audio("bye", "zh", {}) != recorded
    for task in list(prompts._recorded._under_way.values()):
        await task

    assert await prompts.audio("bye", "zh", {}) == recorded


async def test_file_that_was_harmed_before_the_start_is_converted_again(folder: Path) -> None:
    put(folder, "bye.wav", written(voice()))
    path = await converted(folder)
    good = path.read_bytes()
    path.write_bytes(good[:44] + bytes(len(good) - 44))
    assert (await converted(folder)).read_bytes() == good


async def test_file_that_disappears_between_check_and_conversion_is_heard_as_text(
    folder: Path, engine: Counting
) -> None:
    original = put(folder, "bye.wav", written(voice()))
    prompts = Prompts(read_catalogue(folder)[0], SpeechCache(engine, folder.parent / "prompts"))
    original.unlink()
    with capture_logs() as logs:
        assert (await prompts.prepare()).not_converted == ["zh/bye"]
    assert [entry["event"] for entry in logs] == ["recorded_prompt_not_converted"]
    assert (await prompts.audio("bye", "zh", {})) is not None


async def test_synthetic_file_that_a_disk_emptied_is_made_again(tmp_path: Path, engine: Counting) -> None:
    catalogue = PromptCatalogue({"zh": {"bye": Text("再见", "zh.yaml", 1)}})
    prompts = Prompts(catalogue, SpeechCache(engine, tmp_path))
    path = await prompts.audio("bye", "zh", {})
    assert path is not None
    for content in (b"", bytes(path.stat().st_size), path.read_bytes()[:44]):
        path.write_bytes(content)
        assert await prompts.audio("bye", "zh", {}) == path
        assert "再见".encode() in path.read_bytes()


def test_known_file_is_not_read_again(folder: Path) -> None:
    put(folder, "bye.wav", html)
    assert read_catalogue(folder, is_known=lambda _: True)[1] == []
