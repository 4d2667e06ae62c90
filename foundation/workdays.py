"""Workdays in China: statutory holidays and make-up workdays (调休, H9, H18).

The State Council publishes a year's make-up workdays late in the year before. A year that no library knows yet is
guessed from the holidays the law fixes, without make-up workdays; an operator who needs the true days earlier enters
them in a calendar.
"""

import datetime as dt
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

log = structlog.get_logger()


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
            remedy="update chinesecalendar, or enter the year's days in the calendars",
        )
        return False
    return True


@cache
def _by_law(year: int) -> HolidayBase:
    return country_holidays("CN", years=year, language="en_US")
