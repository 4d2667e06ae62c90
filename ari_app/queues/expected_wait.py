"""Expected wait of a caller: a mean, and a range around it."""

import math

import msgspec

MINUTE_S = 60.0
LONGEST_SPOKEN_MIN = 45
"""A longer wait is not spoken: the next hour is not known."""


class WaitRange(msgspec.Struct, frozen=True):
    """Likely wait in whole minutes."""

    least_min: int
    most_min: int


def expected_wait_s(place: int, on_duty: int, handling_s: float | None) -> float | None:
    """Return the mean wait of a caller at a place, from 1.

    Every agent on duty is busy, and is free after `handling_s` on average; the caller waits for as many of these ends
    as the place says. None: no agent, or no handling time, is known.
    """
    if on_duty <= 0 or handling_s is None or handling_s <= 0:
        return None
    return place * handling_s / on_duty


def wait_range(place: int, on_duty: int, handling_s: float | None) -> WaitRange | None:
    """Return the range that a caller hears; None: not known.

    The ends of conversations are independent, so the wait is a sum of `place` exponential times (an Erlang
    distribution): its deviation is the mean divided by the root of the place. Two of three callers wait within one
    deviation.
    """
    mean_s = expected_wait_s(place, on_duty, handling_s)
    if mean_s is None:
        return None
    deviation_s = mean_s / math.sqrt(place)
    least = max(0, math.floor((mean_s - deviation_s) / MINUTE_S))
    most = max(least + 1, math.ceil((mean_s + deviation_s) / MINUTE_S))
    return WaitRange(least, most) if most <= LONGEST_SPOKEN_MIN else None
