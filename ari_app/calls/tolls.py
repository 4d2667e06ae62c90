"""Toll rules: who may call which class of numbers, and how often."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from dev.paths import PROJECT
from foundation.findings import Finding, Severity
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml

OUTSIDE_FILE = "outside.yaml"
SHIPPED = PROJECT / "callflows" / OUTSIDE_FILE


class NumberClass(StrEnum):
    """Cost class of an outside number."""

    LOCAL = "local"
    LONG_DISTANCE = "long_distance"
    MOBILE = "mobile"
    FREE = "free"
    FOREIGN = "foreign"
    PREMIUM = "premium"
    """Costs extra: premium, shared cost, and numbers of unknown cost."""


class Purpose(StrEnum):
    """Reason for which an outside number is called."""

    AGENT = "agents"
    DUTY = "duty"
    """A department's number on duty."""
    SERVICE = "service"
    """A survey, or a call back that the service dials."""


_ORDINARY = (NumberClass.LOCAL, NumberClass.LONG_DISTANCE, NumberClass.MOBILE)
_TYPES = {
    PhoneNumberType.MOBILE: NumberClass.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberClass.MOBILE,
    PhoneNumberType.FIXED_LINE: NumberClass.LONG_DISTANCE,
    PhoneNumberType.TOLL_FREE: NumberClass.FREE,
}
Short = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,8}$")]
Beginning = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,14}$")]
Shown = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,15}$")]


class Open(BaseModel, extra="forbid", frozen=True):
    """Classes that are open for a purpose."""

    open: frozenset[NumberClass] = frozenset(_ORDINARY)


class OpenToAgents(Open, frozen=True):
    """Classes that are open for agents, and the caps of one agent."""

    at_once: Annotated[int, Field(ge=0, le=1000)] = 3
    a_day: Annotated[int, Field(ge=0, le=100_000)] = 200


class TollRules(BaseModel, extra="forbid", frozen=True):
    """Rules of `callflows/outside.yaml`."""

    agents: OpenToAgents = OpenToAgents()
    duty: Open = Open()
    service: Open = Open()
    at_once: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Of all agents."""
    a_day: Annotated[int, Field(ge=0, le=10_000_000)] = 2000
    """Of all agents."""
    opened: frozenset[Short] = frozenset()
    closed: tuple[Beginning, ...] = ()
    shown_numbers: tuple[Shown, ...] = ()

    def opens(self, purpose: Purpose) -> frozenset[NumberClass]:
        """Return the classes that are open for a purpose."""
        rules: dict[Purpose, Open] = {
            Purpose.AGENT: self.agents,
            Purpose.DUTY: self.duty,
            Purpose.SERVICE: self.service,
        }
        return rules[purpose].open


@dataclass(frozen=True)
class Place:
    """Country and area of the service."""

    region: str
    area_code: str = ""

    def number_class(self, parsed: PhoneNumber) -> NumberClass:
        """Return the cost class of a valid number."""
        kind = phonenumbers.number_type(parsed)
        known = _TYPES.get(kind, NumberClass.PREMIUM)
        if known is NumberClass.PREMIUM:
            return known
        if parsed.country_code != phonenumbers.country_code_for_region(self.region):
            return NumberClass.FOREIGN
        if kind is PhoneNumberType.FIXED_LINE and self._is_local(parsed):
            return NumberClass.LOCAL
        return known

    def _is_local(self, parsed: PhoneNumber) -> bool:
        area = self.area_code.lstrip("0")
        return bool(area) and phonenumbers.national_significant_number(parsed).startswith(area)


def read_outside(folder: Path) -> tuple[TollRules, list[Finding]]:
    """Return a folder's toll rules, else the shipped ones, and findings."""
    path = folder / OUTSIDE_FILE
    document, findings = read_yaml(path if path.exists() else SHIPPED)
    if findings:
        return TollRules(), findings
    try:
        rules = TollRules.model_validate(plain(document))
    except ValidationError as error:
        found = [Finding(OUTSIDE_FILE, line, rule, message) for line, rule, message in broken_rules(document, error)]
        return TollRules(), found
    return rules, [
        Finding(
            OUTSIDE_FILE,
            line_inside(document, [purpose.value, "open"]),
            "costly-class",
            f"{one.value} numbers are open for {purpose.value}: an intruder would call them at your cost",
            Severity.WARNING,
        )
        for purpose in Purpose
        for one in sorted(rules.opens(purpose) & {NumberClass.FOREIGN, NumberClass.PREMIUM})
    ]
