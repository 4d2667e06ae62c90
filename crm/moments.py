"""Times that people enter, within the range of every database."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    # The last hours of the calendar in another zone cannot even be converted.
    _check_year(moment)
    return moment.astimezone(UTC)


def _check_year(day: date) -> date:
    if not EARLIEST.year <= day.year <= LATEST.year:
        raise ValueError(f"must be between {EARLIEST.year} and {LATEST.year}")
    return day


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    Field(json_schema_extra={"formatMinimum": EARLIEST.isoformat(), "formatMaximum": LATEST.isoformat()}),
]
"""A time with its zone, kept in UTC."""

Day = Annotated[
    date,
    AfterValidator(_check_year),
    Field(
        json_schema_extra={
            "formatMinimum": EARLIEST.date().isoformat(),
            "formatMaximum": LATEST.date().isoformat(),
        }
    ),
]
"""A day of the calendar."""
