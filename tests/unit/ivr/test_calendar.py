"""Greetings by day."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from structlog.testing import capture_logs

from foundation import workdays
from ivr.calendar import HolidayCalendar


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


def test_a_year_that_is_not_published_yet_greets_by_the_law_and_warns_once() -> None:
    workdays.is_published.cache_clear()
    with capture_logs() as logs:
        greetings = {
            day: HolidayCalendar().greeting(dt.date.fromisoformat(day))
            for day in (
                "2041-01-01",
                "2041-02-01",
                "2041-04-04",
                "2041-05-01",
                "2041-09-10",
                "2041-10-01",
                "2041-11-01",
            )
        }
    assert greetings == {
        "2041-01-01": "greeting_new_year",
        "2041-02-01": "greeting_new_year",
        "2041-04-04": "greeting",
        "2041-05-01": "greeting_labour_day",
        "2041-09-10": "greeting_mid_autumn",
        "2041-10-01": "greeting_national_day",
        "2041-11-01": "greeting",
    }
    assert [(entry["event"], entry["year"]) for entry in logs] == [("workdays_guessed", 2041)]


@pytest.mark.parametrize("year", [2003, 2090, 2150])
def test_no_year_makes_it_fail(year: int) -> None:
    days = [dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(365)]
    assert "greeting" in {HolidayCalendar().greeting(day) for day in days}
