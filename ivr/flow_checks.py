"""Checks of flows that could be read, with their surroundings."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from foundation.findings import Finding, Severity
from ivr.actions import Action
from ivr.endless_loops import silent_circles
from ivr.flow_file import FlowFile
from ivr.grammar import AskStep, DoStep, Flow, GotoStep, HangupStep, QueueStep
from ivr.grammar_base import REPLAY, PromptUse, Step
from ivr.graph import reachable, ways
from ivr.known_values import KnownValues
from ivr.prompts import PromptCatalogue


@dataclass(frozen=True)
class Vocabulary:
    """Names outside the flows that a flow may use.

    Names that are None are not known, and not checked.
    """

    actions: Mapping[str, Action]
    queues: frozenset[str] | None
    variables: frozenset[str]
    """Those that the call brings along, such as `call.number`; what actions and steps set is known from themselves."""
    prompts: frozenset[str] = frozenset()
    """Prompts that are spoken or shown outside flows, such as a caller's place in a queue."""
    kinds: frozenset[str] | None = None
    """Kinds of matters that a queue step may name."""
    ends: frozenset[str] | None = None
    """Words of `hangup`."""
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """All values of the variables that have a fixed set of them."""
    started: frozenset[str] | None = None
    """Flows that numbers and campaigns start."""


