"""Percentiles by nearest rank. Pure."""

from collections.abc import Sequence


def percentiles(given: Sequence[int]) -> tuple[int | None, int | None]:
    """Return the 50th and 95th percentile; None without a value."""
    ordered = sorted(given)
    if not ordered:
        return None, None
    p50, p95 = (ordered[(len(ordered) * rank + 99) // 100 - 1] for rank in (50, 95))
    return p50, p95
