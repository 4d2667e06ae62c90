"""Greetings, seasons, hours and own days of the organisation."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from structlog.testing import capture_logs

from callflows.calendar import ServiceCalendar
from callflows.organisation import Organisation
from crm.sla.hours import calendar_of
from foundation import workdays
from tests.callflows import shipped

ORGANISATION = shipped().organisation


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
    assert ServiceCalendar(ORGANISATION).greeting(dt.date.fromisoformat(day)) == greeting


@pytest.mark.parametrize(
    ("moment", "greeting"),
    [
        ("2026-09-30T15:59:00+00:00", "greeting"),
        ("2026-09-30T16:00:00+00:00", "greeting_national_day"),
    ],
)
def test_the_day_begins_where_the_service_is(moment: str, greeting: str) -> None:
    with time_machine.travel(dt.datetime.fromisoformat(moment), tick=False):
        assert ServiceCalendar(ORGANISATION).greeting() == greeting


def test_another_zone_has_another_day() -> None:
    with time_machine.travel(dt.datetime(2026, 9, 30, 16, tzinfo=dt.UTC), tick=False):
        assert ServiceCalendar(ORGANISATION, ZoneInfo("Europe/Berlin")).greeting() == "greeting"


def test_a_year_that_is_not_published_yet_greets_by_the_law_and_warns_once() -> None:
    workdays.is_published.cache_clear()
    with capture_logs() as logs:
        greetings = {
            day: ServiceCalendar(ORGANISATION).greeting(dt.date.fromisoformat(day))
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
    assert "greeting" in {ServiceCalendar(ORGANISATION).greeting(day) for day in days}


def organisation(**given: object) -> Organisation:
    return Organisation.model_validate({"name": {"zh": "城东供热", "en": "City Heating"}, **given})


def at(moment: str, **given: object) -> ServiceCalendar:
    """Return a calendar at a moment, where the service is."""
    now = dt.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return ServiceCalendar(organisation(**given), now=lambda: now)


OFFICE = {"hours": {"workday": [{"opens": "08:30", "closes": "12:00"}, {"opens": "13:30", "closes": "18:00"}]}}


@pytest.mark.parametrize(
    ("moment", "opens", "closes"),
    [
        ("2026-11-27T08:29:59", "2026-11-27T08:30", None),
        ("2026-11-27T08:30:00", None, "2026-11-27T12:00"),
        ("2026-11-27T12:00:00", "2026-11-27T13:30", None),
        ("2026-11-27T18:00:00", "2026-11-30T08:30", None),  # a Friday evening
        ("2026-10-01T10:00:00", "2026-10-08T08:30", None),  # the golden week
        ("2026-10-10T10:00:00", None, "2026-10-10T12:00"),  # a Saturday worked in exchange
    ],
)
def test_hours_follow_workdays(moment: str, opens: str | None, closes: str | None) -> None:
    variables = at(moment, **OFFICE).variables()
    assert variables["hours"] == {"opens": opens, "closes": closes}
    assert variables["call"]["open"] is (opens is None)
    assert variables["organisation"] == {"name": "城东供热"}


def test_round_the_clock_is_always_open() -> None:
    variables = at("2026-10-01T03:00:00").variables()
    assert variables["call"]["open"] is True
    assert variables["hours"] == {"opens": None, "closes": None}


OWN = [
    {"from": dt.date(2026, 11, 27), "until": dt.date(2026, 11, 28)},
    {"from": "2026-11-29", "workday": True},
    {"from": "12-24", "until": "12-26"},
]


def test_own_holidays_hold_for_hours_and_deadlines() -> None:
    """One calendar: what closes the service stops the clocks of tickets."""
    calendar = at("2026-11-27T10:00:00", holidays=OWN, **OFFICE)
    assert calendar.variables()["hours"]["opens"] == "2026-11-29T08:30"  # a Sunday, worked
    deadlines = calendar_of(organisation(**OFFICE).hours, ZoneInfo("Asia/Shanghai"), calendar.workdays)
    friday = dt.datetime(2026, 11, 27, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert deadlines.add(friday, dt.timedelta(hours=1)) == dt.datetime(2026, 11, 29, 1, 30, tzinfo=dt.UTC)
    assert [calendar.workdays.is_workday(dt.date(year, 12, 24)) for year in (2026, 2030)] == [False, False]
    assert calendar.workdays.is_workday(dt.date(2026, 11, 26))


SEASONS = {
    "seasons": [
        {"name": "heating", "from": "10-20", "until": "04-20"},
        {"name": "flood", "from": "06-01", "until": "08-31"},
    ],
    "greetings": [
        {"from": "2026-11-18", "until": "2026-11-20", "greeting": "greeting_jubilee"},
        {"holiday": "new_years_day", "greeting": "greeting_new_year"},
        {"season": "heating", "greeting": "greeting_heating"},
    ],
}


@pytest.mark.parametrize(
    ("day", "season", "greeting"),
    [
        ("2026-10-19", None, "greeting"),
        ("2026-10-20", "heating", "greeting_heating"),
        ("2026-11-17", "heating", "greeting_heating"),
        ("2026-11-18", "heating", "greeting_jubilee"),
        ("2026-11-20", "heating", "greeting_jubilee"),
        ("2027-01-01", "heating", "greeting_new_year"),
        ("2028-02-29", "heating", "greeting_heating"),
        ("2027-04-20", "heating", "greeting_heating"),
        ("2027-04-21", None, "greeting"),
        ("2027-07-01", "flood", "greeting"),
    ],
)
def test_seasons_and_greetings_follow_their_dates(day: str, season: str | None, greeting: str) -> None:
    calendar = ServiceCalendar(organisation(**SEASONS))
    moment = dt.date.fromisoformat(day)
    assert (calendar.season(moment), calendar.greeting(moment)) == (season, greeting)


def test_a_year_that_is_entered_whole_is_no_guess() -> None:
    festival = [
        {"from": "2041-02-01", "until": "2041-02-07", "holiday": "spring_festival"},
        {"from": "2041-02-09", "workday": True},
    ]
    guessed = at("2041-02-01T10:00:00", **SEASONS)
    entered = at("2041-02-01T10:00:00", holidays=festival, whole_years=[2041], greetings=ORGANISATION.greetings)
    assert (guessed.guessed_years(), entered.guessed_years()) == ([2041], [])
    assert entered.greeting() == "greeting_new_year"
    workdays_of_2041 = [entered.workdays.is_workday(dt.date(2041, *day)) for day in ((2, 7), (2, 8), (2, 9), (10, 1))]
    assert workdays_of_2041 == [False, True, True, True]  # 1 October is entered as no holiday


def test_the_year_that_begins_soon_is_looked_at() -> None:
    assert at("2040-12-15T10:00:00", whole_years=[2040]).guessed_years() == [2041]
    assert at("2040-11-15T10:00:00", whole_years=[2040]).guessed_years() == []
