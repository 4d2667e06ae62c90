"""Which day it is for a service that greets and opens by the calendar: statutory holidays and make-up workdays (H9)."""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache

import chinese_calendar
import structlog

from foundation.clock import utc_now
from ivr.wording import ZONE

ORDINARY = "greeting"
"""The greeting of a day that is no holiday."""

STATUTORY: Mapping[str, str] = {
    chinese_calendar.Holiday.new_years_day.value: "greeting_new_year",
    chinese_calendar.Holiday.spring_festival.value: "greeting_new_year",
    chinese_calendar.Holiday.labour_day.value: "greeting_labour_day",
    chinese_calendar.Holiday.mid_autumn_festival.value: "greeting_mid_autumn",
    chinese_calendar.Holiday.national_day.value: "greeting_national_day",
}
"""The greeting prompt of each statutory holiday, for all days it frees from work. Others greet as usual."""

log = structlog.get_logger()


class HolidayCalendar:
    """Answers by the day where the service is. `overrides` names the greeting of single days and wins over everything:
    a day may be given a holiday's greeting, or the ordinary one.
    """

    def __init__(
        self,
        *,
        overrides: Mapping[dt.date, str] | None = None,
        statutory: Mapping[str, str] = STATUTORY,
        zone: dt.tzinfo = ZONE,
        now: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._overrides = dict(overrides or {})
        self._statutory = statutory
        self._zone = zone
        self._now = now

    def today(self) -> dt.date:
        """The date where the service is."""
        return self._now().astimezone(self._zone).date()

    def greeting(self, day: dt.date | None = None) -> str:
        """The name of the prompt that greets callers on a day; today by default. It never raises."""
        day = day or self.today()
        if day in self._overrides:
            return self._overrides[day]
        holiday = _holiday(day)
        return ORDINARY if holiday is None else self._statutory.get(holiday, ORDINARY)

    def is_workday(self, day: dt.date | None = None) -> bool:
        """Whether people work on a day: make-up workdays count, statutory holidays do not. A year whose holidays are
        not known goes by its weekends.
        """
        day = day or self.today()
        return chinese_calendar.is_workday(day) if _covered(day.year) else day.weekday() < 5

    def is_open(
        self, opens: dt.time, closes: dt.time, *, workdays_only: bool = True, moment: dt.datetime | None = None
    ) -> bool:
        """Whether a moment (aware; now by default) lies in the opening hours of its day; hours may pass midnight, and
        then belong to the day they began on.
        """
        local = (moment or self._now()).astimezone(self._zone)
        day, time = local.date(), local.time()
        if opens <= closes:
            inside = opens <= time < closes
        else:
            inside = time >= opens or time < closes
            if time < closes:
                day -= dt.timedelta(days=1)
        return inside and (not workdays_only or self.is_workday(day))


def _holiday(day: dt.date) -> str | None:
    """The statutory holiday that frees a day from work."""
    if not _covered(day.year):
        return None
    free, name = chinese_calendar.get_holiday_detail(day)
    # A make-up workday carries its holiday's name too, and nobody celebrates on it.
    return name if free else None


@cache
def _covered(year: int) -> bool:
    """Whether the year's holidays are published and known; told once a year when they are not."""
    try:
        chinese_calendar.is_holiday(dt.date(year, 1, 1))
    except NotImplementedError:
        log.warning("holidays_unknown", year=year, remedy="update chinesecalendar, or name the days in the settings")
        return False
    return True
