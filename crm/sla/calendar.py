"""Business time between moments, and after a moment (H18). Pure functions.

A calendar's day is a list of spans in minutes of the local day. Each becomes a stretch of real time. Hours skipped by
summer time count as zero, and of an hour that comes twice a span that ends in it ends at the first.
"""

import datetime as dt
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONGEST_SEARCH_DAYS = 3660
"""Days without business time after which a search ends."""

Span = tuple[int, int]
"""From a minute of the local day until before another; 1440 is the end of the day."""
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class BusinessCalendar:
    """Calendar of business time; `days` are exceptions for single days."""

    zone: dt.tzinfo
    workday: Sequence[Span]
    day_off: Sequence[Span]
    days: Mapping[dt.date, Sequence[Span]]
    is_workday: Callable[[dt.date], bool]
    round_the_clock: bool = False
    """Every moment is business time, whatever the other fields say."""
    _stretches: dict[dt.date, list[tuple[datetime, datetime]]] = field(default_factory=dict, compare=False, repr=False)

    def add(self, moment: datetime, business: timedelta) -> datetime:
        """Return the earliest moment until which an amount of business time passes.

        Raises:
            ValueError: a negative amount, or a calendar that is not open for years.
        """
        if business < NO_TIME:
            raise ValueError("business time does not run backwards")
        if business == NO_TIME or self.round_the_clock:
            return moment + business
        left = business
        for begins, ends in self._open_from(moment):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise ValueError(f"a calendar that is closed for {LONGEST_SEARCH_DAYS} days")

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Return the business time between moments; zero if `until` is not later."""
        if until <= since:
            return NO_TIME
        if self.round_the_clock:
            return until - since
        passed = NO_TIME
        for begins, ends in self._open_from(since):
            if begins >= until:
                break
            passed += min(ends, until) - begins
            if ends >= until:
                break
        return passed

    def is_open(self, moment: datetime) -> bool:
        """Return whether a moment is business time."""
        if self.round_the_clock:
            return True
        stretches = self._of(moment.astimezone(self.zone).date())
        at = bisect(stretches, moment, key=lambda stretch: stretch[0]) - 1
        return at >= 0 and moment < stretches[at][1]

    def next_stretch(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """Return the present stretch of business time, or the next.

        None where there is none for years.
        """
        return next(self._open_from(moment), None)

    def _open_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of business time from a moment on."""
        moment = moment.astimezone(UTC)
        day = moment.astimezone(self.zone).date()
        closed_days = 0
        while closed_days < LONGEST_SEARCH_DAYS:
            closed_days += 1
            for begins, ends in self._of(day):
                if ends > moment:
                    closed_days = 0
                    yield max(begins, moment), ends
            day += timedelta(days=1)

    def _of(self, day: dt.date) -> list[tuple[datetime, datetime]]:
        """Return a day's stretches of business time."""
        found = self._stretches.get(day)
        if found is None:
            ordinary = self.workday if self.is_workday(day) else self.day_off
            spans = self.days.get(day, ordinary)
            real = [(_instant(day, begins, self.zone), _instant(day, ends, self.zone)) for begins, ends in spans]
            found = self._stretches[day] = [stretch for stretch in real if stretch[0] < stretch[1]]
        return found


def _instant(day: dt.date, minute: int, zone: dt.tzinfo) -> datetime:
    """Return when the local clock first shows a minute of a day.

    Where it skips the minute, the moment of the jump.
    """
    wall = datetime.combine(day, dt.time()) + timedelta(minutes=minute)
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first if first <= second else _jump(second, first, zone)


def _jump(before: datetime, after: datetime, zone: dt.tzinfo) -> datetime:
    """Return the second of a clock's jump between two moments."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
