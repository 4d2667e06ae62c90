"""Sound of a phone after G.711, and how tones are recognised."""

from pathlib import Path

import numpy
import pytest
import soundfile

from tests.phones.sound import RATE, Codec, decode, encode, level, load, said, tone, tone_share
from tests.words import words


@pytest.mark.parametrize("codec", list(Codec))
def test_every_codeword_is_its_own_best_encoding(codec: Codec) -> None:
    codewords = bytes(range(256))
    samples = decode(codec, codewords)
    assert (decode(codec, encode(codec, samples)) == samples).all()


@pytest.mark.parametrize(("codec", "subtype"), [(Codec.PCMU, "ULAW"), (Codec.PCMA, "ALAW")])
def test_another_implementation_reads_the_same(codec: Codec, subtype: str, tmp_path: Path) -> None:
    spoken = tone(440, 1)
    (tmp_path / "said.raw").write_bytes(encode(codec, spoken))
    heard, _ = soundfile.read(
        tmp_path / "said.raw", format="RAW", subtype=subtype, samplerate=RATE, channels=1, dtype="int16"
    )
    assert (heard == decode(codec, encode(codec, spoken))).all()
    assert numpy.abs(heard.astype(int) - spoken).max() < 400


def test_levels_and_tones() -> None:
    silence = numpy.zeros(RATE, dtype=numpy.int16)
    assert level(silence) == -96.0
    assert level(tone(1000, 1, amplitude=32767)) == pytest.approx(-3.0, abs=0.1)
    assert tone_share(silence, 1000) == 0.0
    assert tone_share(tone(1000, 1), 1000) > 0.99
    assert tone_share(tone(440, 1), 1000) < 0.01
    assert tone_share(tone(440, 1) + tone(1000, 1), 1000) == pytest.approx(0.5, abs=0.01)


def test_a_file_of_any_rate_and_channels_becomes_eight_kilohertz(tmp_path: Path) -> None:
    times = numpy.arange(22050) / 22050
    left = 0.5 * numpy.sin(2 * numpy.pi * 600 * times)
    soundfile.write(tmp_path / "stereo.wav", numpy.stack([left, left], axis=1), 22050)
    loaded = load(tmp_path / "stereo.wav")
    assert loaded.size == RATE
    assert tone_share(loaded, 600) > 0.99


async def test_words_are_known_from_those_that_are_nearly_the_same() -> None:
    """Change one syllable of ten, over G.711, after a tone."""
    first, second = [await words("queue_position", queue={"position": place}) for place in (1, 2)]
    heard = numpy.concatenate((tone(440, 0.7), decode(Codec.PCMU, encode(Codec.PCMU, first))))
    assert said(heard, first) == 1.0
    assert said(heard, second) < 0.6
    assert said(heard[: heard.size // 2], first) < 0.6
    assert said(tone(440, 5.0), first) == 0.0
