"""Due days of scheduled reports, and their times. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LONGEST_DAYS_OFF = 31
"""Days after which a search for a workday ends."""
MONTHS_OF_YEAR = 12

IsWorkday = Callable[[date], bool]


class ReportPeriod(StrEnum):
    """Time that one scheduled report is about."""

    DAY = "day"
    """On each workday, about the days since the workday before."""
    WEEK = "week"
    """On the first workday of the next week."""
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


DUE_DAY: dict[ReportPeriod, int] = {
    ReportPeriod.MONTH: 10,
    ReportPeriod.QUARTER: 10,
    ReportPeriod.HALF_YEAR: 15,
    ReportPeriod.YEAR: 20,
}
"""Usual day of the next month on which a report is due."""
MONTHS: dict[ReportPeriod, int] = {
    ReportPeriod.MONTH: 1,
    ReportPeriod.QUARTER: 3,
    ReportPeriod.HALF_YEAR: 6,
    ReportPeriod.YEAR: 12,
}


@dataclass(frozen=True, order=True)
class DueReport:
    """Report due on a day, about days before `until`."""

    due: date
    since: date
    until: date


def due_reports(
    period: ReportPeriod, day_of_month: int, is_workday: IsWorkday, first: date, last: date
) -> Iterator[DueReport]:
    """Yield the reports due from one day to another, in order.

    A day off moves the due day to the next workday.
    """
    if period is ReportPeriod.DAY:
        found = _daily(is_workday, first, last)
    elif period is ReportPeriod.WEEK:
        found = _weekly(is_workday, first, last)
    else:
        found = _monthly(MONTHS[period], day_of_month, is_workday, first, last)
    return (one for one in found if first <= one.due <= last)


def workday_from(day: date, is_workday: IsWorkday) -> date:
    """Return a day, else the next workday."""
    for ahead in range(LONGEST_DAYS_OFF):
        if is_workday(day + ahead * DAY):
            return day + ahead * DAY
    return day


def period_before(period: ReportPeriod, since: date, until: date) -> tuple[date, date]:
    """Return the time before, with which a report is compared."""
    if period in MONTHS:
        return months_later(since, -MONTHS[period]), since
    return since - (until - since), since


def months_later(day: date, months: int) -> date:
    """Return the same day of another month; every month has it."""
    year, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, MONTHS_OF_YEAR)
    return date(year, month + 1, day.day)


def _daily(is_workday: IsWorkday, first: date, last: date) -> Iterator[DueReport]:
    since = next((first - n * DAY for n in range(1, LONGEST_DAYS_OFF) if is_workday(first - n * DAY)), first - DAY)
    day = since + DAY
    while day <= last:
        if is_workday(day):
            yield DueReport(day, since, day)
            since = day
        day += DAY


def _weekly(is_workday: IsWorkday, first: date, last: date) -> Iterator[DueReport]:
    # A week without a workday moves its report into the next one.
    monday = first - first.weekday() * DAY - 4 * WEEK
    while monday <= last:
        yield DueReport(workday_from(monday, is_workday), monday - WEEK, monday)
        monday += WEEK


def _monthly(months: int, day_of_month: int, is_workday: IsWorkday, first: date, last: date) -> Iterator[DueReport]:
    end = months_later(first.replace(day=1), -2)
    while end <= last:
        if (end.month - 1) % months == 0:
            yield DueReport(workday_from(end.replace(day=day_of_month), is_workday), months_later(end, -months), end)
        end = months_later(end, 1)
