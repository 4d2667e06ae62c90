"""G.711, levels and tones of simulated phones."""

from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import cast

import numpy
import soundfile
from numpy.typing import NDArray

Samples = NDArray[numpy.int16]
"""Linear 16-bit mono at 8 kHz."""

RATE = 8000
FRAME = 160
"""Samples in 20 ms, one RTP packet."""
SILENCE_LEVEL = -96.0
PIECE = 2000
"""Samples of a spoken text that are looked for at a time."""
PAUSE_LEVEL = -44.0
"""A quieter piece is a pause between words, and says nothing."""
SAME = 0.9
"""Normalised correlation of the same piece of speech over G.711; of another syllable it is up to 0.9, mostly 0.5."""


class Codec(IntEnum):
    """The two G.711 laws by their static RTP payload type."""

    PCMU = 0
    PCMA = 8


def decode(codec: Codec, payload: bytes) -> Samples:
    """One packet's payload as samples."""
    return _DECODED[codec][numpy.frombuffer(payload, dtype=numpy.uint8)]


def encode(codec: Codec, samples: Samples) -> bytes:
    """Encode samples as one packet's payload, by the nearest codeword."""
    return bytes(_ENCODED[codec][samples.astype(numpy.int32) + 32768])


def level(samples: Samples) -> float:
    """Return the RMS in dB below full scale.

    -96 for digital silence or nothing at all.
    """
    if samples.size == 0:
        return SILENCE_LEVEL
    power = float(numpy.mean(samples.astype(numpy.float64) ** 2))
    return max(SILENCE_LEVEL, 10 * numpy.log10(power / 32768.0**2)) if power > 0 else SILENCE_LEVEL


def parts(samples: Samples, seconds: float) -> Iterator[Samples]:
    """Yield overlapping parts of so many seconds, the last one first."""
    size = max(1, round(seconds * RATE))
    for start in range(max(0, samples.size - size), -1, -max(1, size // 4)):
        yield samples[start : start + size]


def longest_silence(samples: Samples, quiet: float = -60.0) -> float:
    """Return the longest quiet stretch in seconds, to 20 ms."""
    longest = present = 0
    for start in range(0, samples.size, FRAME):
        present = present + 1 if level(samples[start : start + FRAME]) < quiet else 0
        longest = max(longest, present)
    return longest * FRAME / RATE


def tone(frequency: float, seconds: float, amplitude: float = 8000.0) -> Samples:
    """Return a sine that the other end can recognise.

    A second of a whole frequency is repeated: to compute minutes of it would hold a phone up for half a second.
    """
    whole = round(seconds * RATE)
    times = numpy.arange(RATE if frequency == int(frequency) else whole) / RATE
    sine = (amplitude * numpy.sin(2 * numpy.pi * frequency * times)).astype(numpy.int16)
    return cast("Samples", numpy.resize(sine, whole))


def tone_share(samples: Samples, frequency: float) -> float:
    """Return the energy's share within 25 Hz of a frequency.

    1.0 for the tone alone, about 0 without it.
    """
    spectrum = numpy.abs(numpy.fft.rfft(samples.astype(numpy.float64))) ** 2
    total = float(spectrum.sum())
    if total == 0.0:
        return 0.0
    frequencies = numpy.fft.rfftfreq(samples.size, 1 / RATE)
    return float(spectrum[numpy.abs(frequencies - frequency) <= 25].sum()) / total


def said(heard: Samples, words: Samples) -> float:
    """Return the share of some words that was heard.

    1.0 for all of them, whatever came before and after.

    They are looked for a quarter of a second at a time, since packets that came late tear a sound apart.
    """
    sound = heard.astype(numpy.float64)
    if sound.size <= PIECE:
        return 0.0
    size = 1 << (sound.size + PIECE).bit_length()
    spectrum = numpy.fft.rfft(sound, size)
    sums = numpy.concatenate(([0.0], numpy.cumsum(sound**2)))
    energy = numpy.maximum(sums[PIECE:] - sums[:-PIECE], 1.0)
    likenesses = []
    for start in range(0, words.size - PIECE + 1, PIECE):
        piece = words[start : start + PIECE].astype(numpy.float64)
        if level(words[start : start + PIECE]) > PAUSE_LEVEL:
            matched = numpy.fft.irfft(spectrum * numpy.conj(numpy.fft.rfft(piece, size)), size)[: energy.size]
            likenesses.append(float((matched / numpy.sqrt(energy * numpy.sum(piece**2))).max()))
    return sum(likeness > SAME for likeness in likenesses) / len(likenesses)


def begins_at(heard: Samples, words: Samples) -> float | None:
    """Return the second at which these words begin in what was heard.

    Only their first half second is looked for; None where it is not there.
    """
    piece = words[_first_loud(words) :][: 2 * PIECE].astype(numpy.float64)
    sound = heard.astype(numpy.float64)
    if sound.size <= piece.size:
        return None
    size = 1 << (sound.size + piece.size).bit_length()
    products = numpy.fft.irfft(numpy.fft.rfft(sound, size) * numpy.conj(numpy.fft.rfft(piece, size)), size)
    sums = numpy.concatenate(([0.0], numpy.cumsum(sound**2)))
    energy = numpy.maximum(sums[piece.size :] - sums[: -piece.size], 1.0)
    likeness = products[: energy.size] / numpy.sqrt(energy * numpy.sum(piece**2))
    place = int(likeness.argmax())
    return place / RATE if likeness[place] > SAME else None


def _first_loud(words: Samples) -> int:
    return next(
        (at for at in range(0, words.size, FRAME) if level(words[at : at + FRAME]) > PAUSE_LEVEL),
        0,
    )


def load(path: Path) -> Samples:
    """Return a sound file as 8 kHz mono."""
    sound, rate = soundfile.read(path, dtype="int16", always_2d=True)
    mono = sound.mean(axis=1)
    if rate != RATE:
        wanted = numpy.arange(round(mono.size * RATE / rate)) * rate / RATE
        mono = numpy.interp(wanted, numpy.arange(mono.size), mono)
    return cast("Samples", mono.astype(numpy.int16))


def _decoded_ulaw(codeword: int) -> int:
    inverted = ~codeword & 0xFF
    magnitude = ((((inverted & 0x0F) << 3) + 0x84) << ((inverted >> 4) & 0x07)) - 0x84
    return -magnitude if inverted & 0x80 else magnitude


def _decoded_alaw(codeword: int) -> int:
    toggled = codeword ^ 0x55
    exponent, mantissa = (toggled >> 4) & 0x07, (toggled & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return magnitude if toggled & 0x80 else -magnitude


def _encoding(decoded: Samples) -> NDArray[numpy.uint8]:
    """For every possible sample the codeword with the nearest value."""
    order = numpy.argsort(decoded, kind="stable")
    values = decoded[order].astype(numpy.int32)
    borders = (values[1:] + values[:-1]) / 2
    return order[numpy.searchsorted(borders, numpy.arange(-32768, 32768))].astype(numpy.uint8)


_DECODED = {
    Codec.PCMU: numpy.array([_decoded_ulaw(codeword) for codeword in range(256)], dtype=numpy.int16),
    Codec.PCMA: numpy.array([_decoded_alaw(codeword) for codeword in range(256)], dtype=numpy.int16),
}
_ENCODED = {codec: _encoding(decoded) for codec, decoded in _DECODED.items()}
