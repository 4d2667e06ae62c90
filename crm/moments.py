"""Times as people enter them: with their zone, and such that every database can store them."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    if not EARLIEST.year <= moment.year <= LATEST.year:
        # The last hours of the calendar in another zone cannot even be converted.
        raise ValueError(f"must be between {EARLIEST.year} and {LATEST.year}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its zone, kept in UTC."""
