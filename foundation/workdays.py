"""Workdays in China: statutory holidays and make-up workdays (调休, H9, H18).

The State Council publishes a year's make-up workdays late in the year before. A year that no library knows yet is
guessed from the holidays the law fixes, without make-up workdays; an operator who needs the true days earlier enters
them in `callflows/organisation.yaml`.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import chinese_calendar
import structlog
from chinese_calendar import Holiday
from holidays import HolidayBase, country_holidays

BY_LAW = {
    "New Year's Day": Holiday.new_years_day,
    "Chinese New Year": Holiday.spring_festival,
    "Tomb-Sweeping Day": Holiday.tomb_sweeping_day,
    "Labor Day": Holiday.labour_day,
    "Dragon Boat Festival": Holiday.dragon_boat_festival,
    "Mid-Autumn Festival": Holiday.mid_autumn_festival,
    "National Day": Holiday.national_day,
}
"""How the names begin that a day has by law."""

SATURDAY = 5
REMEDY = "update chinesecalendar, or enter the year's days in organisation.yaml (holidays, whole_years)"

log = structlog.get_logger()


@dataclass(frozen=True)
class OwnDays:
    """Days that an organisation enters itself."""

    ranges: Sequence[tuple[Callable[[dt.date], bool], bool, str | None]] = ()
    """For each: whether it holds a day, whether that is a workday, and the name of the holiday it is."""
    whole_years: frozenset[int] = frozenset()
    """Years of which every holiday and make-up workday is entered."""


class Workdays:
    """Workdays and holidays of an organisation: its own, then the state's."""

    def __init__(self, own: OwnDays | None = None) -> None:
        self._own = own or OwnDays()

    def is_workday(self, day: dt.date) -> bool:
        """Return whether a day is a workday."""
        for holds, workday, _ in self._own.ranges:
            if holds(day):
                return workday
        return day.weekday() < SATURDAY if day.year in self._own.whole_years else is_workday(day)

    def holiday(self, day: dt.date) -> Holiday | None:
        """Return the statutory holiday of a day; None for other days."""
        for holds, workday, name in self._own.ranges:
            if holds(day) and (workday or name is not None):
                return None if name is None else Holiday[name]
        return None if day.year in self._own.whole_years else holiday(day)

    def is_guess(self, year: int) -> bool:
        """Tell whether the make-up workdays of a year are not known."""
        return year not in self._own.whole_years and not is_published(year)


def is_workday(day: dt.date) -> bool:
    """Return whether a day is a workday."""
    return bool(chinese_calendar.is_workday(day)) if is_published(day.year) else _by_law(day.year).is_working_day(day)


@lru_cache(maxsize=32)
def holiday(day: dt.date) -> Holiday | None:
    """Return the statutory holiday of a day; None for workdays."""
    if is_published(day.year):
        free, name = chinese_calendar.get_holiday_detail(day)
        return Holiday(name) if free and name is not None else None
    names = _by_law(day.year).get_list(day)
    return next((which for begins, which in BY_LAW.items() if any(name.startswith(begins) for name in names)), None)


@cache
def is_published(year: int) -> bool:
    """Return whether the year's make-up workdays are published; else log it once."""
    try:
        chinese_calendar.is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        log.warning(
            "workdays_guessed",
            year=year,
            known="statutory holidays, no make-up workdays",
            remedy=REMEDY,
        )
        return False
    return True


@cache
def _by_law(year: int) -> HolidayBase:
    return country_holidays("CN", years=year, language="en_US")
