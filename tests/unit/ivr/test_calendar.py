"""Which greeting and which hours belong to a day."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from structlog.testing import capture_logs

from ivr import calendar
from ivr.calendar import HolidayCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("day", "greeting"),
    [
        ("2026-01-01", "greeting_new_year"),
        ("2026-02-17", "greeting_new_year"),
        ("2026-02-23", "greeting_new_year"),
        ("2026-02-28", "greeting"),  # worked in exchange for Spring Festival
        ("2026-04-05", "greeting"),  # Tomb-sweeping Day is no day for good wishes
        ("2026-05-01", "greeting_labour_day"),
        ("2026-06-19", "greeting"),  # Dragon Boat Festival
        ("2026-09-25", "greeting_mid_autumn"),
        ("2026-10-01", "greeting_national_day"),
        ("2026-10-07", "greeting_national_day"),
        ("2026-10-08", "greeting"),
        ("2026-11-22", "greeting"),  # a Sunday
    ],
)
def test_the_greeting_of_a_day(day: str, greeting: str) -> None:
    assert HolidayCalendar().greeting(dt.date.fromisoformat(day)) == greeting


@pytest.mark.parametrize(
    ("moment", "greeting"),
    [
        ("2026-09-30T15:59:00+00:00", "greeting"),
        ("2026-09-30T16:00:00+00:00", "greeting_national_day"),
    ],
)
def test_the_day_begins_where_the_service_is(moment: str, greeting: str) -> None:
    with time_machine.travel(dt.datetime.fromisoformat(moment), tick=False):
        assert HolidayCalendar().greeting() == greeting


def test_another_zone_has_another_day() -> None:
    with time_machine.travel(dt.datetime(2026, 9, 30, 16, tzinfo=dt.UTC), tick=False):
        assert HolidayCalendar(zone=ZoneInfo("Europe/Berlin")).greeting() == "greeting"


def test_overrides_win_both_ways() -> None:
    holidays = HolidayCalendar(overrides={dt.date(2026, 10, 1): "greeting", dt.date(2026, 3, 5): "greeting_new_year"})
    assert holidays.greeting(dt.date(2026, 10, 1)) == "greeting"
    assert holidays.greeting(dt.date(2026, 3, 5)) == "greeting_new_year"


@pytest.mark.parametrize("year", [2003, 2090])
def test_an_unknown_year_greets_as_usual_and_warns_once(year: int) -> None:
    calendar._covered.cache_clear()
    with capture_logs() as logs:
        greetings = {HolidayCalendar().greeting(dt.date(year, 10, day)) for day in range(1, 8)}
    assert greetings == {"greeting"}
    assert [(entry["event"], entry["year"]) for entry in logs] == [("holidays_unknown", year)]


def test_workdays_follow_the_statutory_calendar_and_else_the_week() -> None:
    holidays = HolidayCalendar()
    assert holidays.is_workday(dt.date(2026, 2, 28))  # a Saturday, made up
    assert not holidays.is_workday(dt.date(2026, 10, 1))  # a Thursday
    assert holidays.is_workday(dt.date(2090, 11, 22))  # a Wednesday
    assert not holidays.is_workday(dt.date(2090, 11, 25))


@pytest.mark.parametrize(
    ("moment", "opens", "closes", "inside"),
    [
        ("2026-11-23T08:30", "08:30", "17:30", True),
        ("2026-11-23T17:29", "08:30", "17:30", True),
        ("2026-11-23T17:30", "08:30", "17:30", False),
        ("2026-11-22T12:00", "08:30", "17:30", False),  # a Sunday
        ("2026-11-20T23:00", "20:00", "06:00", True),  # Friday night
        ("2026-11-21T05:00", "20:00", "06:00", True),  # still Friday's shift
        ("2026-11-21T23:00", "20:00", "06:00", False),
        ("2026-11-23T05:00", "20:00", "06:00", False),  # Sunday's shift
    ],
)
def test_opening_hours(moment: str, opens: str, closes: str, inside: bool) -> None:
    local = dt.datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    hours = dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)
    assert HolidayCalendar().is_open(*hours, moment=local.astimezone(dt.UTC)) is inside
