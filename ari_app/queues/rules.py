"""Routing rules of a queue: needed skills, relaxed during the wait."""

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import BaseModel, Field, model_validator

from crm.staff.skills import SkillLevel, SkillName
from ivr.grammar_base import CallerWord


class ChoiceText(BaseModel, extra="forbid", frozen=True):
    """Choice of an agent in both languages."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    zh: str = Field(min_length=1, max_length=40)
    en: str = Field(min_length=1, max_length=40)


class NeedStep(BaseModel, extra="forbid", frozen=True):
    """Skills that a caller's agent must have, for a time."""

    skills: Mapping[SkillName, SkillLevel] = Field(min_length=1, max_length=5)
    """The lowest level of each."""
    for_s: float | None = Field(default=None, ge=1, le=7200)
    """So long, then the next step; after the last one any agent. None, in the last step: for good."""

    @property
    def need(self) -> str:
        """Return the skills as the match compares them."""
        return ",".join(f"{name}={level}" for name, level in sorted(self.skills.items()))


class RoutingRule(BaseModel, extra="forbid", frozen=True):
    """Needs of callers who brought certain words from the flow."""

    asks: tuple[CallerWord, ...] = Field(default=(), max_length=5)
    """All of them: words of the flow's queue step, or the caller's language. None: the rule is for every caller."""
    steps: tuple[NeedStep, ...] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _only_the_last_stays(self) -> Self:
        if any(step.for_s is None for step in self.steps[:-1]):
            raise ValueError("steps: each but the last must say for_s")
        return self

    def starts(self) -> Iterator[tuple[int, str]]:
        """Yield when each need begins, in milliseconds of waiting; '' is any agent."""
        after_ms = 0
        for step in self.steps:
            yield after_ms, step.need
            if step.for_s is None:
                return
            after_ms += int(step.for_s * 1000)
        yield after_ms, ""
