"""Limits of requests without signing in.

They are counted by the server of the requests, on all nodes together.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Limit:
    """So many in a window."""

    most: int
    window_s: float


class Limiter(Protocol):
    """Counts, and refuses what is too much."""

    async def count(self, what: str, who: str, limit: Limit) -> None:
        """Count one.

        Args:
            what: what is counted, such as `intake`.
            who: an address, a telephone number, a ticket's number.

        Raises:
            TooMany: there were too many within the window.
            Unavailable: it cannot be counted now.
        """


class Unlimited:
    """For callers who are counted elsewhere, or not at all."""

    async def count(self, what: str, who: str, limit: Limit) -> None:
        """Count nothing."""
