"""Rules of a queue's calls back: attempts, and times to choose from."""

from collections import Counter
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field, model_validator

from crm.sla.hours import OpenSpan


class WindowDay(StrEnum):
    """Day of a window, seen from the call."""

    TODAY = "today"
    TOMORROW = "tomorrow"


class CallBackWindow(OpenSpan, frozen=True):
    """Time of day in which a caller may be called back."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    zh: str = Field(min_length=1, max_length=30)
    en: str = Field(min_length=1, max_length=30)
    """Said to the caller, and shown at the desk."""
    day: WindowDay = WindowDay.TODAY


class CallBackRules(BaseModel, extra="forbid", frozen=True):
    """Attempts to call a caller back, and the time between them."""

    attempts: int = Field(default=3, ge=1, le=10)
    """So many calls without an answer, and the caller is left to the list of missed callers."""
    retry_s: float = Field(default=600.0, ge=10, le=86_400)
    """Time from an unanswered call to the next one."""
    windows: tuple[CallBackWindow, ...] = Field(default=(), max_length=3)
    """Callers choose one with the keys 2 to 4, or with 1 as soon as possible. None: not asked."""

    @model_validator(mode="after")
    def _codes(self) -> Self:
        twice = [code for code, times in Counter(one.code for one in self.windows).items() if times > 1]
        if twice:
            raise ValueError(f"windows: each code once, not {', '.join(twice)}")
        return self
