"""Sound of an operator's recorded prompt: read, measured, converted."""

import io
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 8000
LONGEST_S = 180.0
SHORTEST_S = 0.1
BIGGEST_BYTES = 200_000_000
SILENT_DB = -50.0
"""A quieter frame is silence: the noise of a quiet office, recorded well, is below it."""
SPEECH_BELOW_LOUDEST_DB = 25.0
"""Frames this much below the loudest one are pauses between words."""
QUIET_DB = -38.0
TARGET_DB = -18.0
HIGHEST_PEAK_DB = -3.0
"""Level of speech, and highest peak: those of the synthetic voice, so that both sound equally loud."""
MOST_CLIPPED = 0.001
"""Share of clipped samples that is heard as distortion."""
FULL_SCALE, NEAR_FULL_SCALE = 0.999, 0.9
LONGEST_PAUSE_S = 2.0
LONGEST_EDGE_S = 1.0
KEPT_EDGE_S = 0.3
"""Silence that stays at the beginning and the end, where there was more than `LONGEST_EDGE_S`."""
PASSED_HZ, STOPPED_HZ = 3600.0, 4000.0
FRAME_S = 0.02
BLOCK = 1 << 16
UNKNOWN_LENGTH = 0x7FFF0000
"""A program that wrote into a pipe claims at least this many bytes: the file goes on to its end."""

Sound = NDArray[np.float32]


class UnusableSound(Exception):
    """The file cannot be played to callers."""


@dataclass(frozen=True)
class RecordedSound:
    """One channel of sound, with remarks on its quality."""

    sound: Sound
    rate_hz: int
    remarks: list[str] = field(default_factory=list)

    def converted(self) -> bytes:
        """Return the WAV file that Asterisk plays: 16 bits, mono, 8 kHz."""
        sound = _without_long_edges(self.sound, self.rate_hz)
        if self.rate_hz != RATE_HZ:
            sound = _resampled(sound, self.rate_hz)
        gain_db = min(TARGET_DB - _speech_level(_frame_levels(sound, RATE_HZ)), HIGHEST_PEAK_DB - _peak_db(sound))
        loud = sound * np.float32(10 ** (gain_db / 20))
        written = io.BytesIO()
        soundfile.write(written, np.rint(loud * 32767).astype(np.int16), RATE_HZ, format="WAV", subtype="PCM_16")
        return written.getvalue()


