"""Standards for a hotline, and how its figures meet them. Pure."""

from enum import StrEnum

from pydantic import BaseModel

from crm.reports.model import CallLine


class Light(StrEnum):
    """Verdict of a rule."""

    GREEN = "green"
    AMBER = "amber"
    """Missed by little."""
    RED = "red"
    GREY = "grey"
    """Nothing to judge by."""


class Standard(BaseModel, frozen=True):
    """Rule of a standard: a share of calls that must be reached."""

    name: str
    zh: str
    en: str
    source_zh: str
    source_en: str
    part: str
    """Figure that is counted, among `base`."""
    base: str
    at_least: float
    """Percent."""
    amber_from: float


class Verdict(Standard, frozen=True):
    """Rule with the figures that it judges."""

    light: Light
    value: float | None
    """Percent; None without a base."""
    part_count: int
    base_count: int
    """The evidence: both figures in the time that was asked for."""


_NATIONAL = {"source_zh": "政务热线国家标准", "source_en": "national standard for government hotlines"}
_VOICE = {"source_zh": "通行做法 80/20", "source_en": "common practice, 80/20"}
STANDARDS = (
    Standard(
        name="connected",
        zh="接通率不低于 95%",
        en="at least 95 % of offered calls connected",
        part="answered",
        base="offered",
        at_least=95,
        amber_from=90,
        **_NATIONAL,
    ),
    Standard(
        name="answered_in_15_s",
        zh="接通的来电 15 秒内应答",
        en="connected calls answered within 15 s",
        part="answered_in_15_s",
        base="answered",
        at_least=95,
        amber_from=85,
        **_NATIONAL,
    ),
    Standard(
        name="level_80_20",
        zh="80% 的来电 20 秒内接通",
        en="80 % of offered calls answered within 20 s",
        part="answered_in_20_s",
        base="offered",
        at_least=80,
        amber_from=70,
        **_VOICE,
    ),
)


def judged(line: CallLine | None) -> list[Verdict]:
    """Return each rule's verdict on the figures of a time."""
    return [_judged(rule, line) for rule in STANDARDS]


def _judged(rule: Standard, line: CallLine | None) -> Verdict:
    part, base = (int(getattr(line, name)) for name in (rule.part, rule.base)) if line is not None else (0, 0)
    value = 100 * part / base if base else None
    return Verdict(
        **rule.model_dump(),
        light=_light(rule, value),
        # Judged as it is, shown with one digit.
        value=None if value is None else round(value, 1),
        part_count=part,
        base_count=base,
    )


def _light(rule: Standard, value: float | None) -> Light:
    if value is None:
        return Light.GREY
    if value >= rule.at_least:
        return Light.GREEN
    return Light.AMBER if value >= rule.amber_from else Light.RED
