"""Verdicts on the configuration."""

from pydantic import BaseModel

from crm.reports.standards import Light


class Rule(BaseModel, frozen=True):
    """Rule for flows and queues."""

    name: str
    zh: str
    en: str
    source_zh: str
    source_en: str


class Evidence(BaseModel, frozen=True):
    """Flow or queue, and what was found in it."""

    of: str
    """Its name."""
    value: int
    """Keys, prompts or questions of a flow; 1 or 0 where a queue has what the rule asks for."""
    light: Light


class ConfiguredVerdict(Rule, frozen=True):
    """Rule with its worst light, and all that was looked at."""

    light: Light
    evidence: list[Evidence]


def verdict(rule: Rule, evidence: list[Evidence]) -> ConfiguredVerdict:
    """Return the verdict of a rule: the worst light counts."""
    lights = {one.light for one in evidence}
    worst = next((light for light in (Light.RED, Light.AMBER, Light.GREEN) if light in lights), Light.GREY)
    return ConfiguredVerdict(**rule.model_dump(), light=worst, evidence=evidence)
