"""Which new calls are taken: who cannot be served in time is told so at once, and those who are here stay well (F12).

Refused before it is answered, with the congestion that SIP tells as 503, a call costs its caller nothing, and the
carrier may lead it elsewhere.
"""

from collections.abc import Callable
from enum import StrEnum

import structlog
from prometheus_client import Counter

LONGEST_LAG_S = 0.2
"""A standing delay of every step of every call: keys are heard late, and words come late."""
REFUSED = Counter("hotline_calls_refused", "Calls that were refused before they were answered, by why", ["why"])

log = structlog.get_logger()


class Refusal(StrEnum):
    """Why a call is not taken."""

    FULL = "full"
    """As many calls as there may be."""
    LATE = "late"
    """The service does not keep up with those it has."""


class Admission:
    """Asked for every caller who arrives."""

    def __init__(self, standing_lag_s: Callable[[], float], most_calls: int) -> None:
        """`most_calls`: at a time; 0 where nothing but the machine sets a limit."""
        self._standing_lag_s = standing_lag_s
        self._most_calls = most_calls
        self._refusing: Refusal | None = None

    def refusal(self, calls: int) -> Refusal | None:
        """Why another one is not taken beside so many calls; None: it is."""
        if self._most_calls and calls >= self._most_calls:
            why = Refusal.FULL
        elif self._standing_lag_s() > LONGEST_LAG_S:
            why = Refusal.LATE
        else:
            why = None
        if why is not None:
            REFUSED.labels(why.value).inc()
        if why is not self._refusing:
            # Once, not for each of them: whoever is late must not write a book about it.
            log.warning("callers_refused" if why else "callers_taken_again", why=why or self._refusing, calls=calls)
            self._refusing = why
        return why
