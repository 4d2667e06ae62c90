"""Business time: holidays, make-up workdays, department hours, general laws (H18)."""

import datetime as dt
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from crm.sla.calendar import BusinessCalendar, Span
from foundation import workdays

pytestmark = pytest.mark.slow

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE: list[Span] = [(8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30)]


def calendar(
    zone: str = "Asia/Shanghai",
    workday: list[Span] = OFFICE,
    day_off: list[Span] | None = None,
    days: dict[dt.date, list[Span]] | None = None,
    *,
    round_the_clock: bool = False,
) -> BusinessCalendar:
    return BusinessCalendar(
        ZoneInfo(zone), workday, day_off or [], days or {}, workdays.is_workday, round_the_clock=round_the_clock
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("begun", "business", "ends"),
    [
        ("2026-03-02 09:00", hours(1), "2026-03-02 10:00"),
        ("2026-03-02 11:00", hours(2), "2026-03-02 14:30"),
        ("2026-03-02 07:00", hours(1), "2026-03-02 09:30"),
        # A whole day ends when the day does, not when the next begins.
        ("2026-03-02 08:30", hours(7.5), "2026-03-02 17:30"),
        # A weekend is passed over, and the spring festival, but not the Saturday that is worked for it.
        ("2026-03-06 17:00", hours(1), "2026-03-09 09:00"),
        ("2026-02-14 17:00", hours(1), "2026-02-24 09:00"),
        ("2026-02-13 17:00", hours(1), "2026-02-14 09:00"),
        # The national day, and the Sunday before it that is worked.
        ("2026-09-30 17:00", hours(1), "2026-10-08 09:00"),
        ("2026-09-19 10:00", hours(1), "2026-09-20 09:30"),
    ],
)
def test_h18_business_time_respects_weekends_holidays_and_make_up_workdays(
    begun: str, business: timedelta, ends: str
) -> None:
    assert calendar().add(local(begun), business) == local(ends)
    assert calendar().between(local(begun), local(ends)) == business


def test_h18_days_off_have_their_own_hours_and_single_days_override_them() -> None:
    shifts = calendar(day_off=[(9 * 60, 12 * 60)], days={dt.date(2026, 3, 8): []})
    assert shifts.add(local("2026-03-06 17:00"), hours(2)) == local("2026-03-07 10:30")
    assert shifts.add(local("2026-03-07 11:30"), hours(1)) == local("2026-03-09 09:00")
    assert shifts.is_open(local("2026-03-07 09:00"))
    assert not shifts.is_open(local("2026-03-07 12:00"))
    assert not shifts.is_open(local("2026-03-08 10:00"))


def test_h18_round_the_clock_calendar_counts_every_moment() -> None:
    always = calendar(workday=[], round_the_clock=True)
    assert always.add(local("2026-02-17 23:00"), hours(24)) == local("2026-02-18 23:00")
    assert always.between(local("2026-02-17 23:00"), local("2026-02-18 23:00")) == hours(24)
    assert always.is_open(local("2026-02-17 03:00"))


def test_h18_calendar_with_a_minute_a_day_is_searched_for_years() -> None:
    minute = calendar(workday=[(0, 1)])
    begun = local("2026-03-29 09:00")
    ends = minute.add(begun, timedelta(minutes=3000))
    assert (ends - begun).days > 3660
    assert minute.between(begun, ends) == timedelta(minutes=3000)


def test_hours_without_an_opening_are_refused() -> None:
    with pytest.raises(ValueError, match="closed for"):
        calendar(workday=[]).add(local("2026-03-29 09:00"), hours(1))


def test_h18_unpublished_year_is_guessed_from_the_law_and_marked() -> None:
    workdays.is_published.cache_clear()
    with capture_logs() as logged:
        assert not workdays.is_workday(dt.date(2041, 10, 1))
        assert not workdays.is_workday(dt.date(2041, 10, 5))
        assert workdays.is_workday(dt.date(2041, 6, 5))
        assert not workdays.is_workday(dt.date(2041, 6, 8))
    assert [(entry["event"], entry["year"]) for entry in logged] == [("workdays_guessed", 2041)]
    with capture_logs() as logged:
        assert workdays.is_workday(dt.date(2026, 10, 10))
    assert logged == []


