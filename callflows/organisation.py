"""Organisation of `callflows/organisation.yaml`: name, hours, own days."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml.comments import CommentedMap

from crm.sla.hours import ALWAYS, WorkingHours
from foundation.findings import Finding
from foundation.workdays import OwnDays
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml
from ivr.grammar_base import Name

ORDINARY = "greeting"
"""The greeting of a day without its own."""
LONGEST_RANGE_DAYS = 400
LEAP_YEAR = 2024
"""A year with every day that a year can have."""

HolidayName = Literal[
    "new_years_day",
    "spring_festival",
    "tomb_sweeping_day",
    "labour_day",
    "dragon_boat_festival",
    "mid_autumn_festival",
    "national_day",
]


def _text(written: object) -> object:
    """Return a day as text: YAML reads 2026-12-24 as a date."""
    return written.isoformat() if isinstance(written, dt.date) else written


When = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")]
"""A day: 2026-12-24, or 12-24 of every year."""
Said = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^{}\n]+$")]


class Names(BaseModel, extra="forbid", frozen=True):
    """Name of the organisation by language."""

    zh: Said
    en: Said


class Days(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """Days from one to another, once or in every year."""

    first: Annotated[When | None, Field(alias="from")] = None
    until: When | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Days":
        if self.first is None:
            if self.until is not None:
                raise ValueError("until needs from")
            return self
        last = self.until or self.first
        if len(last) != len(self.first):
            raise ValueError("from and until are written alike: both with their year, or both for every year")
        begins, ends = _day(self.first), _day(last)
        if not self._yearly and not 0 <= (ends - begins).days <= LONGEST_RANGE_DAYS:
            raise ValueError("until must not be before from, nor more than 400 days after it")
        return self

    @property
    def _yearly(self) -> bool:
        return self.first is not None and len(self.first) == len("12-24")

    def holds(self, day: dt.date) -> bool:
        """Tell whether a day is one of these."""
        if self.first is None:
            return False
        last = self.until or self.first
        text = day.isoformat()[-len(self.first) :]
        # A season of every year may pass New Year.
        return self.first <= text <= last if self.first <= last else text >= self.first or text <= last


class OwnHoliday(Days, frozen=True):
    """Days off beside those that the state publishes, or days worked."""

    workday: bool = False
    holiday: HolidayName | None = None
    """The statutory holiday that these days are, for their greeting."""

    @model_validator(mode="after")
    def _of_one_year(self) -> "OwnHoliday":
        if self.first is None:
            raise ValueError("from: this is required")
        if self.workday and self.holiday is not None:
            raise ValueError("a workday is no holiday")
        return self


class Season(Days, frozen=True):
    """Named part of the year."""

    name: Name


class Greeting(Days, frozen=True):
    """Greeting of a holiday, a season, or days."""

    greeting: Name
    holiday: HolidayName | None = None
    season: Name | None = None

    @model_validator(mode="after")
    def _one_reason(self) -> "Greeting":
        if sum(reason is not None for reason in (self.first, self.holiday, self.season)) != 1:
            raise ValueError("write one of from, holiday and season")
        return self


class Organisation(BaseModel, extra="forbid", frozen=True):
    """Everything in the file."""

    name: Names
    hours: WorkingHours = ALWAYS
    holidays: list[OwnHoliday] = []
    whole_years: list[Annotated[int, Field(ge=2000, le=2200)]] = []
    seasons: list[Season] = []
    greetings: list[Greeting] = []

    @property
    def names(self) -> dict[str, str]:
        """Return the name by language."""
        return {"zh": self.name.zh, "en": self.name.en}

    @property
    def greeting_names(self) -> frozenset[str]:
        """Return every greeting that a day may have."""
        return frozenset({ORDINARY, *(one.greeting for one in self.greetings)})

    def own_days(self) -> OwnDays:
        """Return the own holidays and workdays."""
        return OwnDays(
            tuple((one.holds, one.workday, one.holiday) for one in self.holidays), frozenset(self.whole_years)
        )


def read_organisation(path: Path) -> tuple[Organisation | None, list[Finding]]:
    """Return the organisation of a file, and the findings."""
    document, findings = read_yaml(path)
    if findings:
        return None, findings
    if not isinstance(document, CommentedMap):
        return None, [Finding(path.name, 1, "no-organisation", "the file must be a mapping with the name")]
    try:
        found = Organisation.model_validate(plain(document))
    except ValidationError as error:
        return None, [Finding(path.name, *broken) for broken in broken_rules(document, error)]
    seasons = {season.name for season in found.seasons}
    for index, greeting in enumerate(found.greetings):
        if greeting.season is not None and greeting.season not in seasons:
            line = line_inside(document, ("greetings", index, "season"))
            message = f"greetings.{index}.season: there is no season {greeting.season}"
            findings.append(Finding(path.name, line, "unknown-value", message))
    return found, findings


def _day(text: str) -> dt.date:
    """Return a day; a yearly one as that of a leap year."""
    return dt.date.fromisoformat(text if len(text) == len("2026-12-24") else f"{LEAP_YEAR}-{text}")
