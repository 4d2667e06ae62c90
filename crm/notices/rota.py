"""Recipients on duty at a moment: ordinary week and exceptions. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, model_validator
from pydantic import Field as InputField

from crm.notices.model import DutyOverride
from crm.text import Id


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("must be a time zone such as Asia/Shanghai") from error
    return name


TimeZone = Annotated[str, InputField(min_length=1, max_length=60), AfterValidator(_known_zone)]
Recipients = Annotated[list[Id], InputField(max_length=50)]


class Shift(BaseModel, extra="forbid"):
    """Hours of every week.

    A shift that ends before it begins ends on the next day; at 00:00, with the day.
    """

    weekday: int = InputField(ge=1, le=7)
    """The day of its begin by ISO 8601: 1 is Monday."""
    from_time: time
    until_time: time
    recipient_ids: Recipients = InputField(min_length=1)

    @model_validator(mode="after")
    def _hours_of_a_day(self) -> "Shift":
        for name, clock in (("from_time", self.from_time), ("until_time", self.until_time)):
            if clock.tzinfo is not None:
                raise ValueError(f"{name} must name no time zone: it is of the rota's")
        return self

    def covers(self, moment: datetime) -> bool:
        """Return whether a local moment lies in the shift.

        Equal times mean a whole day.
        """
        return any(self._begins(day) <= moment < self._ends(day) for day in self._days(moment))

    def _days(self, moment: datetime) -> Iterable[date]:
        near = (moment.date() - timedelta(days=1), moment.date())
        return (day for day in near if day.isoweekday() == self.weekday)

    def _begins(self, day: date) -> datetime:
        return datetime.combine(day, self.from_time)

    def _ends(self, day: date) -> datetime:
        last = day if self.until_time > self.from_time else day + timedelta(days=1)
        return datetime.combine(last, self.until_time)


def on_duty(
    time_zone: str, shifts: Sequence[Shift], overrides: Sequence[DutyOverride], moment: datetime
) -> list[str] | None:
    """Return the ids of recipients on duty; None outside the rota.

    An exception replaces the week, and a later exception an earlier one. By the wall clock: a shift lasts from its hour
    to its hour also on the night when the clock changes.
    """
    exceptions = [one for one in overrides if one.from_at <= moment < one.until_at]
    if exceptions:
        return list(max(exceptions, key=lambda one: (one.created_at, one.id)).recipient_ids)
    wall = moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    found = [recipient for shift in shifts if shift.covers(wall) for recipient in shift.recipient_ids]
    return list(dict.fromkeys(found)) or None
