"""Worker of a table that several nodes share: leases, attempts, retries."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Generic, Protocol, TypeVar

import structlog

from foundation.clock import utc_now

LONGEST_SLEEP_S = 60.0
"""How often to look for entries of a node that died."""
SHORTEST_SLEEP_S = 0.05
UNREACHABLE_S = 1.0

Outcome = Mapping[str, object]
"""The outcome of an attempt, by column."""

log = structlog.get_logger()
_random = SystemRandom()


class Due(Protocol):
    """Entry of the table."""

    sequence: int | None
    attempts: int


Entry = TypeVar("Entry", bound=Due)


@dataclass(frozen=True)
class DeliveryRules:
    """Limits of attempts; the defaults give up after about half a day."""

    parallel: int = 8
    """Entries delivered at once, each of another key."""
    timeout_s: float = 30.0
    """Limit of one attempt; shorter than the lease, so that no entry is delivered twice at once."""
    lease_s: float = 60.0
    """After this time an entry of a dead worker is delivered again."""
    attempts: int = 24
    first_retry_s: float = 1.0
    longest_retry_s: float = 3600.0
    jitter: float = 0.2
    """A pause grows by a random share up to this one: entries that failed together are not retried together."""

    def pause_s(self, attempts: int) -> float:
        """Return the seconds to wait after a failed attempt."""
        pause_s = min(self.longest_retry_s, self.first_retry_s * 2.0 ** min(attempts - 1, 60))
        return pause_s * (1.0 + self.jitter * _random.random())

    def retry_at(self, attempts: int) -> datetime:
        """Return the moment of the next attempt after a failed one."""
        return utc_now() + timedelta(seconds=self.pause_s(attempts))


class Queue(Protocol[Entry]):
    """Table of entries that a worker delivers."""

    async def lease(self, now: datetime, until: datetime, limit: int) -> Sequence[Entry]:
        """Lease entries that are due until a moment."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next entry is due; None without pending entries."""
        ...

    async def attempt(self, entry: Entry) -> Outcome:
        """Deliver an entry and return its outcome; raises only a cancellation."""
        ...

    async def finish(self, entry: Entry, outcome: Outcome) -> None:
        """Store an outcome, unless another worker has the lease by now."""
        ...


class Worker(Generic[Entry]):
    """Delivers the due entries of a queue at least once.

    Several workers, also on several nodes, share the work.
    """

    def __init__(self, name: str, queue: Queue[Entry], rules: DeliveryRules) -> None:
        self._name = name
        self._queue = queue
        self._rules = rules
        self._wake = asyncio.Event()
        self._delivering = 0

    def wake(self) -> None:
        """Look for due entries now: one was committed."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; entries under way are given back."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                self._wake.clear()
                try:
                    pause_s = await self._begin_due(deliveries)
                except Exception:
                    log.exception("queue_unreachable", queue=self._name)
                    pause_s = UNREACHABLE_S
                await self._sleep(pause_s)

    async def _begin_due(self, deliveries: asyncio.TaskGroup) -> float:
        """Begin to deliver due entries; return the seconds until more are due."""
        free = self._rules.parallel - self._delivering
        now = utc_now()
        until = now + timedelta(seconds=self._rules.lease_s)
        for entry in await self._queue.lease(now, until, free) if free else ():
            self._delivering += 1
            deliveries.create_task(self._deliver(entry), name=f"{self._name}:{entry.sequence}")
        if self._delivering == self._rules.parallel:
            return LONGEST_SLEEP_S
        due = await self._queue.next_due()
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, (due - utc_now()).total_seconds()))

    async def _deliver(self, entry: Entry) -> None:
        try:
            outcome = await self._queue.attempt(entry)
            await self._finish(entry, outcome)
        except asyncio.CancelledError:
            await self._finish(entry, {"next_at": utc_now(), "attempts": entry.attempts - 1})
            raise
        except Exception:
            # A defect in one entry's delivery must not cancel all others: it is tried again when its lease is over.
            log.exception("delivery_failed", queue=self._name, sequence=entry.sequence)
        finally:
            self._delivering -= 1
            self._wake.set()

    async def _finish(self, entry: Entry, outcome: Outcome) -> None:
        try:
            await self._queue.finish(entry, outcome)
        except Exception:
            # The lease ends by itself, and the entry is delivered again.
            log.exception("outcome_not_stored", queue=self._name, sequence=entry.sequence)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return


def error_text(error: BaseException) -> str:
    """Return an error in one line, to be stored with its entry."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:500]
