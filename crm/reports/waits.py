"""Counted waits that can be added up, and their percentiles. Pure.

A wait is counted in a bin. Up to a minute bins are 0.1 s long, beyond it 1 s; a wait of exactly so many tenths or
seconds has a bin of its own. So a limit in whole seconds splits them exactly, and a percentile is never too low, by
less than 0.1 s up to a minute, and by less than 1 s beyond.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

MINUTE_MS, FINE_MS, COARSE_MS = 60_000, 100, 1000
FINE_BINS = 2 * MINUTE_MS // FINE_MS

Counts = npt.NDArray[np.uint32]
"""Pairs of key and count; a key is three times the bin, and the end of the wait."""


class WaitEnd(IntEnum):
    """End of a wait."""

    ANSWERED = 0
    ABANDONED = 1
    OTHER = 2


@dataclass(frozen=True)
class Limits:
    """Limits of the service level, in seconds."""

    within_s: int
    short_s: int


def key_of(wait_ms: int, end: WaitEnd) -> int:
    """Return the key under which a wait is counted."""
    return len(WaitEnd) * bin_of(wait_ms) + end


def bin_of(wait_ms: int) -> int:
    """Return the bin of a wait."""
    if wait_ms <= MINUTE_MS:
        whole, rest = divmod(wait_ms, FINE_MS)
        return 2 * whole + (rest > 0)
    whole, rest = divmod(wait_ms - MINUTE_MS, COARSE_MS)
    return FINE_BINS + 2 * whole + (rest > 0)


def longest_of(place: int) -> int:
    """Return the longest wait of a bin."""
    if place <= FINE_BINS:
        return (place + 1) // 2 * FINE_MS
    return MINUTE_MS + (place - FINE_BINS + 1) // 2 * COARSE_MS


def packed(counts: Mapping[int, int]) -> bytes:
    """Return counts by key, to be stored."""
    return np.array(sorted(counts.items()), dtype="<u4").tobytes()


def joined(stored: Iterable[bytes]) -> Counts:
    """Return the sum of stored counts, by rising key."""
    pairs = np.frombuffer(b"".join(stored), dtype="<u4").reshape(-1, 2)
    keys, places = np.unique(pairs[:, 0], return_inverse=True)
    sums = np.bincount(places, weights=pairs[:, 1], minlength=len(keys))
    return np.stack([keys, sums.astype(np.uint32)], axis=1)


def total_ms(counts: Counts) -> int:
    """Return the sum of waits, each as its bin's longest."""
    lengths = [longest_of(place) for place in (counts[:, 0] // len(WaitEnd)).tolist()]
    return int(np.dot(np.array(lengths, dtype=np.int64), counts[:, 1].astype(np.int64))) if lengths else 0


@dataclass(frozen=True)
class WaitFigures:
    """Figures of waits."""

    answered_in_15_s: int
    answered_in_20_s: int
    answered_within: int
    abandoned_within: int
    short_abandoned: int
    wait_p50_ms: int | None
    wait_p95_ms: int | None


def figures(counts: Counts, limits: Limits, longest_ms: int) -> WaitFigures:
    """Return the figures of counted waits, of which one was the longest.

    A bin's end may be beyond it; a percentile never is.
    """
    bins, ends = np.divmod(counts[:, 0], len(WaitEnd))
    numbers = counts[:, 1].astype(np.int64)
    by_end = [np.where(ends == end, numbers, 0).cumsum() for end in (WaitEnd.ANSWERED, WaitEnd.ABANDONED)]

    def up_to(end: WaitEnd, limit_ms: int, *, below: bool = False) -> int:
        place = int(np.searchsorted(bins, bin_of(limit_ms), side="left" if below else "right"))
        return int(by_end[end][place - 1]) if place else 0

    so_far = numbers.cumsum()

    def at(percent: int) -> int | None:
        if not len(so_far):
            return None
        rank = (int(so_far[-1]) * percent + 99) // 100
        return min(longest_of(int(bins[np.searchsorted(so_far, rank)])), longest_ms)

    within_ms = limits.within_s * 1000
    return WaitFigures(
        answered_in_15_s=up_to(WaitEnd.ANSWERED, 15_000),
        answered_in_20_s=up_to(WaitEnd.ANSWERED, 20_000),
        answered_within=up_to(WaitEnd.ANSWERED, within_ms),
        abandoned_within=up_to(WaitEnd.ABANDONED, within_ms),
        short_abandoned=up_to(WaitEnd.ABANDONED, limits.short_s * 1000, below=True),
        wait_p50_ms=at(50),
        wait_p95_ms=at(95),
    )
