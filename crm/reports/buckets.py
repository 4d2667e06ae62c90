"""Hours, days and months of a report, in a time zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.reports.model import Bucket, By

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def buckets(since: date, until: date, by: By, zone: ZoneInfo) -> list[Bucket]:
    """Return the buckets from one day to another, without a gap."""
    if by == "whole":
        return [Bucket(since=_midnight(since, zone), until=_midnight(until, zone))]
    return list(_hours(since, until, zone) if by == "hour" else _days(since, until, by, zone))


def _days(since: date, until: date, by: By, zone: ZoneInfo) -> Iterator[Bucket]:
    day = since
    while day < until:
        following = min(day + DAY if by == "day" else _next_month(day), until)
        yield Bucket(since=_midnight(day, zone), until=_midnight(following, zone))
        day = following


def _hours(since: date, until: date, zone: ZoneInfo) -> Iterator[Bucket]:
    """Yield real hours from each midnight: 23 or 25 where clocks change."""
    for day in _days(since, until, "day", zone):
        begin = day.since
        while begin < day.until:
            end = min(begin + HOUR, day.until)
            yield Bucket(since=begin, until=end)
            begin = end


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
