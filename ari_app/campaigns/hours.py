"""When people may be called: between two hours of the called party's day (R3, R5)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field


class CallingHours(BaseModel, frozen=True):
    """From an hour until an hour, local time; from == 0 and until == 24 is always."""

    time_zone: str
    from_hour: int = Field(ge=0, le=23)
    until_hour: int = Field(ge=1, le=24)

    def allowed(self, moment: datetime) -> bool:
        """Whether a call may be placed at this moment."""
        return self.from_hour <= moment.astimezone(ZoneInfo(self.time_zone)).hour < self.until_hour

    def next_allowed(self, moment: datetime) -> datetime:
        """The moment itself where it is allowed, else the next opening."""
        if self.allowed(moment):
            return moment
        local = moment.astimezone(ZoneInfo(self.time_zone))
        opening = local.replace(hour=self.from_hour, minute=0, second=0, microsecond=0)
        if local.hour >= self.until_hour:
            opening += timedelta(days=1)
        return opening.astimezone(moment.tzinfo)
