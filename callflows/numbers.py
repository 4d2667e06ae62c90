"""Access numbers of `callflows/numbers.yaml`, validated as a whole."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml.comments import CommentedSeq

from foundation.findings import Finding
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml
from ivr.grammar_base import Name

UNKNOWN_NUMBER_FLOW = "unknown_number"
"""Flow for callers of any other number."""


class AccessNumber(BaseModel, extra="forbid", frozen=True):
    """One number and its flow."""

    number: Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
    """As it arrives: digits, with a plus sign where the carrier sends one."""
    flow: Name


@dataclass(frozen=True)
class AccessNumbers:
    """Flows by the number dialled."""

    file: str = "numbers.yaml"
    flows: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Line of each number in the file."""

    def flow_of(self, dialled: str) -> str | None:
        """Return the flow of a dialled number; None for an unknown one."""
        return self.flows.get(dialled)

    def without_flow(self, flows: Collection[str]) -> Iterator[Finding]:
        """Yield the numbers of flows that do not exist."""
        for number, flow in self.flows.items():
            if flow not in flows:
                message = f"number {number}: there is no flow {flow}"
                yield Finding(self.file, self.lines[number], "no-such-flow", message)


def read_numbers(path: Path) -> tuple[AccessNumbers, list[Finding]]:
    """Return the valid numbers of a file, and the findings."""
    numbers = AccessNumbers(path.name)
    document, findings = read_yaml(path)
    if findings:
        return numbers, findings
    if not isinstance(document, CommentedSeq) or not document:
        return numbers, [Finding(path.name, 1, "no-numbers", "the file must be a list of numbers, with one at least")]
    for index, entry in enumerate(document):
        line = line_inside(document, (index,))
        try:
            found = AccessNumber.model_validate(plain(entry))
        except ValidationError as error:
            findings += [Finding(path.name, *broken) for broken in broken_rules(entry, error, line)]
            continue
        line = line_inside(entry, ("number",), line)
        if found.number in numbers.flows:
            findings.append(Finding(path.name, line, "taken-name", f"number: {found.number} must be unique, it is not"))
        numbers.flows.setdefault(found.number, found.flow)
        numbers.lines.setdefault(found.number, line)
    return numbers, findings
