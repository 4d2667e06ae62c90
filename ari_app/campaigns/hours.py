"""Hours in which customers may be called, by their own clock (R3, R5)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, model_validator


class CallingHours(BaseModel, frozen=True):
    """Hours of one day, local time; 0 to 24 is always.

    They do not go over midnight: no customer is called at night.
    """

    time_zone: str
    from_hour: int = Field(ge=0, le=23)
    until_hour: int = Field(ge=1, le=24)

    @model_validator(mode="after")
    def _one_day(self) -> "CallingHours":
        if self.from_hour >= self.until_hour:
            raise ValueError("from_hour must be before until_hour: calling hours do not go over midnight")
        return self

    def allowed(self, moment: datetime) -> bool:
        """Check whether a call may be placed at this moment."""
        return self.from_hour <= moment.astimezone(ZoneInfo(self.time_zone)).hour < self.until_hour

    def next_allowed(self, moment: datetime) -> datetime:
        """Return the moment itself where it is allowed, else the next opening."""
        if self.allowed(moment):
            return moment
        local = moment.astimezone(ZoneInfo(self.time_zone))
        opening = local.replace(hour=self.from_hour, minute=0, second=0, microsecond=0)
        if local.hour >= self.until_hour:
            opening += timedelta(days=1)
        return opening.astimezone(moment.tzinfo)

    def closing(self, moment: datetime) -> datetime:
        """Return when the hours of the moment's day end."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.until_hour == 24:
            return midnight + timedelta(days=1)
        return midnight.replace(hour=self.until_hour)
