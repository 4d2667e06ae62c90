"""Joining of a call's sides into one closed file with a checksum.

Runs in a thread: it reads and writes in blocks, and numpy, hashlib and the disk all leave the interpreter free.
"""

import hashlib
import os
import struct
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog
from numpy.typing import NDArray

from recordings.errors import UnreadableSide
from recordings.model import Peaks
from recordings.storage import still_written

BYTES_PER_SAMPLE = 2
TOLERATED_GAP_MS = 500
"""Sides differ by a packet or two in any healthy call; more than this is noted."""
CLOSING_SECONDS = 5.0
_CLOSING_POLL_SECONDS = 0.02
_BLOCK_FRAMES = 65536
VOICE_PEAK = 0.02
"""Loudest sample of a stretch with a voice; the noise of a line stays below."""
SHORTEST_VOICE_MS = 400
"""All stretches with a voice together; the echo of the beep is shorter."""
_PEAKS_PER_SECOND = 20
_MOST_PEAKS = 6000
_RIFF = struct.Struct("<4sI4s")
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_PCM = 1

Samples = NDArray[np.int16]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SideFile:
    """One side as found in the spool."""

    path: Path
    offset: int
    """Where the samples begin."""
    frames: int
    sample_rate: int
    finalised: bool
    """True: the writer closed the file, so that its header has the length."""


@dataclass(frozen=True)
class SealedFile:
    """Facts of a sealed file."""

    duration_ms: int
    sample_rate: int
    channels: int
    bytes: int
    sha256: str
    gap_ms: int
    complete: bool
    notes: list[str] = field(default_factory=list)
    silent: bool = False
    """No voice is heard."""


class NothingRecorded(Exception):
    """Neither side has a sample.

    `missing`: there is not even a file.
    """

    def __init__(self, *, missing: bool) -> None:
        super().__init__("no file was written" if missing else "the files hold no audio")
        self.missing = missing


class StillWritten(Exception):
    """A side's file is open for writing and cannot be sealed yet."""


def wait_until_closed(paths: Sequence[Path], *, seconds: float = CLOSING_SECONDS) -> None:
    """Wait until Asterisk has closed the files.

    It does so a moment after it says that recording stopped.

    Raises:
        StillWritten: it still has not.
    """
    deadline = time.monotonic() + seconds
    while any(still_written(path) for path in paths):
        if time.monotonic() >= deadline:
            raise StillWritten
        time.sleep(_CLOSING_POLL_SECONDS)