def test_search_in_a_calendar_without_an_opening_ends_with_an_error() -> None:
    with pytest.raises(ValueError, match="closed"):
        calendar(workday=[]).add(local("2026-03-02 09:00"), hours(1))
    with pytest.raises(ValueError, match="backwards"):
        calendar().add(local("2026-03-02 09:00"), hours(-1))


ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
]
MINUTES = st.integers(0, 1440)


@st.composite
def spans(draw: st.DrawFn, least: int = 0) -> list[Span]:
    cuts = sorted(draw(st.sets(MINUTES, min_size=2 * least, max_size=6)))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    if draw(st.integers(0, 9)) == 0:
        return calendar(draw(st.sampled_from(ZONES)), [], round_the_clock=True)
    days = draw(st.dictionaries(st.dates(dt.date(2017, 1, 1), dt.date(2026, 12, 31)), spans(), max_size=3))
    return calendar(draw(st.sampled_from(ZONES)), draw(spans(1)), draw(spans()), days)


# Around the days on which clocks are put forward and back, at midnight among others (Beirut, São Paulo until 2018).
MOMENTS = st.one_of(
    st.datetimes(datetime(2017, 1, 1), datetime(2026, 12, 1)),  # noqa: DTZ001 - the zone follows
    st.builds(
        lambda base, minutes: base + timedelta(minutes=minutes),
        st.sampled_from(
            [
                datetime(2026, 3, 29, 1),  # noqa: DTZ001
                datetime(2026, 10, 25, 1),  # noqa: DTZ001
                datetime(2026, 3, 8, 7),  # noqa: DTZ001
                datetime(2018, 11, 4, 3),  # noqa: DTZ001
                datetime(2026, 3, 28, 22),  # noqa: DTZ001
                datetime(2026, 4, 4, 15),  # noqa: DTZ001
            ]
        ),
        st.integers(-3000, 3000),
    ),
).map(lambda moment: moment.replace(tzinfo=UTC))
DURATIONS = st.integers(0, 60 * 60 * 60).map(lambda seconds: timedelta(seconds=seconds))


@settings(max_examples=300, deadline=None)
@given(calendars(), MOMENTS, DURATIONS)
def test_between_is_the_inverse_of_add(given: BusinessCalendar, moment: datetime, business: timedelta) -> None:
    ends = given.add(moment, business)
    assert ends >= moment
    assert given.between(moment, ends) == business
    if business:
        assert given.between(moment, ends - timedelta(seconds=1)) < business


@settings(max_examples=300, deadline=None)
@given(calendars(), MOMENTS, MOMENTS, DURATIONS, DURATIONS)
def test_end_of_business_time_grows_with_begin_and_length(
    given: BusinessCalendar, one: datetime, other: datetime, short: timedelta, long: timedelta
) -> None:
    earlier, later = sorted((one, other))
    less, more = sorted((short, long))
    assert given.add(earlier, less) <= given.add(later, less)
    assert given.add(earlier, less) <= given.add(earlier, more)
    assert given.add(given.add(earlier, less), more) == given.add(earlier, less + more)


@settings(max_examples=200, deadline=None)
@given(calendars(), MOMENTS, DURATIONS, DURATIONS)
def test_business_time_is_additive_and_at_most_real_time(
    given: BusinessCalendar, moment: datetime, first: timedelta, second: timedelta
) -> None:
    middle, ends = moment + first, moment + first + second
    assert given.between(moment, middle) + given.between(middle, ends) == given.between(moment, ends)
    assert given.between(moment, ends) <= ends - moment


@settings(max_examples=200, deadline=None)
@given(calendars(), MOMENTS)
def test_calendar_is_open_where_business_time_passes(given: BusinessCalendar, moment: datetime) -> None:
    # Offsets of one zone or another end within a minute, never within a second.
    moment = moment.replace(microsecond=0)
    second = timedelta(seconds=1)
    assert given.is_open(moment) == (given.between(moment, moment + second) == second)
