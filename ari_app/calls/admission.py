"""Admission of new calls: an overloaded service refuses them at once (F12).

A call refused before the answer, with SIP's 503, costs the caller nothing, and the carrier may route it elsewhere.
Present calls keep their quality.
"""

from collections.abc import Callable
from enum import StrEnum

import structlog
from prometheus_client import Counter

REFUSED = Counter("hotline_calls_refused", "Calls refused before the answer, by reason", ["why"])

log = structlog.get_logger()


class Refusal(StrEnum):
    """Reason for refusing a call."""

    FULL = "full"
    """The limit of calls is reached."""
    LATE = "late"
    """The service does not keep up with its present calls."""


class Admission:
    """Decides on every caller who arrives."""

    def __init__(self, standing_lag_s: Callable[[], float], *, most_calls: int, longest_lag_s: float) -> None:
        """Set the limit.

        Args:
            standing_lag_s: the present lag of the event loop.
            most_calls: calls at a time; 0 for no limit but the machine's.
            longest_lag_s: a greater lag means that the service does not keep up.
        """
        self._standing_lag_s = standing_lag_s
        self._most_calls = most_calls
        self._longest_lag_s = longest_lag_s
        self._refusing: Refusal | None = None

    def refusal(self, calls: int) -> Refusal | None:
        """Return the reason for refusing another call; None: take it."""
        if self._most_calls and calls >= self._most_calls:
            why = Refusal.FULL
        elif self._standing_lag_s() > self._longest_lag_s:
            why = Refusal.LATE
        else:
            why = None
        if why is not None:
            REFUSED.labels(why.value).inc()
        if why is not self._refusing:
            # Logged when it changes, not for each caller: an overloaded service must not write a log entry per call.
            log.warning("callers_refused" if why else "callers_taken_again", why=why or self._refusing, calls=calls)
            self._refusing = why
        return why