class FlowChecker:
    """One check of one folder."""

    def __init__(self, files: Iterable[FlowFile], catalogue: PromptCatalogue, vocabulary: Vocabulary) -> None:
        self._files = [file for file in files if file.flow is not None]
        self._partly_read = [(file, file.readable) for file in files if file.readable is not None]
        self._unread = any(file.flow is None for file in files)
        self._catalogue = catalogue
        self._vocabulary = vocabulary
        self.flows: dict[str, Flow] = {}
        for file in self._files:
            self.flows.setdefault(_flow(file).name, _flow(file))
        self._known = self._known_variables()
        self._values = KnownValues(self.flows.values(), vocabulary.values, vocabulary.actions)

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with flows that could be read."""
        for file in self._files:
            flow = _flow(file)
            yield from self._flow(file, flow)
            for name, step in flow.steps.items():
                yield from self._targets(file, name, step, flow.steps.keys())
                yield from self._names(file, name, step)
                yield from self._prompts(file, name, step, flow)
                yield from self._variables(file, name, step)
                for path, message in self._values.unknown(step):
                    yield _finding(file, name, "unknown-value", f"step {name}: {message}", path=path)
        for file, readable in self._partly_read:
            yield from self._readable(file, readable)
        yield from self._never_started()
        for flow_name, step_name in silent_circles(self.flows):
            file = next(file for file in self._files if _flow(file).name == flow_name)
            yield _finding(
                file,
                step_name,
                "endless-loop",
                f"step {step_name}: a caller who presses nothing goes round here for ever",
            )

    def _readable(self, file: FlowFile, flow: Flow) -> Iterator[Finding]:
        """Find faults of the steps that could be read."""
        written = file.lines.steps.keys() | flow.steps.keys()
        for name, step in flow.steps.items():
            yield from self._targets(file, name, step, written)
            yield from self._names(file, name, step)
            yield from self._prompts(file, name, step, flow)

    def _known_variables(self) -> frozenset[str]:
        known = set(self._vocabulary.variables)
        for file in self._files:
            for step in _flow(file).steps.values():
                known |= step.writes
                if isinstance(step, DoStep) and step.do in self._vocabulary.actions:
                    known |= self._vocabulary.actions[step.do].sets
        return frozenset(known)

    def _flow(self, file: FlowFile, flow: Flow) -> Iterator[Finding]:
        if flow.name != file.path.stem:
            message = f"the flow is named {flow.name}; name it {file.path.stem}, as its file is"
            yield _finding(file, "", "flow-name", message, line=file.lines.head.get("flow", 1))
        for key, name in (("start", flow.start), ("fallback", flow.fallback)):
            if name is not None and name not in flow.steps:
                yield _finding(
                    file, "", "no-such-step", f"{key}: there is no step {name}", line=file.lines.head.get(key, 1)
                )
        if flow.fallback is None:
            yield _finding(
                file,
                "",
                "no-fallback",
                "there is no fallback: a call whose step disappears by a change of the flow would be hung up",
                Severity.WARNING,
            )
        if flow.start in flow.steps:
            for name in flow.steps.keys() - reachable(flow):
                yield _finding(file, name, "unreachable-step", f"step {name}: no way leads here")

    def _targets(self, file: FlowFile, name: str, step: Step, written: Collection[str]) -> Iterator[Finding]:
        if name == REPLAY:
            yield _finding(
                file, name, "taken-name", f"step {name}: this name is taken: as a target it asks the same step again"
            )
        for way in ways(step):
            if way.target not in written:
                hint = ", which only a key can lead to" if way.target == REPLAY else ""
                message = f"step {name}: there is no step {way.target}{hint}"
                yield _finding(file, name, "no-such-step", message, path=way.path)

    def _names(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        if isinstance(step, GotoStep) and step.goto not in self.flows and not self._unread:
            yield _finding(file, name, "no-such-flow", f"step {name}: there is no flow {step.goto}", path=("goto",))
        if isinstance(step, QueueStep):
            yield from self._queue(file, name, step)
        ends = self._vocabulary.ends
        if isinstance(step, HangupStep) and ends is not None and step.hangup not in ends:
            message = f"step {name}: there is no end {step.hangup}; there are {_listed(ends)}"
            yield _finding(file, name, "unknown-value", message, path=("hangup",))
        if isinstance(step, DoStep):
            yield from self._action(file, name, step)

    def _queue(self, file: FlowFile, name: str, step: QueueStep) -> Iterator[Finding]:
        queues, kinds = self._vocabulary.queues, self._vocabulary.kinds
        if queues is not None and step.queue not in queues:
            yield _finding(file, name, "no-such-queue", f"step {name}: there is no queue {step.queue}", path=("queue",))
        if kinds is not None and step.matter is not None and step.matter not in kinds:
            message = f"step {name}: there is no kind {step.matter}; there are {_listed(kinds)}"
            yield _finding(file, name, "unknown-value", message, path=("kind",))
        if step.otherwise is None:
            message = f"step {name}: without otherwise, a closed or full queue ends the call"
            yield _finding(file, name, "no-otherwise", message, Severity.WARNING)

    def _never_started(self) -> Iterator[Finding]:
        """Find flows that no number, campaign or flow leads to."""
        if self._vocabulary.started is None or self._unread:
            return
        waiting, led_to = [*self._vocabulary.started], set[str]()
        while waiting:
            name = waiting.pop()
            if name in self.flows and name not in led_to:
                led_to.add(name)
                waiting += [step.goto for step in self.flows[name].steps.values() if isinstance(step, GotoStep)]
        for file in self._files:
            if _flow(file).name not in led_to:
                message = f"nothing leads to the flow {_flow(file).name}: no number, no campaign, no goto"
                line = file.lines.head.get("flow", 1)
                yield _finding(file, "", "unused-flow", message, Severity.WARNING, line=line)

    def _action(self, file: FlowFile, name: str, step: DoStep) -> Iterator[Finding]:
        action = self._vocabulary.actions.get(step.do)
        if action is None:
            yield _finding(file, name, "no-such-action", f"step {name}: there is no action {step.do}", path=("do",))
            return
        for argument in sorted(step.arguments.keys() - action.arguments):
            message = f"step {name}: the action {step.do} takes no {argument}"
            yield _finding(file, name, "unknown-argument", message, path=("with", argument))
        for argument in sorted(action.arguments - step.arguments.keys()):
            message = f"step {name}: the action {step.do} needs {argument}"
            yield _finding(file, name, "missing-argument", message, path=("do",))

    def _prompts(self, file: FlowFile, name: str, step: Step, flow: Flow) -> Iterator[Finding]:
        for use in step.prompts:
            for prompt in use.names:
                for language in _languages(use, flow):
                    yield from self._prompt(file, name, prompt, language)

    def _prompt(self, file: FlowFile, name: str, prompt: str, language: str) -> Iterator[Finding]:
        if not any(self._catalogue.has(prompt, other) for other in self._catalogue.texts):
            yield _finding(file, name, "no-such-prompt", f"step {name}: there is no prompt {prompt}")
            return
        if not self._catalogue.has(prompt, language):
            message = f"step {name}: the prompt {prompt} has no text in {language}"
            yield _finding(file, name, "no-such-prompt", message)
            return
        text = self._catalogue.texts.get(language, {}).get(prompt)
        if text is None:
            return
        for variable, _ in text.fields:
            if variable not in self._known and not self._unread:
                message = f"prompt {prompt}: nothing sets the variable {variable}"
                yield Finding(text.file, text.line, "unknown-variable", message)
        if text.fields and self._catalogue.is_recorded(prompt, language):
            message = f"prompt {prompt}: its recorded file wins, and says nothing of {text.fields[0][0]}"
            yield Finding(text.file, text.line, "hidden-variable", message, Severity.WARNING)

    def _variables(self, file: FlowFile, name: str, step: Step) -> Iterator[Finding]:
        for variable in sorted(step.reads - self._known):
            yield _finding(file, name, "unknown-variable", f"step {name}: nothing sets the variable {variable}")
        if isinstance(step, AskStep) and step.confirm is not None and step.save is not None:
            for language in _flow(file).languages:
                text = self._catalogue.texts.get(language, {}).get(step.confirm)
                if text is not None and step.save not in {variable for variable, _ in text.fields}:
                    message = f"prompt {step.confirm}: it is to read back {step.save}, and does not say it"
                    yield Finding(text.file, text.line, "no-read-back", message)


def _languages(use: PromptUse, flow: Flow) -> tuple[str, ...]:
    """The languages in which a prompt may be spoken."""
    if use.language is not None:
        return (use.language,)
    return (use.only,) if use.only is not None else flow.languages


def _flow(file: FlowFile) -> Flow:
    assert file.flow is not None, "only files that could be read are checked"
    return file.flow


def _finding(
    file: FlowFile,
    step: str,
    rule: str,
    message: str,
    severity: Severity = Severity.ERROR,
    *,
    path: tuple[str | int, ...] = (),
    line: int | None = None,
) -> Finding:
    where = line if line is not None else file.lines.of(step, *path) if step else 1
    return Finding(file.path.name, where, rule, message, severity)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
