"""Joining two sides into one file."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import sealing
from recordings.errors import UnreadableSide
from tests.unit.recordings.audio import RATE, read_wav, strength, tone, write_interrupted, write_wav

pytestmark = pytest.mark.slow


@pytest.fixture
def sides(tmp_path: Path) -> list[Path]:
    return [tmp_path / "rec-caller.wav", tmp_path / "rec-agent.wav"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "2026" / "11" / "23" / "rec.wav"


def test_caller_is_left_and_agent_is_right(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 2))
    write_wav(sides[1], tone(1000, 2))
    sealed = sealing.seal(sides, target)
    left, right = read_wav(target).T
    assert strength(left, 440) == pytest.approx(0.5, abs=0.01)
    assert strength(right, 1000) == pytest.approx(0.5, abs=0.01)
    assert strength(left, 1000) < 0.001
    assert strength(right, 440) < 0.001
    assert (sealed.duration_ms, sealed.sample_rate, sealed.channels, sealed.gap_ms) == (2000, RATE, 2, 0)
    assert sealed.complete
    assert sealed.notes == []


def test_every_sample_survives_across_blocks(sides: list[Path], target: Path) -> None:
    noise = np.random.default_rng(1).integers(-32768, 32767, size=(200_003, 2), dtype=np.int16)
    write_wav(sides[0], noise[:, 0])
    write_wav(sides[1], noise[:, 1])
    sealing.seal(sides, target)
    assert np.array_equal(read_wav(target), noise)


def test_checksum_and_size_are_those_of_the_closed_file(sides: list[Path], target: Path) -> None:
    for path in sides:
        write_wav(path, tone(440, 1))
    sealed = sealing.seal(sides, target)
    content = target.read_bytes()
    assert sealed.sha256 == hashlib.sha256(content).hexdigest()
    assert sealed.bytes == len(content) == 44 + RATE * 2 * 2
    assert not list(target.parent.glob("*.part"))


def test_the_shorter_side_is_followed_by_silence(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 3))
    write_wav(sides[1], tone(1000, 1))
    sealed = sealing.seal(sides, target)
    right = read_wav(target)[:, 1]
    assert not right[RATE:].any()
    assert (sealed.duration_ms, sealed.gap_ms) == (3000, 2000)
    assert sealed.notes == ["one side is 2000 ms shorter; filled with silence"]


def test_a_packet_of_difference_is_not_worth_a_note(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 1.02))
    write_wav(sides[1], tone(1000, 1))
    sealed = sealing.seal(sides, target)
    assert (sealed.gap_ms, sealed.notes) == (20, [])


@pytest.mark.parametrize("stray_byte", [False, True])
def test_a_side_that_was_not_closed_is_mended_from_its_size(sides: list[Path], target: Path, stray_byte: bool) -> None:
    write_interrupted(sides[0], tone(440, 2), stray_byte=stray_byte)
    write_wav(sides[1], tone(1000, 2))
    sealed = sealing.seal(sides, target)
    assert sealed.duration_ms == 2000
    assert strength(read_wav(target)[:, 0], 440) == pytest.approx(0.5, abs=0.01)
    assert not sealed.complete
    assert sealed.notes == ["caller: the file was not closed; its length was taken from its size"]


def test_a_side_cut_short_of_its_header_is_mended(sides: list[Path], target: Path) -> None:
    for path in sides:
        write_wav(path, tone(440, 2))
    os.truncate(sides[1], 44 + RATE * 2)
    sealed = sealing.seal(sides, target)
    assert (sealed.duration_ms, sealed.gap_ms, sealed.complete) == (2000, 1000, False)


@pytest.mark.parametrize("content", [None, b"", b"RIFF", "header"])
def test_a_side_without_audio_is_silence_and_noted(
    sides: list[Path], target: Path, content: bytes | str | None
) -> None:
    write_wav(sides[0], tone(440, 1))
    if content == "header":
        write_interrupted(sides[1], tone(440, 0))
    elif isinstance(content, bytes):
        sides[1].write_bytes(content)
    sealed = sealing.seal(sides, target)
    assert not read_wav(target)[:, 1].any()
    assert not sealed.complete
    assert sealed.notes == ["agent: no audio"]


@pytest.mark.parametrize("missing", [True, False])
def test_nothing_recorded_leaves_no_file(sides: list[Path], target: Path, missing: bool) -> None:
    if not missing:
        for path in sides:
            write_wav(path, tone(440, 0))
    with pytest.raises(sealing.NothingRecorded) as refused:
        sealing.seal(sides, target)
    assert refused.value.missing is missing
    assert not target.exists()


def test_one_voice_stays_mono(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 1))
    sealed = sealing.seal(sides[:1], target)
    assert (sealed.channels, read_wav(target).shape) == (1, (RATE, 1))


def test_file_that_is_no_wav_is_refused(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 1))
    sides[1].write_bytes(b"<html>" * 100)
    with pytest.raises(UnreadableSide, match=r"rec-agent\.wav: not a WAV file"):
        sealing.seal(sides, target)


def test_a_link_in_the_spool_is_not_followed(sides: list[Path], target: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav", tone(440, 1))
    sides[0].symlink_to(tmp_path / "secret.wav")
    with pytest.raises(UnreadableSide):
        sealing.seal(sides, target)


def test_different_rates_are_refused(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], tone(440, 1))
    write_wav(sides[1], tone(440, 1), rate=16000)
    with pytest.raises(UnreadableSide, match="different sample rates"):
        sealing.seal(sides, target)


def test_peaks_show_the_loud_stretches(sides: list[Path], target: Path) -> None:
    write_wav(sides[0], np.concatenate([tone(440, 1, loudness=0.9), tone(440, 1, loudness=0.0)]))
    write_wav(sides[1], np.concatenate([tone(440, 1, loudness=0.0), tone(440, 1, loudness=0.3)]))
    sealing.seal(sides, target)
    peaks = sealing.load_peaks(target)
    assert (peaks.duration_ms, peaks.milliseconds_per_peak) == (2000, 50)
    assert peaks.channels[0] == pytest.approx([0.9] * 20 + [0.0] * 20, abs=0.01)
    assert peaks.channels[1] == pytest.approx([0.0] * 20 + [0.3] * 20, abs=0.01)


def test_lost_peaks_are_computed_again(sides: list[Path], target: Path) -> None:
    for path in sides:
        write_wav(path, tone(440, 3))
    sealing.seal(sides, target)
    before = sealing.load_peaks(target)
    sealing.peaks_path(target).unlink()
    assert sealing.load_peaks(target) == before
    assert sealing.peaks_path(target).exists()


def test_a_file_that_may_not_grow_leaves_the_sides_and_no_half_file(sides: list[Path], target: Path) -> None:
    """Limit of a file's size in a process, like a full disk."""
    for path in sides:
        write_wav(path, tone(440, 5))
    before = [path.read_bytes() for path in sides]
    program = (
        "import resource, sys; from pathlib import Path; from recordings import sealing\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: sealing.seal([Path(sys.argv[1]), Path(sys.argv[2])], Path(sys.argv[3]))\n"
        "except OSError as error: print('refused', error.errno)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, [*sides, target])], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("refused")
    assert list(target.parent.iterdir()) == []
    assert [path.read_bytes() for path in sides] == before


def test_waits_until_the_writer_has_closed_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rec-caller.wav"
    with path.open("wb") as writer:
        writer.write(b"RIFF")
        with pytest.raises(sealing.StillWritten):
            sealing.wait_until_closed([path], seconds=0.1)
    sealing.wait_until_closed([path], seconds=0)


@pytest.mark.parametrize(
    ("seconds_of_voice", "loudness", "silent"), [(0, 0.5, True), (0.2, 0.5, True), (0.8, 0.5, False), (3, 0.005, True)]
)
def test_message_without_a_voice_is_silent(
    sides: list[Path], target: Path, seconds_of_voice: float, loudness: float, silent: bool
) -> None:
    """The beep's echo and the noise of the line are no voice."""
    voice = tone(440, seconds_of_voice, loudness=loudness)
    write_wav(sides[0], np.concatenate([np.zeros(3 * RATE, dtype=np.int16), voice]))
    assert sealing.seal(sides[:1], target).silent is silent
