"""Calendar of the organisation: greeting, season, opening hours (H9)."""

import datetime as dt
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from callflows.organisation import ORDINARY, Organisation
from crm.sla.hours import calendar_of
from foundation.clock import utc_now
from foundation.workdays import Workdays
from ivr.variables import JSON

VARIABLES = frozenset({"call.greeting", "call.open", "call.season", "hours.opens", "hours.closes", "organisation.name"})
LOOKED_AHEAD = dt.timedelta(days=31)
"""Deadlines and hours so far ahead are counted today."""


class ServiceCalendar:
    """Answers by the day and the clock where the service is."""

    def __init__(
        self, organisation: Organisation, zone: dt.tzinfo | None = None, now: Callable[[], dt.datetime] = utc_now
    ) -> None:
        self.organisation = organisation
        self.workdays = Workdays(organisation.own_days())
        self._zone = zone or ZoneInfo("Asia/Shanghai")
        self._now = now
        self._hours = calendar_of(organisation.hours, self._zone, self.workdays)
        self._of_minute: tuple[dt.datetime, dict[str, Mapping[str, JSON]]] | None = None

    def greeting(self, day: dt.date | None = None) -> str:
        """Return the name of a day's greeting prompt; by default of today.

        It never raises.
        """
        day = day or self._today()
        holiday = self.workdays.holiday(day)
        season = self.season(day)
        for one in self.organisation.greetings:
            is_holiday = one.holiday is not None and holiday is not None and one.holiday == holiday.name
            if is_holiday or (one.season is not None and one.season == season) or one.holds(day):
                return one.greeting
        return ORDINARY

    def season(self, day: dt.date | None = None) -> str | None:
        """Return the season of a day; None between seasons."""
        day = day or self._today()
        return next((one.name for one in self.organisation.seasons if one.holds(day)), None)

    def is_open(self) -> bool:
        """Tell whether the service is open now."""
        return self._hours.is_open(self._now())

    def variables(self) -> dict[str, Mapping[str, JSON]]:
        """Return the variables of a call that begins now, by their roots.

        `hours.opens` is the next opening while the service is closed, `hours.closes` the end of the hours while it is
        open; both by the local clock.
        """
        # Nothing of it changes within a minute, and every call asks.
        minute = self._now().replace(second=0, microsecond=0)
        if self._of_minute is None or self._of_minute[0] != minute:
            self._of_minute = minute, self._variables(minute)
        return {root: {**values} for root, values in self._of_minute[1].items()}

    def _variables(self, now: dt.datetime) -> dict[str, Mapping[str, JSON]]:
        is_open = self._hours.is_open(now)
        stretch = None if self.organisation.hours.round_the_clock else self._hours.next_stretch(now)
        opens, closes = stretch or (None, None)
        return {
            "call": {"greeting": self.greeting(), "season": self.season(), "open": is_open},
            "hours": {
                "opens": self._local(opens) if not is_open else None,
                "closes": self._local(closes) if is_open else None,
            },
            "organisation": {"name": self.organisation.name.zh},
        }

    def guessed_years(self) -> list[int]:
        """Return the years, now and soon, without known make-up workdays."""
        years = {self._today().year, (self._today() + LOOKED_AHEAD).year}
        return sorted(year for year in years if self.workdays.is_guess(year))

    def _today(self) -> dt.date:
        return self._now().astimezone(self._zone).date()

    def _local(self, moment: dt.datetime | None) -> str | None:
        return None if moment is None else f"{moment.astimezone(self._zone):%Y-%m-%dT%H:%M}"
