"""Holidays, and the greeting of a day (H9)."""

import datetime as dt
from collections.abc import Callable, Mapping

from chinese_calendar import Holiday

from foundation.clock import utc_now
from foundation.workdays import holiday
from ivr.wording import ZONE

ORDINARY = "greeting"
"""The greeting of a day that is no holiday."""

GREETINGS: Mapping[Holiday, str] = {
    Holiday.new_years_day: "greeting_new_year",
    Holiday.spring_festival: "greeting_new_year",
    Holiday.labour_day: "greeting_labour_day",
    Holiday.mid_autumn_festival: "greeting_mid_autumn",
    Holiday.national_day: "greeting_national_day",
}
"""The greeting prompt of each statutory holiday, for all days it frees from work. Others greet as usual."""


class HolidayCalendar:
    """Answers by the day where the service is."""

    def __init__(self, *, zone: dt.tzinfo = ZONE, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._zone = zone
        self._now = now

    def greeting(self, day: dt.date | None = None) -> str:
        """Return the name of a day's greeting prompt; by default of today.

        It never raises.
        """
        celebrated = holiday(day or self._now().astimezone(self._zone).date())
        return ORDINARY if celebrated is None else GREETINGS.get(celebrated, ORDINARY)