def read_sound(path: Path) -> RecordedSound:
    """Read and measure a recorded file of any common format.

    Raises:
        UnusableSound: callers would hear nothing, or only a part of it.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnusableSound("the file is empty")
        if size > BIGGEST_BYTES:
            raise UnusableSound(f"the file is larger than {BIGGEST_BYTES // 1_000_000} MB")
        _require_whole_wav(path)
        sound, rate_hz, clipped = _read(path)
    except OSError as error:
        raise UnusableSound(f"it cannot be read: {error.strerror}") from error
    except soundfile.SoundFileError as error:
        raise UnusableSound("the file is damaged: not all of its sound can be read") from error
    return _measured(sound, rate_hz, clipped)


def _require_whole_wav(path: Path) -> None:
    """Refuse a WAV file that ends before its sound does."""
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] != b"RIFF" or start[8:12] != b"WAVE":
            return
        while len(header := file.read(8)) == 8:
            kind, claimed = struct.unpack("<4sI", header)
            begins = file.tell()
            there = file.seek(0, io.SEEK_END) - begins
            if kind == b"data":
                if there < claimed < UNKNOWN_LENGTH:
                    raise UnusableSound(f"the file is cut: {there} of {claimed} bytes of sound are there")
                return
            file.seek(begins + claimed + claimed % 2)


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except soundfile.SoundFileError as error:
        raise UnusableSound("it is not a WAV, FLAC, MP3 or OGG file, despite its name") from error


def _read(path: Path) -> tuple[Sound, int, float]:
    """Return the sound as one channel, its rate, its clipped share."""
    parts: list[Sound] = []
    clipped = samples = 0
    with _opened(path) as file:
        rate_hz: int = file.samplerate
        has_headroom = file.subtype in {"FLOAT", "DOUBLE"}
        while (block := file.read(BLOCK, dtype="float32", always_2d=True)).size:
            if not np.isfinite(block).all():
                raise UnusableSound("it holds numbers that are no sound")
            clipped += _clipped(block, full_scale=math.inf if has_headroom else FULL_SCALE)
            samples += block.size
            parts.append(block.mean(axis=1, dtype=np.float32))
            if len(parts) * BLOCK > (LONGEST_S * rate_hz) + BLOCK:
                break
        # The length of an MP3 is an estimate.
        announced = file.frames if file.format != "MP3" else 0
    read = sum(part.size for part in parts)
    if read == 0:
        raise UnusableSound("it holds no sound")
    if read < min(announced, LONGEST_S * rate_hz):
        raise UnusableSound(f"the file is cut: {read / rate_hz:.1f} of {announced / rate_hz:.1f} s are there")
    return np.concatenate(parts), rate_hz, clipped / samples


def _clipped(block: Sound, full_scale: float) -> int:
    """Count samples at full scale, or on a flat top near it."""
    loud = np.abs(block)
    clipped = loud >= full_scale
    clipped[1:] |= (block[1:] == block[:-1]) & (loud[1:] > NEAR_FULL_SCALE)
    return int(np.count_nonzero(clipped))


def _measured(sound: Sound, rate_hz: int, clipped: float) -> RecordedSound:
    seconds = sound.size / rate_hz
    if seconds < SHORTEST_S:
        raise UnusableSound(f"it is shorter than {SHORTEST_S} s")
    if seconds > LONGEST_S:
        raise UnusableSound(f"it is longer than {LONGEST_S:.0f} s")
    levels = _frame_levels(sound, rate_hz)
    if levels.max() < SILENT_DB:
        raise UnusableSound(f"it is silent: its loudest moment has {levels.max():.0f} dB")
    remarks = []
    if clipped > MOST_CLIPPED:
        remarks.append(f"it is clipped: {clipped:.1%} of it is at full scale, which sounds distorted; record it again")
    speech_db = _speech_level(levels)
    if speech_db < QUIET_DB:
        remarks.append(f"it is quiet: {speech_db:.0f} dB, raised to about {TARGET_DB:.0f} dB together with its noise")
    audible = np.flatnonzero(levels >= SILENT_DB)
    before_s, after_s = audible[0] * FRAME_S, (levels.size - 1 - audible[-1]) * FRAME_S
    if max(before_s, after_s) > LONGEST_EDGE_S:
        remarks.append(f"{before_s:.1f} s of silence before it and {after_s:.1f} s after it are shortened")
    pause_s = (np.diff(audible).max(initial=1) - 1) * FRAME_S
    if pause_s > LONGEST_PAUSE_S:
        remarks.append(f"it has a pause of {pause_s:.1f} s: callers believe that the line is dead after 2 s")
    return RecordedSound(sound, rate_hz, remarks)


def _without_long_edges(sound: Sound, rate_hz: int) -> Sound:
    audible = np.flatnonzero(_frame_levels(sound, rate_hz) >= SILENT_DB)
    frame = _frame(rate_hz)
    kept, longest = round(KEPT_EDGE_S * rate_hz), round(LONGEST_EDGE_S * rate_hz)
    begins, ends = int(audible[0]) * frame, (int(audible[-1]) + 1) * frame
    if begins > longest:
        sound, ends = sound[begins - kept :], ends - begins + kept
    return sound[: ends + kept] if sound.size - ends > longest else sound


def _resampled(sound: Sound, rate_hz: int) -> Sound:
    """Return the sound at 8 kHz, without higher frequencies."""
    margin = rate_hz // 10
    # A whole number of output samples, or the pitch would change.
    margin += -(sound.size + margin) % (rate_hz // math.gcd(rate_hz, RATE_HZ))
    padded = np.concatenate([sound, np.zeros(margin, dtype=np.float32)])
    size = padded.size * RATE_HZ // rate_hz
    spectrum = np.fft.rfft(padded)
    frequencies = np.arange(spectrum.size) * (rate_hz / padded.size)
    spectrum *= np.clip((STOPPED_HZ - frequencies) / (STOPPED_HZ - PASSED_HZ), 0.0, 1.0)
    resampled = np.fft.irfft(_fitted(spectrum, size // 2 + 1), size) * (size / padded.size)
    return cast("Sound", resampled[: round(sound.size * RATE_HZ / rate_hz)].astype(np.float32))


def _fitted(spectrum: NDArray[np.complex128], size: int) -> NDArray[np.complex128]:
    fitted = np.zeros(size, dtype=np.complex128)
    fitted[: min(size, spectrum.size)] = spectrum[:size]
    return fitted


def _frame(rate_hz: int) -> int:
    return max(1, round(FRAME_S * rate_hz))


def _frame_levels(sound: Sound, rate_hz: int) -> NDArray[np.float64]:
    """Return the level of every 20 ms, in dB below full scale."""
    frame = _frame(rate_hz)
    whole = np.pad(sound, (0, -sound.size % frame)).reshape(-1, frame)
    power = np.mean(whole.astype(np.float64) ** 2, axis=1)
    return cast("NDArray[np.float64]", 10 * np.log10(np.maximum(power, 1e-10)))


def _speech_level(levels: NDArray[np.float64]) -> float:
    spoken = levels[levels > levels.max() - SPEECH_BELOW_LOUDEST_DB]
    return float(10 * np.log10(np.mean(10 ** (spoken / 10))))


def _peak_db(sound: Sound) -> float:
    return float(20 * np.log10(max(float(np.abs(sound).max()), 1e-5)))
