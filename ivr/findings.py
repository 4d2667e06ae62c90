"""Problems of flows and prompts, with file and line."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from foundation.problems import FieldProblem, Invalid


class Severity(StrEnum):
    """Effect of a finding: the flows are refused or not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """One fault in one place. `line` counts from 1."""

    file: str
    line: int
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.message}"


class FlowsInvalid(Invalid):
    """Refusal of the flows as a whole; those in use stay."""

    slug: ClassVar[str] = "flows-invalid"
    title: ClassVar[str] = "The call flows have errors"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__(
            "\n".join(map(str, findings)),
            [FieldProblem(field=f"{finding.file}:{finding.line}", rule=finding.message) for finding in findings],
        )
