"""Half hours to years of a report, in a time zone. Pure."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.reports.model import Bucket, By

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHORT: dict[By, timedelta] = {"half_hour": HALF_HOUR, "hour": HOUR}
"""Buckets shorter than a day."""


def buckets(since: date, until: date, by: By, zone: ZoneInfo) -> list[Bucket]:
    """Return the buckets from one day to another, without a gap."""
    if by == "whole":
        return [Bucket(since=midnight(since, zone), until=midnight(until, zone))]
    if by in SHORT:
        return list(_parts_of_days(since, until, SHORT[by], zone))
    return list(_days(since, until, by, zone))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the begin of a day, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the begin of a moment's day, in UTC."""
    return midnight(at.astimezone(zone).date(), zone)


def next_day(begin: datetime, zone: ZoneInfo) -> datetime:
    """Return the begin of the following day."""
    return day_of(begin + timedelta(hours=36), zone)


def cell_length(zone: ZoneInfo) -> timedelta:
    """Return the length of a cell of counted calls."""
    offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset() or timedelta()
    return timedelta(minutes=15 if offset % HALF_HOUR else 30)


def cell_of(at: datetime, length: timedelta) -> datetime:
    """Return the begin of a moment's cell."""
    return at - (at - EPOCH) % length


def _days(since: date, until: date, by: By, zone: ZoneInfo) -> Iterator[Bucket]:
    day = since
    while day < until:
        following = min(_NEXT[by](day), until)
        yield Bucket(since=midnight(day, zone), until=midnight(following, zone))
        day = following


def _parts_of_days(since: date, until: date, length: timedelta, zone: ZoneInfo) -> Iterator[Bucket]:
    """Yield parts of real length from each midnight.

    A day has 23 or 25 hours where clocks change.
    """
    for day in _days(since, until, "day", zone):
        begin = day.since
        while begin < day.until:
            end = min(begin + length, day.until)
            yield Bucket(since=begin, until=end)
            begin = end


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


_NEXT: dict[By, Callable[[date], date]] = {
    "day": lambda day: day + DAY,
    # Weeks begin on Monday, quarters with January, April, July and October.
    "week": lambda day: day + timedelta(days=7 - day.weekday()),
    "month": _next_month,
    "quarter": lambda day: _next_month(day.replace(month=day.month + 2 - (day.month - 1) % 3, day=1)),
    "year": lambda day: date(day.year + 1, 1, 1),
}
