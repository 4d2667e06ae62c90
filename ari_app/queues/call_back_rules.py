"""Rules of a queue's calls back."""

from pydantic import BaseModel, Field


class CallBackRules(BaseModel, extra="forbid", frozen=True):
    """Attempts to call a caller back, and the time between them."""

    attempts: int = Field(default=3, ge=1, le=10)
    """So many calls without an answer, and the caller is left to the list of missed callers."""
    retry_s: float = Field(default=600.0, ge=10, le=86_400)
    """Time from an unanswered call to the next one."""
