"""R3, R5: nobody is called outside the hours, by the clock on his wall."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
