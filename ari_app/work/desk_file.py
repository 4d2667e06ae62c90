"""Data of `callflows/desk.yaml`: what agents choose from."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError, field_validator

from ari_app.queues.settings import ChoiceText
from dev.paths import PROJECT
from foundation.findings import Finding
from foundation.yaml_files import broken_rules, plain, read_yaml

DESK_FILE = "desk.yaml"
SHIPPED = PROJECT / "callflows" / DESK_FILE


class PauseReason(ChoiceText, frozen=True):
    """Reason of a pause that agents may choose."""

    limit_minutes: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    """Longest usual pause; None: it may last."""


class _File(BaseModel, extra="forbid"):
    not_ready_reasons: Annotated[list[PauseReason], Field(min_length=1, max_length=30)]

    @field_validator("not_ready_reasons")
    @classmethod
    def _unique(cls, reasons: list[PauseReason]) -> list[PauseReason]:
        twice = [code for code, times in Counter(one.code for one in reasons).items() if times > 1]
        if twice:
            raise ValueError(f"each code once, not {', '.join(twice)}")
        return reasons


@dataclass(frozen=True)
class DeskChoices:
    """Choices that all desks offer."""

    reasons: tuple[PauseReason, ...] = ()


def read_desk(folder: Path) -> tuple[DeskChoices, list[Finding]]:
    """Return the choices of a folder, else the shipped ones, and findings."""
    path = folder / DESK_FILE
    document, findings = read_yaml(path if path.exists() else SHIPPED)
    if findings:
        return DeskChoices(), findings
    try:
        file = _File.model_validate(plain(document))
    except ValidationError as error:
        found = [Finding(DESK_FILE, line, rule, message) for line, rule, message in broken_rules(document, error)]
        return DeskChoices(), found
    return DeskChoices(tuple(file.not_ready_reasons)), []
