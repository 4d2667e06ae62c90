"""Reader of flow files: model and line numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from foundation.findings import Finding
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml
from ivr.grammar import KINDS, AskStep, Flow
from ivr.grammar_base import REPLAY, PromptUse, Step

MOST_STEPS = 500
DEEPEST_INLINE = 4


@dataclass
class Lines:
    """Line numbers of the parts of a file."""

    head: dict[str, int] = field(default_factory=dict)
    """The line of each key of the file itself."""
    steps: dict[str, tuple[CommentedMap, int]] = field(default_factory=dict)
    """Each step's mapping as written, and the line where the step begins."""

    def of(self, step: str, *path: str | int) -> int:
        """Return the line of a step, or of a part inside it."""
        if step not in self.steps:
            # A step that was derived from another, such as the read-back of a number.
            step = step.rpartition(".")[0]
        if step not in self.steps:
            return 1
        node, line = self.steps[step]
        return line_inside(node, path, line)


@dataclass
class FlowFile:
    """Result of reading a file: a flow, or findings."""

    path: Path
    flow: Flow | None
    lines: Lines
    findings: list[Finding]
    readable: Flow | None = None
    """The parts that could be read of a file with findings, to be checked by themselves."""


def read_flow(path: Path) -> FlowFile:
    """Read one file. It never raises for what the file holds."""
    document, findings = read_yaml(path)
    reader = _Reader(path)
    if not findings:
        reader.read(document)
    flow = reader.flow if not (findings or reader.findings) else None
    readable = reader.flow if flow is None else None
    return FlowFile(path, flow, reader.lines, findings + reader.findings, readable)


class _Reader:
    """Reading of one file: inline steps, each step, then the flow."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = Lines()
        self.findings: list[Finding] = []
        self.flow: Flow | None = None

    def read(self, document: Any) -> None:
        if not isinstance(document, CommentedMap):
            self._refuse(1, "no-flow", "a flow file is a mapping with flow, start and steps")
            return
        written = document.get("steps")
        if not isinstance(written, CommentedMap) or not written:
            self._refuse(
                line_inside(document, ("steps",), 1), "no-flow", "steps: a flow needs a mapping of at least one step"
            )
            return
        self.lines.head = {str(key): line_inside(document, (key,), 1) for key in document}
        raw: dict[str, Any] = {}
        for name, step in written.items():
            self._take_out(str(name), step, line_inside(written, (name,), 1), raw, 0)
        if len(raw) > MOST_STEPS:
            self._refuse(1, "too-many-steps", f"a flow has at most {MOST_STEPS} steps; split it with goto")
            return
        steps = dict(_with_read_backs({name: model for name in raw if (model := self._step(name, raw[name]))}))
        head = {key: plain(value) for key, value in document.items() if key != "steps"}
        try:
            flow = Flow.model_validate({**head, "steps": steps})
        except ValidationError as error:
            for line, rule, message in broken_rules(document, error):
                self._refuse(line, rule, message)
        else:
            self.flow = flow

    def _take_out(self, name: str, step: Any, line: int, raw: dict[str, Any], depth: int) -> None:
        """Name every step inside another, `menu.1`: a cursor names places."""
        if not isinstance(step, CommentedMap):
            self._refuse(line, "no-step", f"step {name}: write a mapping such as `{{ say: greeting, next: menu }}`")
            return
        if depth > DEEPEST_INLINE or len(raw) > MOST_STEPS:
            self._refuse(line, "too-many-steps", f"step {name}: too many steps inside each other; give them names")
            return
        self.lines.steps[name] = (step, line)
        raw[name] = None
        found = {key: plain(value) for key, value in step.items()}
        for suffix, path, inner in _inline(step):
            inner_name = f"{name}.{suffix}"
            self._take_out(inner_name, inner, line_inside(step, path, line), raw, depth + 1)
            _replace(found, path, inner_name)
        raw[name] = found

    def _step(self, name: str, raw: Any) -> Step | None:
        if raw is None:
            return None
        node, line = self.lines.steps[name]
        kinds = [kind for kind in KINDS if kind in raw]
        if kinds == ["hangup", "say"]:
            kinds = ["hangup"]
        if len(kinds) != 1:
            found = f"both {' and '.join(kinds)}" if kinds else "none of them"
            self._refuse(
                line, "kind-of-step", f"step {name}: one key names the kind, of {', '.join(KINDS)}; this has {found}"
            )
            return None
        try:
            return KINDS[kinds[0]].model_validate(_without_replay(name, raw))
        except ValidationError as error:
            for where, rule, message in broken_rules(node, error, line):
                self._refuse(where, rule, f"step {name}: {message}")
            return None

    def _refuse(self, line: int, rule: str, message: str) -> None:
        self.findings.append(Finding(self.path.name, line, rule, message))


def _with_read_backs(steps: Mapping[str, Step]) -> Iterator[tuple[str, Step]]:
    """Add a read-back step after each number to be confirmed."""
    for name, step in steps.items():
        if not isinstance(step, AskStep) or step.confirm is None or step.next is None:
            yield name, step
            continue
        read_back = f"{name}.confirm"
        yield name, step.model_copy(update={"next": read_back})
        yield (
            read_back,
            AskStep(
                ask=(PromptUse(prompt=step.confirm),),
                keys={"1": step.next, "2": name},
                otherwise=step.next,
            ),
        )


def _inline(step: Mapping[Any, Any]) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Return the steps inside a step: suffix, path, step."""
    for name, value in step.items():
        if not isinstance(value, Mapping):
            continue
        if name in {"next", "otherwise", "failed"}:
            yield name, (name,), value
        elif name in {"keys", "when"}:
            for number, (key, target) in enumerate(value.items(), start=1):
                if isinstance(target, Mapping):
                    yield str(key) if name == "keys" else f"when{number}", (name, key), target


def _replace(step: dict[Any, Any], path: Sequence[Any], name: str) -> None:
    if len(path) == 1:
        step[path[0]] = name
    else:
        step[path[0]][plain(path[1])] = name


def _without_replay(name: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """`replay` leads back to the step itself."""
    keys = raw.get("keys")
    if not isinstance(keys, Mapping):
        return dict(raw)
    return {**raw, "keys": {key: name if target == REPLAY else target for key, target in keys.items()}}
