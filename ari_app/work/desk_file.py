"""Data of `callflows/desk.yaml`: what agents choose from."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError, field_validator

from ari_app.queues.rules import ChoiceText
from crm.kinds import TicketKind
from dev.paths import PROJECT
from foundation.findings import Finding
from foundation.yaml_files import broken_rules, plain, read_yaml

DESK_FILE = "desk.yaml"
SHIPPED = PROJECT / "callflows" / DESK_FILE


class PauseReason(ChoiceText, frozen=True):
    """Reason of a pause that agents may choose."""

    limit_minutes: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    """Longest usual pause; None: it may last."""
    planned: bool = False
    """The shift plan has room for it, as for meals; reports of adherence keep the two apart."""


class IntakeField(StrEnum):
    """Part of a ticket that an intake script asks for."""

    PROBLEM = "problem"
    ADDRESS = "address"
    NAME = "name"
    NUMBER = "number"


class IntakeWords(BaseModel, extra="forbid", frozen=True):
    """Words of the agent in both languages; `{value}` is the answer."""

    zh: Annotated[str, Field(min_length=1, max_length=300)]
    en: Annotated[str, Field(min_length=1, max_length=300)]


class IntakeStep(BaseModel, extra="forbid", frozen=True):
    """Question of an intake script."""

    field: IntakeField
    ask: IntakeWords
    read_back: IntakeWords | None = None
    """Words that read the answer back for confirmation (H9)."""


class IntakeScript(BaseModel, extra="forbid", frozen=True):
    """Questions for the matters of some queues and kinds."""

    queues: tuple[str, ...] = ()
    """Empty: all."""
    kinds: tuple[TicketKind, ...] = ()
    """Empty: all."""
    steps: Annotated[tuple[IntakeStep, ...], Field(min_length=1, max_length=20)]

    def fits(self, queue: str | None, kind: TicketKind | None) -> bool:
        """Return whether the script is for a queue and a kind."""
        return (not self.queues or queue in self.queues) and (not self.kinds or kind in self.kinds)


class _File(BaseModel, extra="forbid"):
    intake: Annotated[list[IntakeScript], Field(max_length=50)] = []
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
    intake: tuple[IntakeScript, ...] = ()

    def reason(self, code: str | None) -> PauseReason | None:
        """Return a reason that agents may choose."""
        return next((one for one in self.reasons if one.code == code), None)

    def is_planned(self, code: str | None) -> bool:
        """Return whether pauses for a reason are planned."""
        found = self.reason(code)
        return found is not None and found.planned

    def is_over(self, code: str | None, paused_ms: int) -> bool:
        """Return whether a pause is longer than its reason allows."""
        found = self.reason(code)
        return found is not None and found.limit_minutes is not None and paused_ms >= found.limit_minutes * 60_000

    def intake_steps(self, queue: str | None, kind: TicketKind | None) -> list[IntakeStep]:
        """Return the steps of the first script that fits."""
        return next(([*script.steps] for script in self.intake if script.fits(queue, kind)), [])


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
    return DeskChoices(tuple(file.not_ready_reasons), tuple(file.intake)), []
