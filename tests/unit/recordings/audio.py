"""Audio for tests: tones that differ by ear and by number."""

import struct
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000


def tone(hertz: float, seconds: float, *, loudness: float = 0.5) -> NDArray[np.int16]:
    """A sine."""
    times = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * times) * loudness * 32767).astype(np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], *, rate: int = RATE) -> None:
    """A mono WAV as Asterisk closes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def write_interrupted(path: Path, samples: NDArray[np.int16], *, stray_byte: bool = False) -> None:
    """Write a mono WAV as a killed Asterisk leaves it.

    The header from the start still has the length 0.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, b"data", 0
    )
    path.write_bytes(header + samples.tobytes() + (b"\x01" if stray_byte else b""))


def read_wav(path: Path) -> NDArray[np.int16]:
    """Samples by frame and channel."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples.reshape(-1, file.getnchannels())


def strength(samples: NDArray[np.int16], hertz: float) -> float:
    """Return the share of a tone in a channel.

    About its loudness; 0 where it is absent.
    """
    times = np.arange(len(samples)) / RATE
    return float(2 * np.abs(np.mean(samples / 32767 * np.exp(-2j * np.pi * hertz * times))))
