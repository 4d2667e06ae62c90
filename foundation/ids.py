"""Ids: chosen before the request is made, without a meaning."""

import secrets
import time

# Crockford's base 32 in lower case: no letter that is mistaken for a digit, safe in file names, URLs and SIP headers.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_TIME_PAIRS = 5
_RANDOM_PAIRS = 8


def new_id(kind: str) -> str:
    """Return a new id such as `call-01jd…`.

    After the kind come 48 bits of time, so that ids sort by age, and 80 random bits.
    """
    age = _base32(time.time_ns() // 1_000_000, _TIME_PAIRS)
    return f"{kind}-{age}{_base32(secrets.randbits(80), _RANDOM_PAIRS)}"


def _base32(number: int, pairs: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(10 * (pairs - 1), -1, -10)])
