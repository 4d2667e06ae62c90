"""Interval of a share. Pure."""

import math

Z_95 = 1.959964


def interval(part: int, base: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share, in percent.

    By E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927): it stays between 0
    and 100 and is honest about a small base.
    """
    if base == 0:
        return None
    share, square = part / base, Z_95**2
    middle = (share + square / (2 * base)) / (1 + square / base)
    reach = Z_95 / (1 + square / base) * math.sqrt(share * (1 - share) / base + square / (4 * base * base))
    return round(100 * max(0.0, middle - reach), 1), round(100 * min(1.0, middle + reach), 1)
