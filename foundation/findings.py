"""Findings in configuration files: file, line, rule, text."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from foundation.problems import FieldProblem, Invalid

FIRST_RULES = frozenset({"yaml", "unreadable"})
"""Rules of files that could not be read: what else is found may only follow from that."""


class Severity(StrEnum):
    """Effect of a finding: the configuration is refused or not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """One fault in one place. `line` counts from 1."""

    file: str
    line: int
    rule: str
    """Name of the broken rule in small letters, such as `no-such-step`."""
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        remark = " (warning)" if self.severity is Severity.WARNING else ""
        return f"{self.file}:{self.line}: {self.rule}: {self.message}{remark}"


class ConfigurationInvalid(Invalid):
    """Refusal of the configuration as a whole; the one in use stays."""

    slug: ClassVar[str] = "configuration-invalid"
    title: ClassVar[str] = "The configuration has errors"

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        super().__init__(
            "\n".join(map(str, self.findings)),
            [FieldProblem(field=f"{one.file}:{one.line}", rule=one.message) for one in self.findings],
        )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by place, each once.

    Those of files that could not be read come alone.
    """
    found = sorted(set(findings))
    return [one for one in found if one.rule in FIRST_RULES] or found


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that refuse the configuration."""
    return [one for one in findings if one.severity is Severity.ERROR]
