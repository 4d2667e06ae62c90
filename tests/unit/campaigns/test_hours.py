"""R3, R5: calls only within the hours of the customer's clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ari_app.campaigns.actions import call_again_at
from ari_app.campaigns.hours import CallingHours

SHANGHAI = CallingHours(time_zone="Asia/Shanghai", from_hour=8, until_hour=21)


@pytest.mark.parametrize(
    ("utc", "opening"),
    [
        (datetime(2026, 11, 22, 12, 59, 59, tzinfo=UTC), datetime(2026, 11, 22, 12, 59, 59, tzinfo=UTC)),
        (datetime(2026, 11, 22, 13, 0, 0, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 22, 19, 30, tzinfo=UTC), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
    ],
)
def test_the_next_moment_to_call(utc: datetime, opening: datetime) -> None:
    assert SHANGHAI.next_allowed(utc) == opening


@given(
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
)
def test_the_next_moment_is_always_allowed_and_never_in_the_past(moment: datetime, zone: str) -> None:
    hours = CallingHours(time_zone=zone, from_hour=9, until_hour=20)

    opening = hours.next_allowed(moment)

    assert hours.allowed(opening)
    assert opening >= moment


@pytest.mark.parametrize(("from_hour", "until_hour"), [(21, 8), (8, 8), (23, 1)])
def test_hours_over_midnight_are_refused(from_hour: int, until_hour: int) -> None:
    """Understood as written, no survey was ever placed."""
    with pytest.raises(ValidationError, match="from_hour must be before until_hour"):
        CallingHours(time_zone="Asia/Shanghai", from_hour=from_hour, until_hour=until_hour)


@pytest.mark.parametrize(
    ("asked", "when", "called"),
    [
        ("11-29 10:00", "evening", "11-29 19:00"),
        ("11-29 18:30", "evening", "11-29 19:30"),
        ("11-29 18:59", "evening", "11-29 19:59"),
        ("11-29 19:00", "evening", "11-29 20:00"),
        ("11-29 19:01", "evening", "11-29 20:01"),
        ("11-29 20:30", "evening", "11-29 20:45"),
        ("11-29 20:50", "evening", "11-30 10:00"),
        ("11-29 10:00", "hour", "11-29 11:00"),
        ("11-29 20:30", "hour", "11-30 08:00"),
        ("11-29 10:00", "tomorrow", "11-30 10:00"),
    ],
)
def test_h10_the_customer_is_called_at_the_chosen_time(asked: str, when: str, called: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    at = datetime.strptime(f"2026-{asked}", "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    chosen = SHANGHAI.next_allowed(call_again_at(when, at, zone, SHANGHAI))
    assert chosen.astimezone(zone).strftime("%m-%d %H:%M") == called


def test_this_evening_is_skipped_where_calls_end_before_it() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    hours = CallingHours(time_zone="Asia/Shanghai", from_hour=8, until_hour=12)
    at = datetime(2026, 11, 29, 11, 50, tzinfo=zone)
    assert call_again_at("evening", at, zone, hours) == datetime(2026, 11, 30, 10, tzinfo=zone)