def inspect_side(path: Path) -> SideFile | None:
    """Inspect a spool file; None where it has no sample.

    A header without a length (the writer was killed) is completed from the file's size.

    Raises:
        UnreadableSide: it is a link, or not a mono 16-bit PCM WAV.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableSide(f"{path.name}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _RIFF.size + _CHUNK.size:
            return None
        return _read_header(file, path, size)


def seal(sides: Sequence[Path], target: Path) -> SealedFile:
    """Join the sides into `target`, which appears whole or not at all.

    Left first; a single side stays mono.

    The sides are left in place: they are deleted once the entry is stored.

    Raises:
        NothingRecorded: no side has a sample.
        UnreadableSide: a side cannot be read, or the sides' rates differ.
        OSError: the disk is full or refuses.
    """
    found = [inspect_side(path) for path in sides]
    present = [side for side in found if side is not None]
    if not any(side.frames for side in present):
        raise NothingRecorded(missing=not any(path.exists() for path in sides))
    rates = {side.sample_rate for side in present}
    if len(rates) > 1:
        raise UnreadableSide(f"the sides have different sample rates: {sorted(rates)}")
    (rate,) = rates
    frames = max(side.frames for side in present)
    peaks = _write_joined(found, target, frames, rate)
    write_whole(peaks_path(target), peaks.model_dump_json().encode())
    gap_ms = (frames - min(side.frames if side else 0 for side in found)) * 1000 // rate
    notes = _notes(sides, found, gap_ms)
    return SealedFile(
        duration_ms=frames * 1000 // rate,
        sample_rate=rate,
        channels=len(sides),
        bytes=target.stat().st_size,
        sha256=checksum(target),
        gap_ms=gap_ms,
        complete=all(side is not None and side.frames and side.finalised for side in found),
        notes=notes,
        silent=is_silent(peaks),
    )


def is_silent(peaks: Peaks) -> bool:
    """Tell whether a voice is heard nowhere, only noise or a beep."""
    least = SHORTEST_VOICE_MS / peaks.milliseconds_per_peak
    return all(sum(peak >= VOICE_PEAK for peak in channel) < least for channel in peaks.channels)


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return checksum_of(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))


def checksum_of(descriptor: int) -> str:
    """Return the SHA-256 of an opened file's bytes; close the descriptor."""
    with os.fdopen(descriptor, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peaks_path(target: Path) -> Path:
    """Return the path of a sealed file's waveform."""
    return target.with_suffix(".peaks.json")


def load_peaks(target: Path) -> Peaks:
    """Return the waveform of a sealed file.

    As stored; else it is computed from the audio and stored again.

    Raises:
        OSError: the audio cannot be read.
        UnreadableSide: the audio is no WAV.
    """
    try:
        return Peaks.model_validate_json(peaks_path(target).read_bytes())
    except (OSError, ValueError):
        peaks = _peaks_from_audio(target)
    try:
        write_whole(peaks_path(target), peaks.model_dump_json().encode())
    except OSError as error:
        # A full disk does not stop listening; the waveform is computed again next time.
        _log.warning("peaks_not_stored", file=target.name, error=error.strerror)
    return peaks


def write_whole(target: Path, content: bytes) -> None:
    """Write a small file; it appears whole or not at all."""
    part = _part(target)
    try:
        with _create(part) as file:
            file.write(content)
            _settle(file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _read_header(file: BinaryIO, path: Path, size: int) -> SideFile | None:
    magic, _, form = _RIFF.unpack(file.read(_RIFF.size))
    if (magic, form) != (b"RIFF", b"WAVE"):
        raise UnreadableSide(f"{path.name}: not a WAV file")
    rate: int | None = None
    while len(header := file.read(_CHUNK.size)) == _CHUNK.size:
        name, length = _CHUNK.unpack(header)
        if name == b"fmt ":
            rate = _sample_rate(file.read(length), path)
        elif name == b"data":
            if rate is None:
                break
            return _side(path, file.tell(), length, size, rate)
        else:
            file.seek(length + length % 2, os.SEEK_CUR)
    if rate is None:
        raise UnreadableSide(f"{path.name}: the header names no format")
    return None


def _sample_rate(chunk: bytes, path: Path) -> int:
    if len(chunk) < _FORMAT.size:
        raise UnreadableSide(f"{path.name}: the header breaks off")
    kind, channels, rate, _, _, bits = _FORMAT.unpack(chunk[: _FORMAT.size])
    if (kind, channels, bits) != (_PCM, 1, 8 * BYTES_PER_SAMPLE) or not rate:
        raise UnreadableSide(f"{path.name}: not mono 16-bit PCM (format {kind}, {channels} channels, {bits} bits)")
    return int(rate)


def _side(path: Path, offset: int, declared: int, size: int, rate: int) -> SideFile:
    present = size - offset
    # The writer counts what it wrote when it closes the file, and pads it to an even length.
    finalised = declared > 0 and present - declared in {0, 1}
    usable = declared if finalised else present
    return SideFile(path, offset, usable // BYTES_PER_SAMPLE, rate, finalised or present == declared == 0)


def _notes(sides: Sequence[Path], found: Sequence[SideFile | None], gap_ms: int) -> list[str]:
    notes = []
    for path, side in zip(sides, found, strict=True):
        who = path.stem.rpartition("-")[2]
        if side is None or not side.frames:
            notes.append(f"{who}: no audio")
        elif not side.finalised:
            notes.append(f"{who}: the file was not closed; its length was taken from its size")
    if gap_ms > TOLERATED_GAP_MS and all(side is not None and side.frames for side in found):
        notes.append(f"one side is {gap_ms} ms shorter; filled with silence")
    return notes


def _write_joined(found: Sequence[SideFile | None], target: Path, frames: int, rate: int) -> Peaks:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(target)
    collected = _PeakCollector(frames, rate, len(found))
    try:
        with _create(part) as file:
            with wave.open(file, "wb") as output:
                output.setnchannels(len(found))
                output.setsampwidth(BYTES_PER_SAMPLE)
                output.setframerate(rate)
                output.setnframes(frames)
                for start in range(0, frames, collected.block_frames):
                    block = _block(found, start, min(collected.block_frames, frames - start))
                    output.writeframesraw(block.tobytes())
                    collected.add(block)
            _settle(file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return collected.peaks()


def _block(found: Sequence[SideFile | None], start: int, length: int) -> Samples:
    block = np.zeros((length, len(found)), dtype="<i2")
    for channel, side in enumerate(found):
        count = min(length, side.frames - start) if side is not None else 0
        if side is not None and count > 0:
            samples = np.fromfile(side.path, dtype="<i2", count=count, offset=side.offset + start * BYTES_PER_SAMPLE)
            block[: len(samples), channel] = samples
    return block


class _PeakCollector:
    """Collector of the loudest sample of every stretch."""

    def __init__(self, frames: int, rate: int, channels: int) -> None:
        self._stretch = max(1, rate // _PEAKS_PER_SECOND, -(-frames // _MOST_PEAKS))
        self._frames = frames
        self._rate = rate
        self._channels: list[list[float]] = [[] for _ in range(channels)]
        # Whole stretches per block, so that no stretch spans two blocks.
        self.block_frames = self._stretch * max(1, _BLOCK_FRAMES // self._stretch)

    def add(self, block: Samples) -> None:
        starts = np.arange(0, len(block), self._stretch)
        loudest = np.maximum.reduceat(np.abs(block.astype(np.int32)), starts, axis=0) / 32768
        for channel, values in enumerate(np.round(loudest, 3).T.tolist()):
            self._channels[channel].extend(values)

    def peaks(self) -> Peaks:
        return Peaks(
            duration_ms=self._frames * 1000 // self._rate,
            milliseconds_per_peak=self._stretch * 1000 / self._rate,
            channels=self._channels,
        )


def _peaks_from_audio(target: Path) -> Peaks:
    try:
        with target.open("rb") as file, wave.open(file, "rb") as audio:
            channels = audio.getnchannels()
            collected = _PeakCollector(audio.getnframes(), audio.getframerate(), channels)
            while block := audio.readframes(collected.block_frames):
                collected.add(np.frombuffer(block, dtype="<i2").reshape(-1, channels))
            return collected.peaks()
    except (wave.Error, EOFError, ValueError) as error:
        raise UnreadableSide(f"{target.name}: {error or 'it breaks off'}") from error


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.{os.getpid()}-{time.monotonic_ns()}.part")


def _create(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o640), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def delete(paths: Sequence[Path]) -> None:
    """Delete files.

    One that cannot be deleted is logged, and the others go all the same.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("file_not_deleted", file=path.name, error=error.strerror)
