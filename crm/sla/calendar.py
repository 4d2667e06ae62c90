"""Business time: how much of it lies between two moments, and which moment it ends at (H18). Pure functions.

A calendar's day is a list of spans in minutes of the local day. Each becomes a stretch of real time, so on a day when
the clock is put forward or back business time is what really passes: an hour that is left out is nobody's hour, and of
an hour that comes twice a span that ends in it ends at the first.
"""

import datetime as dt
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONGEST_SEARCH_DAYS = 3660
"""After so many days without an opening a calendar has been looked at long enough."""

Span = tuple[int, int]
"""From a minute of the local day to another, which is outside; 1440 is the day's end."""
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class BusinessCalendar:
    """When somebody works. `days` are single days that are not as others are, and win over everything."""

    zone: dt.tzinfo
    workday: Sequence[Span]
    day_off: Sequence[Span]
    days: Mapping[dt.date, Sequence[Span]]
    is_workday: Callable[[dt.date], bool]
    round_the_clock: bool = False
    """Every moment counts; nothing else is looked at."""
    _stretches: dict[dt.date, list[tuple[datetime, datetime]]] = field(default_factory=dict, compare=False, repr=False)

    def add(self, moment: datetime, business: timedelta) -> datetime:
        """The earliest moment until which that much business time passes; nothing passes in none.

        Raises:
            ValueError: less than nothing, or a calendar that is not open for years.
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
        """The business time from one moment to a later one; none where it is not later."""
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
        """Whether business time passes at a moment."""
        if self.round_the_clock:
            return True
        stretches = self._of(moment.astimezone(self.zone).date())
        at = bisect(stretches, moment, key=lambda stretch: stretch[0]) - 1
        return at >= 0 and moment < stretches[at][1]

    def _open_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of business time after a moment, the first of them from there on."""
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
        """A day's stretches of business time."""
        found = self._stretches.get(day)
        if found is None:
            ordinary = self.workday if self.is_workday(day) else self.day_off
            spans = self.days.get(day, ordinary)
            real = [(_instant(day, begins, self.zone), _instant(day, ends, self.zone)) for begins, ends in spans]
            found = self._stretches[day] = [stretch for stretch in real if stretch[0] < stretch[1]]
        return found


def _instant(day: dt.date, minute: int, zone: dt.tzinfo) -> datetime:
    """When the local clock first shows a minute of a day; when it jumps over it, if it never does."""
    wall = datetime.combine(day, dt.time()) + timedelta(minutes=minute)
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first if first <= second else _jump(second, first, zone)


def _jump(before: datetime, after: datetime, zone: dt.tzinfo) -> datetime:
    """The second at which the clock is put forward, between two moments around it."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
