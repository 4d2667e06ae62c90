"""Counted waits that can be added up, and their percentiles. Pure.

A wait is counted in a bin. Up to a minute bins are 0.1 s long, beyond it 1 s; a wait of exactly so many tenths or
seconds has a bin of its own. So a limit in whole seconds splits them exactly, and a percentile is never too low, by
less than 0.1 s up to a minute, and by less than 1 s beyond.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MINUTE_MS, FINE_MS, COARSE_MS = 60_000, 100, 1000
FINE_BINS = 2 * MINUTE_MS // FINE_MS
MOST_DENSE = 1 << 20
"""Keys below it are added up in place; a longer wait, of days, by sorting."""

Counts = npt.NDArray[np.uint32]
"""Pairs of key and count; a key is three times the bin, and the end of the wait."""
Numbers = npt.NDArray[np.int64]


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


def longest_of(bins: Numbers) -> Numbers:
    """Return the longest wait of each bin."""
    fine, coarse = (bins + 1) // 2 * FINE_MS, MINUTE_MS + (bins - FINE_BINS + 1) // 2 * COARSE_MS
    return np.where(bins <= FINE_BINS, fine, coarse)


def packed(counts: Mapping[int, int]) -> bytes:
    """Return counts by key, to be stored."""
    return np.array(sorted(counts.items()), dtype="<u4").tobytes()


def joined(stored: Iterable[bytes]) -> Counts:
    """Return the sum of stored counts, by rising key."""
    parts = list(stored)
    pairs = np.frombuffer(b"".join(parts), dtype="<u4").reshape(-1, 2)
    if len(parts) == 1:
        return pairs
    keys, numbers = pairs[:, 0], pairs[:, 1]
    if not len(keys) or keys.max() >= MOST_DENSE:
        keys, places = np.unique(keys, return_inverse=True)
        sums = np.bincount(places, weights=numbers, minlength=len(keys))
    else:
        dense = np.bincount(keys, weights=numbers)
        keys = np.flatnonzero(dense).astype(np.uint32)
        sums = dense[keys]
    return np.stack([keys, sums.astype(np.uint32)], axis=1)


def total_ms(counts: Counts) -> int:
    """Return the sum of waits, each as its bin's longest."""
    bins, numbers = (counts[:, 0] // len(WaitEnd)).astype(np.int64), counts[:, 1].astype(np.int64)
    return int(np.dot(longest_of(bins), numbers))


class WaitFigures(NamedTuple):
    """Figures of waits."""

    answered_in_15_s: int
    answered_in_20_s: int
    answered_within: int
    abandoned_within: int
    short_abandoned: int
    wait_p50_ms: int | None
    wait_p95_ms: int | None


def figures(lines: Sequence[Counts], limits: Limits, longest_ms: Sequence[int]) -> list[WaitFigures]:
    """Return the figures of each line's waits.

    A bin's end may be beyond the longest wait; a percentile never is. All lines are computed at once: a report has
    thousands.
    """
    pairs = np.concatenate([np.empty((0, 2), dtype="<u4"), *lines]).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), [len(counts) for counts in lines])
    (bins, ends), numbers = np.divmod(pairs[:, 0], len(WaitEnd)), pairs[:, 1]

    def added(numbers: Numbers, line: Numbers) -> Numbers:
        return np.bincount(line, weights=numbers, minlength=len(lines)).astype(np.int64)

    def up_to(end: WaitEnd, limit_ms: int, *, below: bool = False) -> list[int]:
        limit = bin_of(limit_ms)
        inside = (ends == end) & (bins < limit if below else bins <= limit)
        return [*map(int, added(numbers[inside], line[inside]))]

    totals, so_far = added(numbers, line), numbers.cumsum()
    before = totals.cumsum() - totals

    def at(percent: int) -> list[int | None]:
        places = np.searchsorted(so_far, before + (totals * percent + 99) // 100)
        known = totals > 0
        found = np.minimum(longest_of(bins[places[known]]), np.array(longest_ms, dtype=np.int64)[known])
        values = iter(found.tolist())
        return [next(values) if one else None for one in known.tolist()]

    within_ms = limits.within_s * 1000
    columns = (
        up_to(WaitEnd.ANSWERED, 15_000),
        up_to(WaitEnd.ANSWERED, 20_000),
        up_to(WaitEnd.ANSWERED, within_ms),
        up_to(WaitEnd.ABANDONED, within_ms),
        up_to(WaitEnd.ABANDONED, limits.short_s * 1000, below=True),
        at(50),
        at(95),
    )
    return [WaitFigures(*row) for row in zip(*columns, strict=True)]
